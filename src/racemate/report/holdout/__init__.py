"""Hold-out: virtual trials that predict what no fit has seen, and how near the sealed predictions came."""
