"""The command line: thin doors to the package, loaded one at a time so that asking for help costs nothing.

Data go to standard output, messages to standard error.  Exit codes: 0 done, 1 failed, 2 refused input, 130 interrupted.
"""

import os
import sys
from collections.abc import Sequence
from importlib.metadata import version

from cyclopts import App, CycloptsError

from racemate.cli.talk.refusal import mishaps, refusals

# Matrices here are small.  The threads of a library of linear algebra wait for each other longer than they compute: with one, the gradient
# of a fit is found three times sooner.  Said before numpy is imported; what the user has set stands.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

HELP = """From dose to mood: simulate ketamine, esketamine and arketamine in depression under rival mechanisms.

Research and teaching software. It gives no dosing advice and is not for diagnosis or treatment decisions.
"""

app = App(
    name="racemate",
    help=HELP,
    help_format="plaintext",
    version=lambda: version("racemate"),
    result_action="return_value",
    suppress_keyboard_interrupt=False,
)
"""Commands by name; each is imported when it is asked for."""

_COMMANDS = {
    "replicate": ("racemate.cli.runs:replicate", "Run a trial on virtual patients under rival mechanisms."),
    "power": ("racemate.cli.power:power", "Ask how often a design succeeds and errs, and how many people it takes."),
    "simulate": (
        "racemate.cli.runs:simulate",
        "Give a drug to virtual people and follow concentration, receptors and mood.",
    ),
    "dose": ("racemate.cli.exchange:dose", "Dose virtual people as a NONMEM-style event table says."),
    "export": ("racemate.cli.exchange:export", "Write a virtual trial as CDISC-shaped data sets."),
    "export-sbml": (
        "racemate.cli.sbml:export_sbml",
        "Write a card, a person and a regimen as SBML for other simulators.",
    ),
    "export-petab": (
        "racemate.cli.sbml:export_petab",
        "Write the calibration of a card as a PEtab problem for other programs that fit.",
    ),
    "safety": ("racemate.cli.exchange:safety", "Side effects of a virtual trial, session by session, beside benefit."),
    "fit": ("racemate.cli.learned.fit:fit", "Fit cards to all calibration trials: posterior and marginal likelihood."),
    "calibration": (
        "racemate.cli.learned.calibration:calibration",
        "Test the inference on simulated evidence: are truths ranked uniformly?",
    ),
    "learned": (
        "racemate.cli.learned.learned:learned",
        "What fits taught and could not separate, and what they predict beside the numbers.",
    ),
    "sensitivity": (
        "racemate.cli.learned.sensitivity:sensitivity",
        "On which parameters the day-1 and day-28 change hangs (Sobol indices).",
    ),
    "predict": (
        "racemate.cli.learned.predict:predict",
        "Predict trials that no fit has seen, seal that, then score it.",
    ),
    "compare": (
        "racemate.cli.learned.compare:compare",
        "Hold the cards against each other: evidence, left-out trials, odds.",
    ),
    "rerun": ("racemate.cli.runs:rerun", "Make a result again from what it left."),
    "cite": ("racemate.cli.known:cite", "List the sources that a run touched."),
    "trials": ("racemate.cli.known:trials", "List the trials, or show one."),
    "evidence": ("racemate.cli.numbers:evidence", "Search the numbers, or show one with every claim about it."),
    "hypotheses": ("racemate.cli.known:hypotheses", "List the cards, or show one."),
    "claims": ("racemate.cli.ledger:claims", "Rule on published assertions, each with the number that decides it."),
    "check": ("racemate.cli.known:check", "Check every number, source, trial and card."),
    "bench": ("racemate.cli.bench:bench", "Time racemate, and other solvers where installed, on this machine."),
    "doctor": ("racemate.cli.doctor:doctor", "Say what this installation is made of and whether it works."),
}
for _name, (_place, _help) in _COMMANDS.items():
    app.command(_place, name=_name, help=_help)
app.register_install_completion_command()


_INTERRUPTED = 130


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code.  An unexpected exception is not caught."""
    try:
        done = app(arguments, exit_on_error=False, print_error=False)
    except CycloptsError as error:
        return _say(str(error), 2)
    except KeyboardInterrupt:
        return _say("interrupted; nothing was written", _INTERRUPTED)
    except BrokenPipeError:
        sys.stdout = None
        return 0
    except Exception as error:
        if isinstance(error, refusals()):
            return _say(str(error), 2)
        if isinstance(error, mishaps()):
            return _say(str(error), 1)
        raise
    return done if isinstance(done, int) else 0


def main() -> None:
    """Entry point of the `racemate` command."""
    code = run()
    if code == _INTERRUPTED:
        # Python would wait for threads that still calculate, and would forget the code where a library was being imported.
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


def _say(text: str, code: int) -> int:
    for line in text.splitlines():
        print(f"racemate: {line}", file=sys.stderr)
    return code
