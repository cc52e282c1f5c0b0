"""What makes an estimate from a design joined to an outcome, and the error of each."""
