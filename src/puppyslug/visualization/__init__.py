"""Feature visualisation: portraits, whose parameters are Fourier coefficients, and atlases."""
