"""Officers' time: hours paid for and hours on the work, and at which hours people are tested and seen."""
