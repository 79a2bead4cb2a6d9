"""Asking for help costs no engine."""

import subprocess
import sys

import pytest

HEAVY = ("jax", "sympy", "pint", "pandas", "xarray", "altair", "scipy", "vl_convert", "pyarrow")

ASK = """
import sys
from racemate.cli import main
sys.argv = ["racemate", *{arguments!r}]
try:
    main()
except SystemExit as done:
    assert not done.code, done.code
print("LOADED", *sorted(set(sys.modules) & set({heavy!r})))
"""


@pytest.mark.parametrize("arguments", [["--help"], ["replicate", "--help"], ["--version"]], ids=" ".join)
def test_help_imports_no_engine(arguments: list[str]) -> None:
    script = ASK.format(arguments=arguments, heavy=HEAVY)
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines()[-1] == "LOADED", run.stdout.splitlines()[-1]


def test_importing_the_package_imports_no_engine() -> None:
    script = f"import sys, racemate; print(*sorted(set(sys.modules) & set({HEAVY!r})))"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == ""
