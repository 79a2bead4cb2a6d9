"""Compare: what the trials together say of the rival cards against each other, and how little that may be."""
