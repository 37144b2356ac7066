"""Signals of a sound track: loudness, bands, onsets and beats."""
