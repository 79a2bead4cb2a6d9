"""Parts: the questions that the benchmarks answer; each gives plain data that goes to the results as it is."""
