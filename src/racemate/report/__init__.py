"""Report: figures, cards and tables that a reader takes away."""
