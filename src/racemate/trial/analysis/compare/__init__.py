"""Compare: arms set against each other: by their changes, by shares, and by the time to an event."""
