"""Learned: commands about what a fit says of trials that it has not seen."""
