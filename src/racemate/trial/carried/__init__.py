"""Carried: who of a trial is carried through the chain, from when to when, and who follows whom."""
