"""One batch of people carried through time: in calls of a compiled program, and read on the way."""
