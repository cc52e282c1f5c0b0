"""Several outcomes, and several parts of the people: corrections for their number, tests of interaction."""
