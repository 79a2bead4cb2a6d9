"""Runs: what is simulated, what is written of it, and how it is repeated."""
