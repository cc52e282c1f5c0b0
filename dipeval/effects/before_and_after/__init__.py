"""Offending before and after, beside what would be seen without any effect."""
