"""Changed: what the evidence for a card would be without a trial, with other priors or without numbers in doubt, without fitting again."""
