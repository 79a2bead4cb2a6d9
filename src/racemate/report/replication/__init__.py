"""Replication: every trial of the evidence under every card, resumable, and one report of how observed and simulated agree."""
