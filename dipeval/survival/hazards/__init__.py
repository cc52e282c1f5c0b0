"""Models of the hazard: Cox's, with its residuals and predictions, competing causes and repeated events."""
