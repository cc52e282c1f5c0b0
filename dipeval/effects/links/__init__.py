"""What wrong and missed links do to an effect."""
