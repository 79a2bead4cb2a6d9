"""Severity: the algebra of improvement, the clocks of hope, and the two switches of mu."""

import math
from typing import Any

import numpy as np
import pytest

from racemate.chain import severity as link
from racemate.chain.laws import Person, Relax
from racemate.chain.plasticity import Plasticity
from racemate.evidence.library import library

REFERENCE = link.Reference(fast=0.4, number=0.25)
NOWHERE = link.Setting(*(0.0 for _ in link.Setting._fields))
CLINIC = NOWHERE._replace(session=1.0, awake=1.0, midazolam=1.0)
STILL = Plasticity(drive=0.0, fast=0.0, number=0.0)
NOTHING = link.State(*(0.0 for _ in link.State._fields))
HOURS = 0.05


@pytest.fixture(scope="module")
def par() -> link.Par:
    known = library()
    return link.Par(*(known.prior(f"severity.{name}").median for name in link.Par._fields))


def drawn(par: link.Par, size: int, seed: int) -> link.Par:
    """Parameters of many people: every number of the evidence drawn from its prior, responsiveness from its spread."""
    known, draw = library(), np.random.default_rng(seed)
    cells = {name: known.prior(f"severity.{name}").quantile(draw.uniform(size=size)) for name in link.Par._fields}
    for name in ("responsiveness", "antidepressant_person", "study_drug", "study_control"):
        between = known.parameter(f"severity.{name}").between
        assert between is not None
        cells[name] = np.exp(between.scale * draw.standard_normal(size))
    return par._replace(**cells)


def step(y: link.State, records: link.State, hours: float) -> link.State:
    """The exact solution over a time in which no record changes."""
    pairs = zip(y, records, strict=True)
    return link.State(
        *(r.target + (now - r.target) * np.exp(-r.rate * hours) for now, r in pairs if isinstance(r, Relax))
    )


def lived(par: link.Par, plan: list[tuple[float, Plasticity, float, float, link.Setting]]) -> link.State:
    """States after pieces of (hours, synapses, felt, mu held by antagonists, setting), each in steps of HOURS."""
    y = NOTHING
    for hours, synapses, felt, blocked, setting in plan:
        for _ in range(round(hours / HOURS)):
            y = step(y, link.relaxations(synapses, felt, blocked, setting, par), HOURS)
    return y


def read(par: link.Par, y: link.State, blocked: float = 0.0, on: Any = -1.0) -> link.Severity:
    return link.signal(y, REFERENCE, blocked, on, CLINIC, par, np)


def test_no_drug_leaves_the_drug_part_at_zero(par: link.Par) -> None:
    y = lived(par, [(2, STILL, 0.0, 0.0, CLINIC), (28 * 24, STILL, 0.0, 0.0, CLINIC._replace(session=0.0))])
    assert (y.fast, y.number, y.unblinded) == (0.0, 0.0, 0.0)
    assert read(par, y).drug == 0.0
    assert read(par, y).expectancy > 0.0


def test_a_person_to_whom_nothing_happens_stays_at_baseline(par: link.Par) -> None:
    seen = read(par, lived(par, [(7 * 24, STILL, 0.0, 0.0, NOWHERE)]))
    assert seen.improvement == 0.0
    assert seen.points == par.baseline


def test_improvement_stays_below_its_ceiling(par: link.Par) -> None:
    many = drawn(par, 4000, seed=1)
    states = np.random.default_rng(2).uniform(0, 1, size=(len(link.State._fields), 4000))
    seen = link.signal(link.State(*states), REFERENCE, 0.3, 900.0, CLINIC, many, np)
    assert np.all((seen.improvement >= 0) & (seen.improvement <= many.emax))
    assert np.all((seen.points >= np.minimum(many.healthy, many.baseline)) & (seen.points <= many.baseline))
    assert np.std(seen.improvement) > 0.1


def test_the_reference_dose_has_the_stated_effect_at_24_hours(par: link.Par) -> None:
    at_24h = NOTHING._replace(fast=REFERENCE.fast, number=REFERENCE.number)
    assert read(par, at_24h).drug == pytest.approx(par.drug_at_24h, rel=1e-12)
    half = read(par, NOTHING._replace(fast=REFERENCE.fast)).drug
    assert half == pytest.approx(par.drug_at_24h * par.fast_share, rel=1e-12)


def test_a_hypothesis_that_moves_no_synapse_has_no_drug_part(par: link.Par) -> None:
    nowhere = link.Reference(0.0, 0.0)
    seen = link.signal(NOTHING._replace(fast=0.3, number=0.3), nowhere, 0.0, -1.0, CLINIC, par, np)
    assert seen.drug == 0.0


def test_mood_follows_the_synapses_with_its_own_delay(par: link.Par) -> None:
    strong = STILL._replace(fast=0.4)
    y = lived(par, [(4.0, strong, 0.0, 0.0, NOWHERE)])
    assert y.fast == pytest.approx(0.4 * (1 - math.exp(-4.0 / par.tau_onset)), rel=1e-9)


def test_a_session_of_two_hours_nearly_fills_hope(par: link.Par) -> None:
    y = lived(par, [(2, STILL, 0.0, 0.0, CLINIC)])
    assert 0.9 < y.hope_slow < 1.0
    assert 0.9 < y.hope_kept < 1.0


def test_hope_fades_on_three_clocks(par: link.Par) -> None:
    session = (2.0, STILL, 0.0, 0.0, CLINIC)
    after = CLINIC._replace(session=0.0)
    first, day, month = (lived(par, [session, (h, STILL, 0.0, 0.0, after)]) for h in (0.0, 24.0, 28 * 24.0))
    assert day.hope_fast < 0.05 * first.hope_fast
    assert 0.7 * first.hope_slow < day.hope_slow < 0.95 * first.hope_slow
    assert month.hope_slow < 0.05 * first.hope_slow
    assert month.hope_kept > 0.8 * first.hope_kept


def test_only_the_awake_are_convinced_by_what_they_feel(par: link.Par) -> None:
    awake = lived(par, [(1.0, STILL, 0.6, 0.0, CLINIC)])
    asleep = lived(par, [(1.0, STILL, 0.6, 0.0, CLINIC._replace(awake=0.0))])
    assert awake.unblinded > 0.4
    assert asleep.unblinded == 0.0


def test_a_study_scales_what_its_drug_does_by_being_felt_and_not_what_its_setting_raises(par: link.Par) -> None:
    here = par._replace(g_felt_to_hope=1.0, unblinded_weight=1.0)
    there = here._replace(study_drug=2.0)
    felt, raised = NOTHING._replace(unblinded=0.3), NOTHING._replace(hope_slow=0.3)
    assert read(there, felt).expectancy == pytest.approx(2 * read(here, felt).expectancy)
    assert read(here, felt).expectancy > 0
    assert read(there, raised).expectancy == read(here, raised).expectancy


def test_acquisition_and_expression_are_separate_switches(par: link.Par) -> None:
    """Differences of expectancy with respect to each gain, with mu held at the session only or at the rating only."""

    def expectancy(acquired: float, expressed: float, session: float, rating: float) -> float:
        p = par._replace(g_mor_to_hope_acquired=acquired, g_mor_to_hope_expressed=expressed)
        y = lived(p, [(2, STILL, 0.5, session, CLINIC), (22, STILL, 0.0, rating, CLINIC._replace(session=0.0))])
        return float(read(p, y, blocked=rating).expectancy)

    def slopes(session: float, rating: float) -> tuple[float, float]:
        h, at = 1e-4, 0.3
        by_acquired = expectancy(at + h, at, session, rating) - expectancy(at - h, at, session, rating)
        by_expressed = expectancy(at, at + h, session, rating) - expectancy(at, at - h, session, rating)
        return by_acquired / (2 * h), by_expressed / (2 * h)

    at_session, at_rating = slopes(session=0.9, rating=0.0), slopes(session=0.0, rating=0.9)
    assert at_session[0] < -0.01
    assert at_session[1] == 0.0
    assert at_rating[0] == 0.0
    assert at_rating[1] < -0.01


def test_complete_mu_dependence_and_blockade_remove_hope(par: link.Par) -> None:
    p = par._replace(g_mor_to_hope_expressed=1.0)
    y = lived(p, [(2, STILL, 0.5, 0.0, CLINIC)])
    assert read(p, y, blocked=1.0).expectancy == 0.0


def test_saturation_hides_a_drug_behind_a_strong_setting(par: link.Par) -> None:
    """A control arm that improves much leaves little room for the drug (calibration probe, section 6)."""
    drug = NOTHING._replace(fast=REFERENCE.fast, number=REFERENCE.number)

    def gain(hope: float) -> float:
        strong = par._replace(study_control=par.study_control * hope)
        with_drug = read(strong, drug._replace(hope_slow=1.0)).points
        return read(strong, NOTHING._replace(hope_slow=1.0)).points - with_drug

    assert gain(6.0) < 0.5 * gain(0.2)


def test_antidepressant_and_time_act_from_their_start_only(par: link.Par) -> None:
    times = np.array([-5.0, 0.0, 24.0, 7 * 24.0, 28 * 24.0])
    natural = read(par, NOTHING, on=times).natural
    assert natural[0] == natural[1] == 0.0
    assert np.all(np.diff(natural[1:]) > 0)
    assert natural[-1] == pytest.approx(par.antidepressant * (1 - math.exp(-(2.0**1.5))), rel=0.02)


def test_genotype_acts_only_where_its_edge_is_on(par: link.Par) -> None:
    who = Person(age=40.0, weight=70.0, female=1.0, asian=0.0, japanese=0.0, oprm1_g=np.array([0.0, 1.0]))
    on = link.individual(par._replace(hope_of_g_allele=3.0, g_oprm1_to_hope=1.0), who)
    off = link.individual(par._replace(hope_of_g_allele=3.0, g_oprm1_to_hope=0.0), who)
    assert list(on.hope_of_g_allele) == [1.0, 3.0]
    assert list(off.hope_of_g_allele) == [1.0, 1.0]


@pytest.mark.parametrize(
    "kind", ["saline", "midazolam", "spray", "spray_new_antidepressant", "hospital", "everyone_active"]
)
def test_each_setting_raises_its_own_hope(par: link.Par, kind: str) -> None:
    raised = link.context(NOWHERE._replace(**{kind: 1.0}), par)
    assert raised == getattr(par, f"context_{kind}") > 0.0


def test_an_inert_infusion_raises_far_less_hope_than_midazolam(par: link.Par) -> None:
    assert par.context_midazolam > 5 * par.context_saline
