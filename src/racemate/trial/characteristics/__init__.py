"""Characteristics: how often a design would succeed, err and miss, under each hypothesis, and how many people it takes."""
