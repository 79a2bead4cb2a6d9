"""Measure: how times are taken, made equal in error, and compared."""
