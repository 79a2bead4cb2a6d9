"""Figures: one specification for page, SVG, PNG and test."""
