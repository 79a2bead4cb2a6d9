"""`python -m racemate` is the `racemate` command."""

from racemate.cli import main

main()
