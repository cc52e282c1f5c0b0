"""Example study files: two on public data, two on simulated records, and the commented template."""
