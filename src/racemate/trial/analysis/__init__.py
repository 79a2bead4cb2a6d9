"""Analysis: the statistics of trial reports, and the questions they answer."""
