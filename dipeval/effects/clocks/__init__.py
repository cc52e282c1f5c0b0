"""Which days count: calendar days or days at liberty, and the days before treatment starts."""
