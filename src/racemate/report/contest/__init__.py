"""Contest: the comparison of the cards as a person reads it."""
