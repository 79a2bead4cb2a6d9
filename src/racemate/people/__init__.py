"""People: virtual patients, one stream of random numbers each."""
