"""Trial: what we would see if a published or planned protocol were carried out on virtual patients."""
