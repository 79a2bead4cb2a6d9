"""Problems: what is solved, told once in symbols, and written for each solver in its own language."""
