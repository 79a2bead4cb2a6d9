"""PEtab: what of the calibration a PEtab 2 problem can state: arms as experiments, printed means as measurements, beliefs as priors."""
