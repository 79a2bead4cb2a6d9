"""Hold-out: trials that no fit has seen, predicted without their outcomes, and the predictions sealed before anyone scores them."""
