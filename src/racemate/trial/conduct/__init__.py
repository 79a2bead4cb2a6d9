"""Conduct: people enrolled, treated and rated as a protocol says."""
