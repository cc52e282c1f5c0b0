"""Beside one answer: what an offence averted would have to be worth, and several programmes on one scale."""
