"""SBML: the chain under one card, with one person's numbers and one regimen, as a file that other simulators run."""
