"""The terms of an objective, one module each."""
