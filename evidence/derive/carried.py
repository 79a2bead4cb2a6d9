"""Derive what people carry from session to session, and how the background of placebo arms fades (`evidence/safety/carried.toml`).

Sessions of one person are tied by one normal factor.  The tie follows from a share per session, or of people in the first week, and a share
of people over many sessions.  The fading follows from counts on placebo spray in four weeks against months of maintenance, all events
together, by maximum likelihood.  Run it to print the numbers.
"""

import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import brentq, minimize_scalar
from scipy.special import expit, logit

from racemate.evidence.library import library
from racemate.trial.harms.background import SPAN_WEEKS
from racemate.trial.harms.counts import COUNTED, count, log_hazard
from racemate.trial.harms.propensity import ever, per_session
from racemate.trial.harms.reported import EVENTS, NAUSEA

RECORD = Path(__file__).with_suffix(".toml")
AGAIN = ("dizziness", "dissociation", "nausea")
"""Events with a share in the first week and over the whole of SUSTAIN-2."""
WITHDRAWN = ("sustain-1", "placebo + antidepressant")
LABEL_SESSIONS = 8
_PERCENT = 100.0
_RANGE95 = 1.96


def read(path: Path = RECORD) -> dict[str, Any]:
    """What is assumed or recalled beside the printed shares."""
    return tomllib.loads(path.read_text())


def tie(few: float, sessions: float, many: float, more: float) -> float:
    """Correlation at which a share of people ``few`` in some sessions makes ``many`` in ``more`` of them."""

    def excess(rho: float) -> float:
        return float(ever(per_session(few, rho, sessions), rho, more)) - many

    return float(np.asarray(brentq(excess, 1e-3, 0.99)))


def of_alertness(record: Mapping[str, Any]) -> float:
    """Tie of loss of alertness, from the REMS programme's shares of sessions and of people."""
    return tie(_anchor("sedation-rems-sessions"), 1, _anchor("sedation-rems-people"), record["rems"]["sessions"])


def of_events(record: Mapping[str, Any]) -> dict[str, float]:
    """Tie of each adverse event, from the first week and the whole of SUSTAIN-2."""
    rows = {row.outcome: row.value for row in library().trial("sustain-2").observations if row.statistic == "share"}
    first, whole = record["first_week"]["sessions"], record["sustain_2"]["sessions"]
    return {event: tie(_anchor(f"week-1-{event}"), first, rows[event] / _PERCENT, whole) for event in AGAIN}


def fading(record: Mapping[str, Any]) -> tuple[float, float, float]:
    """Power of time of the background, and the ends of its 95 % likelihood interval with the counts' overdispersion."""
    start = record["sustain_1"]["start"] / SPAN_WEEKS
    end = start + record["sustain_1"]["weeks"] / SPAN_WEEKS
    trial, arm = WITHDRAWN
    later = {
        row.outcome: row for row in library().trial(trial).observations if row.arm == arm and row.statistic == "share"
    }
    four_weeks = {event: _placebo(event) for event in (*EVENTS, NAUSEA) if event in later}
    had = np.array([later[event].count or 0 for event in four_weeks], dtype=float)
    people = np.array([later[event].n or 0 for event in four_weeks], dtype=float)
    load = np.array(list(four_weeks.values()))

    def surprise(power: float) -> float:
        expected = people * -np.expm1(-load * (end**power - start**power))
        return float((expected - had * np.log(expected)).sum())

    found: Any = minimize_scalar(surprise, bounds=(0.02, 2), method="bounded")
    best = float(found.x)
    expected = people * -np.expm1(-load * (end**best - start**best))
    over = float(((had - expected) ** 2 / expected).sum() / (len(had) - 1))
    step = 1e-3
    bend = (surprise(best + step) - 2 * surprise(best) + surprise(best - step)) / step**2
    se = float(np.sqrt(over / bend))
    return best, best - _RANGE95 * se, best + _RANGE95 * se


def chances(record: Mapping[str, Any]) -> dict[str, float]:
    """Chance of a session with drug from shares of people: nausea in the first week, and loss of alertness in four (label)."""
    power, ties = fading(record)[0], of_events(record)
    usual = float(expit(np.mean(logit(list(ties.values())))))
    week = -np.expm1(-_placebo(NAUSEA) * (1 / SPAN_WEEKS) ** power)
    nausea = per_session(_anchor("week-1-nausea"), usual, record["first_week"]["sessions"], week)
    label, placebo = _anchor("sedation-label"), _anchor("sedation-label-placebo")
    return {
        "nausea": float(nausea),
        "alertness": float(per_session(label, of_alertness(record), LABEL_SESSIONS, placebo)),
    }


def _anchor(name: str) -> float:
    return float(library().anchor(name).value) / _PERCENT


def _placebo(event: str) -> float:
    """Cumulative hazard on placebo spray over the counted trials together, after four weeks."""
    told = [count(trial, event, placebo) for trial, (_, placebo) in COUNTED.items()]
    return float(np.exp(log_hazard(sum(had for had, _ in told), sum(n for _, n in told))[0]))


if __name__ == "__main__":
    known = read()
    ties = of_events(known)
    sys.stdout.write(f"within-person-sedation = {of_alertness(known):.3f}\n")
    sys.stdout.write(f"within-person-event = {expit(np.mean(logit(list(ties.values())))):.3f}   {ties}\n")
    sys.stdout.write("background-fading = {:.3f} ({:.3f} to {:.3f})\n".format(*fading(known)))
    for name, value in chances(known).items():
        sys.stdout.write(f"chance of a session, {name} = {value:.4f}\n")
