"""Learned: commands about what trials teach the cards, and what a fit says of trials that it has not seen."""
