"""Likelihood: published rows as targets, the chain's answer to each, and how far the two lie apart."""
