"""CDISC: a virtual trial in the shape of analysis data sets (ADaM), every one of them marked as simulated."""
