"""Tests of equal curves."""
