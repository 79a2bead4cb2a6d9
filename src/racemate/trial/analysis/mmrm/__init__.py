"""MMRM: the mixed model for repeated measures of trial reports, for one data frame or for all replicates of a virtual trial at once."""
