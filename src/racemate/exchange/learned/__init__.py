"""Learned: fits, comparisons and sealed predictions as results that can be made again from what they left."""
