"""Weights files: located, downloaded, verified, read and loaded into an architecture."""
