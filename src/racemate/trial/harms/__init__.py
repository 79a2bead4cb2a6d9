"""Harms: events that the chain does not make, as hazards from counts of people in trials."""
