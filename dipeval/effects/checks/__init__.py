"""Outcomes that treatment cannot have changed, and the answer under every design of a grid."""
