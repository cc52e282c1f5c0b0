"""Sharing a budget among districts by measures of need, and how much each share rests on the weights."""
