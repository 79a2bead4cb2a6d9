"""One window of time: how it is solved."""
