"""Check: reports on whether the inference deserves belief, and on what a prediction hangs."""
