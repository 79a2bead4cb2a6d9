"""The judges of an SBML file: libRoadRunner and COPASI run it; the engine's own trajectories stand beside theirs."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from locale import LC_ALL, setlocale

import numpy as np
from numpy.typing import NDArray

from racemate.chain import dose as dosing
from racemate.chain import whole
from racemate.exchange.sbml import ids
from racemate.exchange.sbml.export import Course, text, typical
from racemate.model import Model, bind
from racemate.readings.names import leaves
from racemate.simulate.grid import find
from racemate.simulate.plan import Condition, Dose, Plan, nasal_session
from racemate.simulate.solve import machine, solve
from racemate.simulate.step import reading_names
from racemate.simulate.timeline import timeline
from racemate.simulate.window.kinetics import TICK_H

Values = NDArray[np.float64]
AGREED = 1e-6
FLOOR = 1e-3
"""Share of a reading's largest value below which its difference counts against that share, not against itself."""
NOTHING = 1e-12
"""A reading that never exceeds this is not moved."""
RTOL, ATOL = 1e-10, 1e-12
"""Tolerances of the judges' solvers, so that their own error stays well under the 1e-6 they judge."""
TOLERANCE = 1e-8
"""Error that the engine allows to one window."""
STEPS = 100_000
TWICE_WEEKLY = tuple(float(24 * day) for day in (0, 3, 7, 10, 14, 17, 21, 24))
VISITS = np.array([0.5, 1, 3, 6, 24, 71, 73, 78, 167, 336.5, 503, 577, 672], dtype=float)
"""Hours of reading over 28 days, none at the moment of a dose."""


def mg(amount: float) -> Values:
    return np.array([amount])


def infused(_par: whole.Par) -> tuple[Dose, ...]:
    return tuple(Dose(t, "ketamine", "iv", mg(40.0), 2 / 3) for t in TWICE_WEEKLY)


def sprayed(par: whole.Par) -> tuple[Dose, ...]:
    return tuple(device for t in TWICE_WEEKLY for device in nasal_session(t, "esketamine", mg(84.0), par.dose))


def mixed(_par: whole.Par) -> tuple[Dose, ...]:
    """Every other way in, and every other drug."""
    return (
        Dose(0.0, "ketamine", "im", mg(40.0)),
        Dose(48.0, "naltrexone", "oral", mg(50.0)),
        Dose(72.0, "arketamine", "sc", mg(40.0)),
        Dose(120.0, "ketamine", "oral", mg(120.0)),
        Dose(168.0, "esketamine", "sublingual", mg(40.0)),
        Dose(240.0, "rapamycin", "oral", mg(6.0)),
        Dose(242.0, "ketamine", "iv", mg(40.0), 2 / 3),
        Dose(336.0, "buprenorphine", "sublingual", mg(2.0)),
        Dose(408.0, "methadone", "oral", mg(10.0)),
        Dose(450.0, "naltrexone", "xr", mg(380.0)),
        Dose(504.0, "midazolam", "iv", mg(3.0), 2 / 3),
        Dose(552.0, "midazolam", "oral", mg(3.0)),
    )


REGIMENS: dict[str, Callable[[whole.Par], tuple[Dose, ...]]] = {
    "8 infusions": infused,
    "8 nasal doses": sprayed,
    "mixed": mixed,
}


def course(card: str, regimen: str) -> Course:
    """The typical person under a card and a regimen of 28 days."""
    model = on_ticks(bind(card))
    return course_of(model, REGIMENS[regimen](typical(model)))


def course_of(model: Model, doses: tuple[Dose, ...], visits_h: Values = VISITS) -> Course:
    """The typical person of a model under doses of 28 days, with sessions, a context and a natural course."""
    par, one = typical(model), np.ones(1)
    end = float(VISITS[-1]) + 1.0
    held = (
        Condition(-24.0, end, "saline", one),
        Condition(0.0, end, "awake", one),
        *(Condition(t, t + 2.0, "session", one) for t in TWICE_WEEKLY),
    )
    plan = Plan(1, doses, held, visits_h, np.zeros(1))
    return Course(model, plan, par, par)


def on_ticks(model: Model) -> Model:
    """The same with durations of input on the engine's grid of ticks: rounding them is the engine's choice, not its error."""
    bound = dict(model.bound)
    for name in ("dose.t_swallowed", "dose.t_oral", "dose.t_sublingual", "dose.device_gap"):
        one = bound[name]
        bound[name] = replace(one, typical=round(float(one.typical) / TICK_H) * TICK_H)  # pyright: ignore[reportArgumentType]
    return Model(model.hypothesis, bound, model.evidence_hash)


@dataclass(frozen=True)
class Judged:
    """A course with its file, and what the engine says of it: readings by dotted name, each of shape (visits,)."""

    course: Course
    file: str
    ours: dict[str, Values]


@cache
def judged(card: str, regimen: str) -> Judged:
    return judge(course(card, regimen))


def judge(one: Course) -> Judged:
    return Judged(one, text(one), engine(one))


@cache
def everything() -> Plan:
    """Every drug by every way: with it beside a plan, one compiled program carries every course."""
    given = [Dose(0.0, drug, route, mg(1.0), 2 / 3) for drug in dosing.drugs() for route in dosing.routes(drug)]
    return Plan(1, tuple(given), (), VISITS, np.zeros(1))


def engine(one: Course) -> dict[str, Values]:
    built = machine(one.model, one.plan, everything())
    table = np.array([*leaves(one.par).values()], dtype=float)[:, None]
    cut = timeline(one.plan, built.layouts, one.model.unpack(table).dose, one.model.typical.dose)
    grid = find(built, table, cut, tolerance=TOLERANCE)
    reference = np.array(one.reference())[:, None]
    found = solve(built, one.model, table, reference, one.plan, grid, threads=1)
    return {name: values[:, 0] for name, values in found.readings.items()}


def roadrunner(one: Judged) -> dict[str, Values]:
    """Readings as libRoadRunner solves the file."""
    import roadrunner as rr

    rr.Logger.setLevel(rr.Logger.LOG_ERROR)
    runner = rr.RoadRunner(one.file)
    states = len(runner.model.getFloatingSpeciesIds()) + len(runner.getRateRuleIds())
    runner.integrator.relative_tolerance = RTOL
    # One number for all states would be multiplied by what each holds at the last event, so that a compartment that has emptied to
    # 1e-90 mg and fills again would be held to 1e-102 mg; one number per state is taken as it is.
    runner.integrator.absolute_tolerance = [ATOL] * states
    runner.integrator.maximum_num_steps = STEPS
    names = reading_names()
    runner.timeCourseSelections = ["time", *map(ids.plain, names)]
    found = np.array(runner.simulate(times=[0.0, *_hours(one)]))[1:, 1:]
    return dict(zip(names, found.T, strict=True))


def copasi(one: Judged) -> dict[str, Values]:
    """Readings as COPASI solves the file.  Raises RuntimeError where it stops early, which it says on the screen only."""
    with _locale_kept():
        import basico

        model = basico.load_model_from_string(one.file)
    try:
        table = basico.run_time_course(
            values=[0.0, *_hours(one)], r_tol=RTOL, a_tol=ATOL, max_steps=STEPS, use_sbml_id=True, model=model
        )
    finally:
        basico.remove_datamodel(model)
    if len(table) <= len(_hours(one)):
        raise RuntimeError(f"COPASI: stops at {table.index[-1]:.6g} h")
    return {name: table[ids.plain(name)].to_numpy(dtype=float)[1:] for name in reading_names()}


@contextmanager
def _locale_kept() -> Iterator[None]:
    """COPASI sets the C locale for the whole process, and every text file that is opened afterwards would be read as ASCII."""
    before = setlocale(LC_ALL)
    try:
        yield
    finally:
        setlocale(LC_ALL, before)


def _hours(one: Judged) -> list[float]:
    return [float(t - one.course.plan.start_h) for t in one.course.plan.visits_h]


Solver = Callable[[Judged], dict[str, Values]]
JUDGES: dict[str, Solver] = {"libRoadRunner": roadrunner, "COPASI": copasi}
MODULES = {"libRoadRunner": "roadrunner", "COPASI": "basico"}
PACKAGES = {"libRoadRunner": "libroadrunner", "COPASI": "python-copasi"}
GROUPS = {"plasma": "plasma.", "occupancy": "occupancy.", "plasticity": "state.plasticity.", "madrs": "score.madrs"}
FIGURES = ("readings", "furthest", "apart", *GROUPS)
"""What `measured` finds."""


def apart(ours: dict[str, Values], theirs: dict[str, Values]) -> dict[str, float]:
    """Largest relative difference of every reading that moves; infinite where only one of the two moves it."""
    found: dict[str, float] = {}
    for name, values in ours.items():
        scale = np.abs(values).max()
        if scale < NOTHING:
            found[name] = 0.0 if np.abs(theirs[name]).max() < NOTHING else np.inf
            continue
        found[name] = float((np.abs(theirs[name] - values) / np.maximum(np.abs(values), FLOOR * scale)).max())
    return found


def measured(one: Judged, solve: Solver) -> tuple[object, ...]:
    """Number of readings, the one furthest apart, and the largest difference of all and of each group; empty for a judge that stops."""
    try:
        found = apart(one.ours, solve(one))
    except RuntimeError as stopped:
        return 0, str(stopped).partition(":")[2].partition(":")[0].strip(), *[""] * (len(GROUPS) + 1)
    furthest = max(found, key=lambda name: found[name])
    groups = (max(d for name, d in found.items() if name.startswith(start)) for start in GROUPS.values())
    return len(found), furthest, *(f"{d:.1e}" for d in (found[furthest], *groups))
