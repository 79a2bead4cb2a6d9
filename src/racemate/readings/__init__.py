"""Readings: one equation source, read four ways (run, understood, checked, solved again); none of them holds an equation."""
