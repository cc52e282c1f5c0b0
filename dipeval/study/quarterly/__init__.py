"""The quarterly report of a commissioner: a study file of its own kind, without a comparison group."""
