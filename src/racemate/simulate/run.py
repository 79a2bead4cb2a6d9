"""Run: a cohort through a plan, from the pilot's grid to the readings; and the reference dose that scales every hypothesis.

The drug part of severity is written relative to 24 h after the reference dose in the typical person *under the same hypothesis and
parameters*, so each replicate's typical person is run through that dose first.
"""

from collections.abc import Iterable
from dataclasses import replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from racemate.evidence.library import library
from racemate.hypothesis import all_names
from racemate.model import Model, bind
from racemate.people.cohort import Cohort, draw
from racemate.people.population import Population
from racemate.simulate.check.memory import allow, estimate
from racemate.simulate.grid import TOLERANCE, Grid, find
from racemate.simulate.kept import recall, remember
from racemate.simulate.plan import Dose, Plan
from racemate.simulate.share import followed
from racemate.simulate.solve import LANES, Progress, in_full, machine, solve
from racemate.simulate.step import Machine, Precision, reading_names
from racemate.simulate.timeline import timeline
from racemate.simulate.trajectory import Trajectory
from racemate.units import convert

Array = NDArray[np.float64]
_PILOT_SEED = 20260301
"""The pilot cohort is the same for everybody, whatever seed a user asks for."""
_WIDER = 1.3
COARSE = 1e-4
"""The tightest tolerance that float32 can be held to: what it rounds away is of that order."""


def run(
    cohort: Cohort,
    plan: Plan,
    keep: Iterable[str] | None = None,
    progress: Progress | None = None,
    threads: int | None = None,
    tolerance: float = TOLERANCE,
    *,
    leader: NDArray[np.integer] | None = None,
    precision: Precision = "float64",
) -> Trajectory:
    """Readings of a cohort at the visits of a plan.

    ``keep`` names the readings wanted (`racemate.simulate.step.reading_names`; default all), ``tolerance`` is the error allowed to one
    window.  ``leader`` of shape (people,) names, for each person, whose course through body, brain and hope is used (a leader leads
    itself): only leaders are solved, and who follows keeps an own baseline, responsiveness, natural course, context and scores
    (`racemate.simulate.share`).  With ``precision`` "float32" laws and solves inside a window have half the digits, which takes a quarter
    less time and is allowed from a tolerance of `COARSE` on.  Raises ValueError when plan and cohort differ in size, somebody cannot
    follow or the tolerance is too tight, EvidenceError when this machine has not the memory, FloatingPointError when a state is not finite.
    """
    if precision == "float32" and tolerance < COARSE:
        raise ValueError(f"tolerance: found {tolerance:g}, allowed: at least {COARSE:g} with float32")
    keep = None if keep is None else tuple(keep)
    if plan.people != cohort.people:
        raise ValueError(f"plan: found {plan.people} people, allowed: the cohort's {cohort.people}")
    allow("run", plan.people, needed(cohort, plan, keep, threads), "fewer people, visits or readings")
    follows = None if leader is None else followed(leader, cohort, plan)
    built = machine(cohort.model, plan, precision=precision)
    scaled = reference(cohort, machine(cohort.model, reference_plan(1)), threads)
    grid = pilot_grid(built, cohort.model, plan, tolerance)
    return solve(built, cohort.model, cohort.table, scaled, plan, grid, keep, progress, threads, follows)


def needed(cohort: Cohort, plan: Plan, keep: Iterable[str] | None = None, threads: int | None = None) -> int:
    """Bytes that a run of drawn people needs about, beside what holds the cohort and the plan already."""
    read = len(reading_names() if keep is None else tuple(keep)) * len(plan.visits_h)
    return estimate(plan.people, len(cohort.table) + read, threads)


def reference(cohort: Cohort, built: Machine, threads: int | None = None) -> Array:
    """Filtered strength and number (2, people) after the reference dose in the typical person of each person's replicate."""
    _, first, back = np.unique(cohort.replicate, return_index=True, return_inverse=True)
    table = np.ascontiguousarray(cohort.population[:, first])
    grid = pilot_grid(built, cohort.model, reference_plan(1), TOLERANCE)
    key = (built, grid, table.tobytes()) if len(first) <= LANES else None
    found = None if key is None else _REFERENCES.get(key)
    if found is None:
        found = _referred(built, cohort.model, table, grid, threads)
        if key is not None:
            if len(_REFERENCES) >= _REMEMBERED:
                _REFERENCES.pop(next(iter(_REFERENCES)), None)
            _REFERENCES[key] = found
    return found[:, back]


_REFERENCES: dict[tuple[Machine, Grid, bytes], Array] = {}
_REMEMBERED = 32
"""Small cohorts whose reference dose is remembered, so that a curve drawn again and again is run once."""


def _referred(built: Machine, model: Model, table: Array, grid: Grid, threads: int | None) -> Array:
    """Filtered strength and number (2, people) after the reference dose for a table of parameters (rows, people)."""
    people = table.shape[1]
    names = ("state.severity.fast", "state.severity.number")
    ones = np.ones((2, people))
    seen = solve(built, model, table, ones, reference_plan(people), grid, names, None, threads)
    return np.stack([seen[name][-1] for name in names])


def reference_plan(people: int) -> Plan:
    """The reference dose: racemic ketamine by vein, read at the reference time (evidence ``people.reference_*``)."""
    known = library()

    def value(name: str, unit: str) -> float:
        parameter = known.parameter(f"people.reference_{name}")
        return convert(float(parameter.claims[0].value), parameter.unit, unit)  # pyright: ignore[reportArgumentType] a scalar

    amount = np.full(people, value("dose", "mg/kg") * value("weight", "kg"))
    infusion = Dose(0.0, "ketamine", "iv", amount, value("duration", "h"))
    return Plan(people, (infusion,), (), np.array([value("time", "h")]), np.zeros(people))


def pilot_grid(built: Machine, model: Model, plan: Plan, tolerance: float) -> Grid:
    """Grid of a plan, found once for people of every shipped hypothesis, and of ``model`` if it is a card of the user's own."""
    own = "" if model.hypothesis.name in all_names() else model.hypothesis.model_dump_json()
    key = (repr(built.layouts), _signature(plan), own, tolerance, built.precision)
    if key not in _GRIDS:
        found = recall(key)
        if found is None:
            found = _find(built, model, plan, tolerance, bool(own))
            remember(key, found)
        _GRIDS[key] = found
    return _GRIDS[key]


_GRIDS: dict[tuple[str, str, str, float, str], Grid] = {}


def _find(built: Machine, model: Model, plan: Plan, tolerance: float, custom: bool) -> Grid:
    table = _pilot_people()
    if custom:
        table = np.concatenate(
            [draw(model, _PILOT_SEED, np.arange(LANES // 2), np.arange(LANES // 2), widen=_WIDER).table, table], axis=1
        )[:, :LANES]
    pilot = _pilot_plan(plan)
    cut = timeline(pilot, built.layouts, model.unpack(table).dose, model.typical.dose)
    return find(built, table, cut, tolerance, in_full(built))


@cache
def _pilot_people() -> Array:
    """Individual parameters (rows, LANES) of people of every shipped hypothesis, each from a replicate of its own, drawn wide."""
    names = all_names()
    people = Population.typical(asian_share=0.5, japanese_share=0.25)
    ids = np.arange(LANES)
    tables = [draw(bind(name), _PILOT_SEED, ids, ids, people, widen=_WIDER).table for name in names]
    return np.stack([tables[k % len(names)][:, k] for k in range(LANES)], axis=1)


def _pilot_plan(plan: Plan) -> Plan:
    """The plan for a pilot: everybody gets the largest amount of every dose, every condition, and the earliest antidepressant."""

    def all_of(value: float) -> Array:
        return np.full(LANES, _rounded(value))

    return replace(
        plan,
        people=LANES,
        doses=tuple(replace(dose, amount_mg=all_of(dose.largest_mg)) for dose in plan.doses),
        conditions=tuple(replace(condition, value=all_of(condition.largest)) for condition in plan.conditions),
        antidepressant_start_h=np.full(LANES, plan.antidepressant_start_h.min()),
        asked_h=None,
    )


def _signature(plan: Plan) -> str:
    """What a grid depends on; amounts are rounded up to the next power of two, so that it rarely depends on who takes part."""
    doses = [(d.time_h, d.drug, d.route, d.duration_h, d.later, _rounded(d.largest_mg)) for d in plan.doses]
    conditions = [(c.start_h, c.end_h, c.name, *([c.most] if c.most else [])) for c in plan.conditions]
    return repr((doses, conditions, plan.visits_h.tolist(), plan.stops))


def _rounded(amount: float) -> float:
    return 2.0 ** np.ceil(np.log2(amount)) if amount > 0 else 0.0
