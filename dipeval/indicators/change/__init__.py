"""Change over time: run and control charts, seasonality, and denominators that move."""
