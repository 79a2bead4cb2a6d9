"""scipy judges the engine: two solvers that share the chain's equations and nothing else, at 1e-6, for every card."""

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest

from racemate.chain import whole
from racemate.hypothesis import all_names
from racemate.model import Model, bind
from racemate.readings import independent
from racemate.simulate.grid import find
from racemate.simulate.plan import Condition, Dose, Plan, nasal_session
from racemate.simulate.solve import machine, solve
from racemate.simulate.timeline import timeline
from racemate.simulate.window.kinetics import TICK_H

AGREED = 1e-6
FLOOR = 1e-3
"""Share of a state's largest value below which its difference counts against that share, not against itself."""

TWICE_WEEKLY = tuple(float(24 * day) for day in (0, 3, 7, 10, 14, 17, 21, 24))
VISITS = np.array([0.5, 1, 2, 4, 24, 72, 74, 168, 336, 504, 577, 672], dtype=float)


def planned(doses: tuple[Dose, ...], sessions: tuple[float, ...] = TWICE_WEEKLY, visits: np.ndarray = VISITS) -> Plan:
    one = np.ones(1)
    held = (
        Condition(0.0, float(visits[-1]), "awake", one),
        Condition(0.0, float(visits[-1]), "saline", one),
        *(Condition(t, t + 2.0, "session", one) for t in sessions),
    )
    return Plan(1, doses, held, visits, np.zeros(1))


def mg(amount: float) -> np.ndarray:
    return np.array([amount])


def infusions() -> tuple[Dose, ...]:
    return tuple(Dose(t, "ketamine", "iv", mg(40.0), 2 / 3) for t in TWICE_WEEKLY)


def nasal(par: whole.Par) -> tuple[Dose, ...]:
    return tuple(device for t in TWICE_WEEKLY for device in nasal_session(t, "esketamine", mg(84.0), par.dose))


def oral(_par: whole.Par) -> tuple[Dose, ...]:
    return tuple(Dose(t, "ketamine", "oral", mg(120.0)) for t in TWICE_WEEKLY)


def with_naltrexone(_par: whole.Par) -> tuple[Dose, ...]:
    tablets = tuple(Dose(t, "naltrexone", "oral", mg(50.0)) for t in (0.0, 72.0))
    depot = (Dose(168.0, "naltrexone", "xr", mg(380.0)),)
    later = tuple(Dose(t + 1.0, "ketamine", "iv", mg(40.0), 2 / 3) for t in TWICE_WEEKLY)
    return (*tablets, *depot, *later)


def all_by_other_routes(_par: whole.Par) -> tuple[Dose, ...]:
    return (
        Dose(0.0, "ketamine", "im", mg(40.0)),
        Dose(72.0, "arketamine", "sc", mg(40.0)),
        Dose(168.0, "esketamine", "sublingual", mg(40.0)),
        Dose(240.0, "rapamycin", "oral", mg(6.0)),
        Dose(242.0, "ketamine", "iv", mg(40.0), 2 / 3),
        Dose(336.0, "buprenorphine", "sublingual", mg(2.0)),
        Dose(408.0, "methadone", "oral", mg(10.0)),
        Dose(504.0, "midazolam", "iv", mg(3.0), 2 / 3),
    )


PLANS: dict[str, Callable[[whole.Par], tuple[Dose, ...]]] = {
    "nasal": nasal,
    "oral": oral,
    "naltrexone and infusion": with_naltrexone,
    "other routes and drugs": all_by_other_routes,
}


def on_ticks(model: Model) -> Model:
    """The same model with durations of input on the engine's grid of ticks: rounding them is the engine's choice, not its error."""
    bound = dict(model.bound)
    for name in ("dose.t_swallowed", "dose.t_oral", "dose.t_sublingual", "dose.device_gap"):
        one = bound[name]
        bound[name] = type(one)(one.name, one.unit, round(float(one.typical) / TICK_H) * TICK_H)  # pyright: ignore[reportArgumentType]
    return Model(model.hypothesis, bound, model.evidence_hash)


@cache
def bound_to(card: str) -> Model:
    return on_ticks(bind(card))


def engine(model: Model, plan: Plan) -> dict[str, np.ndarray]:
    built = machine(model, plan)
    table = model.table({}, 1)
    cut = timeline(plan, built.layouts, model.unpack(table).dose, model.typical.dose)
    grid = find(built, table, cut, tolerance=1e-8)
    found = solve(built, model, table, np.ones((2, 1)), plan, grid, threads=1)
    return {name: values[:, 0] for name, values in found.readings.items()}


def compare(model: Model, plan: Plan) -> dict[str, float]:
    """Largest relative difference of every exposure and slow state over the visits."""
    fast, judge = engine(model, plan), independent.solve(model.typical, plan)
    wanted = {f"exposure.{name}": v for name, v in judge.exposure.items()}
    wanted |= {f"state.{name}": v for name, v in judge.slow.items()}
    apart: dict[str, float] = {}
    for name, values in wanted.items():
        scale = np.abs(values).max()
        if scale < independent.ATOL:
            moved = np.abs(fast[name]).max()
            assert moved < independent.ATOL, f"{name}: scipy leaves it at zero, the engine moves it to {moved:g}"
            continue
        apart[name] = float((np.abs(fast[name] - values) / np.maximum(np.abs(values), FLOOR * scale)).max())
    return apart


@pytest.mark.slow
@pytest.mark.parametrize("card", all_names())
def test_four_weeks_of_infusions_under_every_card(card: str) -> None:
    apart = compare(bound_to(card), planned(infusions()))
    assert max(apart.values()) < AGREED, {name: d for name, d in apart.items() if d >= AGREED}


@pytest.mark.slow
@pytest.mark.parametrize("plan", PLANS)
def test_every_way_in(plan: str) -> None:
    model = bound_to("composite")
    apart = compare(model, planned(PLANS[plan](model.typical)))
    assert max(apart.values()) < AGREED, {name: d for name, d in apart.items() if d >= AGREED}


def test_two_solvers_of_scipy_agree() -> None:
    model = bound_to("composite")
    plan = planned((Dose(0.0, "ketamine", "iv", mg(40.0), 2 / 3),), (0.0,), np.array([1.0, 4.0, 24.0]))
    one, other = (independent.solve(model.typical, plan, method=method) for method in ("LSODA", "Radau"))
    for name, values in one.slow.items():
        assert values == pytest.approx(other.slow[name], rel=1e-7, abs=1e-10), name


def test_nothing_given_moves_nothing_but_hope() -> None:
    model = bound_to("composite")
    course = independent.solve(model.typical, planned((), (0.0,), np.array([1.0, 24.0])))
    moved = {name for name, values in course.slow.items() if values.any()}
    assert moved == {"severity.hope_fast", "severity.hope_slow", "severity.hope_kept"}


def test_a_bolus_is_read_after_its_moment_and_mass_is_kept() -> None:
    model = bound_to("composite")
    plan = planned((Dose(1.0, "ketamine", "iv", mg(40.0)),), (0.0,), np.array([1.0, 1.0 + 1e-6]))
    found = independent.solve(model.typical, plan).amounts
    given = found["ketamine_s.central"] + found["ketamine_r.central"]
    assert given[0] == 0
    assert given[1] == pytest.approx(40.0, rel=1e-3)
