"""Benchmarks: how fast racemate is, and beside it every other solver that is installed, at equal error."""
