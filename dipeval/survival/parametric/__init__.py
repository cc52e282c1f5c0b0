"""Models in which the clock has a distribution: accelerated failure times, split populations, discrete time, rates."""
