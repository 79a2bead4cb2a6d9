"""Crowd: a trial of any number of people, of whom only counts are kept."""
