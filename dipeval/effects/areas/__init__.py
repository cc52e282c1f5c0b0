"""What happened in areas that took a programme up at different times."""
