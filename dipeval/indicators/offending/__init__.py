"""The link between drugs and offences over time, and how far offences and tests are those of few people."""
