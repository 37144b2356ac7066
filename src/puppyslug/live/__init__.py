"""Live dreams: frames of a camera in, dreamt frames out, at the rate that the machine can keep."""
