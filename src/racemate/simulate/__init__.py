"""Simulate: what would happen to one person or to a million."""
