"""Counting indicators on the engine: units by district and period, then shares and rates with their intervals."""
