"""Images as spectra: pictures whose unknown is a set of Fourier coefficients."""
