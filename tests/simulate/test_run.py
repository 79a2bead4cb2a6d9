"""The engine: exact kinetics, bitwise reproducible, honest about its error, differentiable."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.linalg import expm

from racemate.chain import concentration
from racemate.model import bind
from racemate.people.cohort import draw
from racemate.readings import numeric
from racemate.simulate import run as running
from racemate.simulate.plan import Condition, Dose, Plan
from racemate.simulate.run import reference, run
from racemate.simulate.share import Crowd
from racemate.simulate.solve import LANES, begun, carry_on, machine
from racemate.simulate.window.kinetics import TICK_H

VISITS = np.array([0.5, 40 / 60, 2.0, 24.0, 168.0, 672.0])


def infusion(people, amount=37.5, visits=VISITS):
    """Racemic ketamine by vein over 40 min in front of saline hope, then observation."""
    ones = np.ones(people)
    return Plan(
        people,
        (Dose(0.0, "ketamine", "iv", amount * ones, 40 / 60),),
        (Condition(0, 2, "session", ones), Condition(0, 700, "awake", ones), Condition(0, 700, "saline", ones)),
        visits,
        np.full(people, 1e6),
    )


@pytest.fixture(scope="module")
def model():
    return bind("composite")


@pytest.fixture(scope="module")
def cohort(model):
    return draw(model, 11, np.arange(700), np.arange(700) // 20)


@pytest.fixture(scope="module")
def seen(cohort):
    return run(cohort, infusion(700))


def test_kinetics_are_exact(model, cohort, seen):
    """Plasma at every visit equals the matrix exponential of the transfers, person by person."""
    for person in (0, 17, 431):
        par = jax.tree.map(lambda row, k=person: float(row[k]), model.unpack(cohort.table))
        moves = concentration.transfers(par.concentration)["ketamine_r"]
        names = concentration.Ketamine._fields
        k = np.zeros((len(names) + 1,) * 2)
        for move in moves:
            j = names.index(move.source)
            if move.sink is not None:
                k[names.index(move.sink), j] += move.rate
            if not move.keeps:
                k[j, j] -= move.rate
        k[names.index("central"), -1] = 1.0
        start = np.zeros(len(names) + 1)
        start[-1] = 37.5 / 2 / (400 / 600)
        for v, time in enumerate(VISITS):
            during = expm(k * min(time, 400 / 600)) @ start
            during[-1] = 0
            amounts = expm(k * max(0.0, time - 400 / 600)) @ during
            exact = amounts[names.index("central")] / par.concentration.v_central
            assert abs(seen["plasma.ketamine_r"][v, person] - exact) < 1e-9 * exact + 1e-18


def test_the_same_bits_on_any_core_and_in_any_company(cohort, model, seen):
    one = run(cohort, infusion(700), threads=1)
    three = run(cohort, infusion(700), threads=3)
    part = draw(model, 11, cohort.person[300:340], cohort.replicate[300:340])
    few = run(part, infusion(40))
    for name in ("severity.points", "score.cadss", "plasma.hnk_r", "state.plasticity.consolidated"):
        assert np.array_equal(seen[name], one[name]), name
        assert np.array_equal(seen[name], three[name]), name
        assert np.array_equal(seen[name][:, 300:340], few[name]), name


def test_the_error_estimate_covers_a_hundredfold_tighter_run(cohort, seen):
    tight = run(cohort, infusion(700), tolerance=1e-9)
    assert tight.windows > seen.windows
    for name in numeric.SLOW:
        a, b = seen[f"state.{name}"], tight[f"state.{name}"]
        assert np.abs(a - b).max() <= 1e-6 * max(np.abs(b).max(), 0.1), name


def test_a_regimen_without_drug_leaves_every_synapse_at_zero_for_28_days(cohort):
    quiet = run(cohort, infusion(700, amount=0.0))
    for name in numeric.SLOW:
        if name.startswith("plasticity."):
            assert np.array_equal(quiet[f"state.{name}"], np.zeros_like(quiet[f"state.{name}"])), name
    assert np.array_equal(quiet["severity.drug"], np.zeros_like(quiet["severity.drug"]))
    assert quiet["severity.expectancy"][3].min() > 0


def test_the_drug_part_at_24_h_of_the_reference_dose_is_drug_at_24h(model):
    people = draw(model, 4, np.zeros(30, dtype=int), np.arange(30))
    typical = draw(model, 4, np.zeros(30, dtype=int), np.arange(30))
    object.__setattr__(typical, "table", people.population)
    plan = running.reference_plan(30)
    found = run(typical, plan)
    stated = typical.table[model.rows.index("severity.drug_at_24h")]
    assert np.allclose(found["severity.drug"][-1], stated, rtol=1e-9)
    assert (reference(people, machine(model, plan)) > 0).all()


def test_a_derivative_agrees_with_finite_differences(model, cohort):
    plan = infusion(LANES)
    built = machine(model, plan)
    table = jnp.asarray(cohort.table[:, :LANES])
    row = model.rows.index("occupancy.kd_nmda_s")

    modes = built.modes(table)
    ports = np.array([built.first_rows[layout.body] + layout.port_row("central") for layout in built.layouts])
    held = jnp.zeros((built.rows, LANES)).at[ports].set(28.0)
    slow = jnp.zeros((len(numeric.SLOW), LANES))
    setting = jnp.asarray(np.stack(plan.conditions_at(0.1)))

    def strength(shift):
        moved = table.at[row].multiply(1 + shift)
        _, end = built.advance(moved, modes, 128 * TICK_H / 2, held, slow, setting)
        return end[numeric.SLOW.index("plasticity.strength")].sum()

    forward = jax.jvp(strength, (0.0,), (1.0,))[1]
    reverse = jax.grad(strength)(0.0)
    finite = (strength(1e-5) - strength(-1e-5)) / 2e-5
    assert float(reverse) == pytest.approx(float(forward), rel=1e-10)
    assert float(forward) == pytest.approx(float(finite), rel=1e-6)
    assert abs(float(forward)) > 0


def test_a_state_that_is_not_finite_is_named_not_passed_on(cohort, model):
    broken = cohort.table.copy()
    broken[model.rows.index("concentration.v_central"), 13] = np.nan
    bad = draw(model, 11, np.arange(700), np.arange(700) // 20)
    object.__setattr__(bad, "table", broken)
    with pytest.raises(FloatingPointError, match=r"person 13: found nan for .* allowed: a finite number"):
        run(bad, infusion(700))


def test_a_plan_for_other_people_is_refused(cohort):
    with pytest.raises(ValueError, match="found 3 people, allowed: the cohort's 700"):
        run(cohort, infusion(3))


def test_a_trajectory_becomes_a_dataset_with_units(seen):
    data = seen.to_xarray()
    assert dict(data.sizes) == {"time": len(VISITS), "person": 700}
    assert data["exposure_ketamine_s"].attrs["units"] == "umol/L"
    assert data["score_systolic_rise"].attrs["units"] == "mmHg"
    assert np.array_equal(data["severity_points"].values, seen["severity.points"])


def test_the_reference_dose_of_the_same_few_people_is_run_once(model, monkeypatch):
    built = machine(model, running.reference_plan(1))
    people, others = (draw(model, seed, np.arange(2), np.arange(2)) for seed in (21, 22))
    first = reference(people, built)

    def refused(*_):
        raise AssertionError("run again")

    monkeypatch.setattr(running, "_referred", refused)
    assert np.array_equal(reference(people, built), first)
    with pytest.raises(AssertionError, match="run again"):
        reference(others, built)


def test_visits_inside_windows_read_what_windows_that_end_there_read(model):
    people = draw(model, 11, np.arange(300), np.arange(300))
    often = np.concatenate([np.arange(25) / 8, np.arange(4, 168, 0.7)])
    stops, passes = (replace(infusion(300, visits=often), stops=stops) for stops in (True, False))
    names = ("plasma.ketamine_s", "exposure.norketamine_s", "severity.points", "state.plasticity.strength")
    stopped, passed = (run(people, plan, names) for plan in (stops, passes))
    assert passed.windows < stopped.windows / 3
    assert passed.error < 3e-6
    for name in names:
        scale = np.abs(stopped[name]).max()
        np.testing.assert_allclose(passed[name], stopped[name], rtol=3e-6, atol=1e-8 * scale, err_msg=name)


def test_two_visits_on_one_tick_are_both_read(model):
    people = draw(model, 11, np.arange(3), np.arange(3))
    found = run(people, infusion(3, visits=np.array([0.0, 0.0001, 1.0, 1.0001, 2.0])), ("plasma.ketamine_s",))
    plasma = found["plasma.ketamine_s"]
    assert (plasma[0] == plasma[1]).all()
    assert (plasma[2] == plasma[3]).all()
    assert (plasma[3] > plasma[4]).all()


def test_where_people_are_decided_about_they_can_be_stopped():
    with pytest.raises(ValueError, match=r"decided_h: found 24.0 h, allowed: none where nobody can be stopped"):
        replace(infusion(3), stops=False, decided_h=24.0)


def test_a_plan_without_any_dose_is_carried(model):
    people = draw(model, 11, np.arange(3), np.arange(3))
    nothing, zero = replace(infusion(3), doses=()), infusion(3, amount=0.0)
    none, some = (run(people, plan, ("severity.points",))["severity.points"] for plan in (nothing, zero))
    np.testing.assert_allclose(none, some, rtol=1e-6)


@pytest.mark.parametrize("stops", [True, False])
def test_many_visits_in_one_place_are_all_read(model, stops):
    """More than one call reads, inside what would be one window, and on one tick."""
    people = draw(model, 11, np.arange(3), np.arange(3))
    visits = np.concatenate([np.linspace(0, 1e-3, 20), np.linspace(100, 101, 40), np.linspace(150, 150.0005, 20)])
    found = run(people, replace(infusion(3, visits=visits), stops=stops), ("plasma.ketamine_s",))["plasma.ketamine_s"]
    assert (found[1] == found[0]).all()
    assert (np.diff(found[20:60], axis=0) < 0).all()
    assert (found[61:] == found[60]).all()


def test_who_is_read_inside_windows_is_read_the_same_in_any_company(model):
    people = draw(model, 11, np.arange(300), np.arange(300))
    few = draw(model, 11, np.arange(40, 45), np.arange(40, 45))
    often = np.arange(1, 200) / 3
    whole, part = (replace(infusion(size, visits=often), stops=False) for size in (300, 5))
    names = ("severity.points", "state.plasticity.ampa")
    one, three, alone = (
        run(people, whole, names, threads=1),
        run(people, whole, names, threads=3),
        run(few, part, names),
    )
    for name in names:
        assert np.array_equal(one[name], three[name])
        assert np.array_equal(one[name][:, 40:45], alone[name])


def test_nobody_is_stopped_inside_a_window(model):
    people = draw(model, 11, np.arange(3), np.arange(3))
    plan = replace(infusion(3, visits=np.array([1.0, 3.0, 24.0, 48.0])), stops=False)
    built = machine(model, plan)
    courses = begun(built, people.table, plan)
    crowd = Crowd(people.table, np.ones((2, 3)), plan, np.arange(3))
    grid = running.pilot_grid(built, model, plan, 1e-2)
    with pytest.raises(ValueError, match="visits: found a stop after 2, allowed: where a segment ends"):
        carry_on(built, model, courses, crowd, grid, 2, ("severity.points",))


def test_half_the_digits_are_good_for_a_loose_tolerance(cohort, seen):
    found = run(cohort, infusion(700), tolerance=1e-3, precision="float32")
    few = run(
        draw(cohort.model, 11, np.arange(5), np.arange(5) // 20), infusion(5), tolerance=1e-3, precision="float32"
    )
    assert 1e-6 < found.error < 3e-3
    for name in ("severity.points", "state.plasticity.strength", "state.severity.hope_slow"):
        largest = np.abs(seen[name]).max()
        np.testing.assert_allclose(found[name], seen[name], rtol=3e-3, atol=3e-5 * largest, err_msg=name)
        assert np.array_equal(found[name][:, :5], few[name])
    assert not np.array_equal(found["severity.points"], run(cohort, infusion(700), tolerance=1e-3)["severity.points"])
    np.testing.assert_allclose(found["plasma.ketamine_s"], seen["plasma.ketamine_s"], rtol=1e-9)


def test_half_the_digits_are_refused_where_more_are_asked_for(cohort):
    with pytest.raises(ValueError, match=r"tolerance: found 1e-06, allowed: at least 0.0001 with float32"):
        run(cohort, infusion(700), precision="float32")
