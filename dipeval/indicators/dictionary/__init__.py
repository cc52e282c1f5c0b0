"""What each indicator is: its numerator and denominator in words, how it is counted, which direction is wanted."""
