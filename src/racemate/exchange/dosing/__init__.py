"""Dosing: event tables as NONMEM, rxode2 and mrgsolve know them, in and out."""
