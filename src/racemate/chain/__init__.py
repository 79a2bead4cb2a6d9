"""The causal chain: equations, no numbers.  Read the files in causal order, laws first and whole last."""
