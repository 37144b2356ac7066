"""Benchmark of every network, in relation to the peak speed of this machine's convolutions."""
