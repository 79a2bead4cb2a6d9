"""Peers: each solver as its own users would call it; one module `with_...` each, imported in a process of its own.

A module holds ``LIBRARY`` (the distribution whose version is reported), ``METHOD`` and a class ``Solver(problem)`` with
``solve(first, last, tolerance, cores)``, which gives states (people, times, states) of people ``first`` to ``last``.
"""

PEERS = ("numbalsoda", "diffrax", "libroadrunner", "copasi", "amici", "scipy")
"""Every solver that racemate is compared with, by module; the one called ``racemate`` stands beside them."""
