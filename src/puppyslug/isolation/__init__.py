"""Isolation from what callers set for the whole process, such as torch's default dtype."""
