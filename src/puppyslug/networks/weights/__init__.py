"""Weights: found, downloaded, cached, read without running code, checked."""
