"""Categorical: shares, their differences, and tables of two arms by outcome, with and without strata."""
