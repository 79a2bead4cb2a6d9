"""One window of time: transition matrices of any length for the drugs, collocation for the slow states."""
