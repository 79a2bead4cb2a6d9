"""Targets: the published numbers that a fit may look at, and why every other one is left out."""
