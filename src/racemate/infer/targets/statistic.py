"""Statistic: the words of trial reports that a target may have."""

MEANS = ("observed-change", "ls-change", "observed-mean", "ls-mean", "locf-change", "locf-mean")
"""Means of one arm, the one to keep first."""
SHARES = ("response", "remission")
CONTRASTS = ("ls-difference", "difference", "effect-size")
RELAPSE = "relapse"
