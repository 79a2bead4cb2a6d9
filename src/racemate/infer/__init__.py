"""Infer: what follows from all the trials at once: the posterior of every card, and how well the card explains them."""
