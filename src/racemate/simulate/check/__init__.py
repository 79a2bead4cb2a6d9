"""Check: before a run, whether its memory is there; after it, how well every person was solved."""
