"""What a contract that pays by results pays, and how much of it is chance."""
