"""Characteristics: the operating characteristics of a design as a run: tables, a curve and a manifest."""
