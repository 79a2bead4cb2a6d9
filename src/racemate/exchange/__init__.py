"""Exchange: virtual people and their data in the shapes that other software reads and writes."""
