"""Which offences were averted, and whether a few people carry the answer."""
