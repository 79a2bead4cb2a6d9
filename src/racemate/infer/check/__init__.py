"""Check: whether the inference deserves belief: its ranks on simulated evidence, what it learned, what it predicts, what moves a prediction."""
