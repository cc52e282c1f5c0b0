"""Districts beside each other: funnel plots with exact limits, case mix, and never a league table."""
