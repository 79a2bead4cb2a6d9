"""Plasticity: the order of the cascade, what carries which day, and what too much block does."""

import numpy as np
import pytest
from evidence.derive.reference_peaks import typical

from racemate.chain import circuit, plasticity
from racemate.chain.laws import rectify
from tests.chain.course import DISINHIBITION, Course, live, with_edges

TWO_WEEKS_H, MONTH_H = 14 * 24.0, 28 * 24.0
RAPAMYCIN = 0.02
"""Whole-blood mg/L that would hold two thirds of mTORC1 if the brain saw it."""


@pytest.fixture(scope="module")
def one_dose() -> Course:
    return live(0.5, TWO_WEEKS_H)


def test_without_drug_every_state_stays_at_zero_for_28_days() -> None:
    """A placebo regimen: twice weekly infusions of nothing, with and without an antagonist."""
    starts = tuple(24.0 * day for day in (0, 3, 7, 10, 14, 17, 21, 24))
    every_edge = tuple(n[2:] for n in (*circuit.Par._fields, *plasticity.Par._fields) if n.startswith("g_"))
    for antagonist in (0.0, 0.02):
        placebo = live(0.0, MONTH_H, every_edge, starts, naltrexone=antagonist)
        for name, values in (*placebo.state._asdict().items(), *placebo.circuit_state._asdict().items()):
            assert np.all(values == 0), name


def test_the_rectifier_is_zero_at_and_below_zero() -> None:
    width = typical(circuit).kink
    assert np.all(rectify(np.array([-1.0, -1e-9, 0.0]), width, np) == 0)
    assert rectify(0.3, width, np) == pytest.approx(0.3, rel=0.01)


def test_the_cascade_peaks_in_its_order(one_dose: Course) -> None:
    """AMPA receptors, BDNF, mTORC1, protein, new synapses, consolidated synapses."""
    order = ("ampa", "bdnf", "mtorc1", "protein", "new", "consolidated")
    peaks = [one_dose.peak(getattr(one_dose.state, name)) for name in order]
    assert peaks == sorted(peaks)
    assert len(set(peaks)) == len(order)
    assert peaks[0] > one_dose.peak(one_dose.plasticity.drive)


def test_each_clock_has_its_hours(one_dose: Course) -> None:
    """BDNF is gone by 8-12 h, protein is raised from hours to three days, synapses for up to two weeks."""
    y, at = one_dose.state, one_dose.at
    assert at(1.0, y.ampa) > 0.5 * y.ampa.max()
    assert at(3.0, one_dose.plasticity.fast) > 0.5 * one_dose.plasticity.fast.max()
    assert at(12.0, y.bdnf) < 0.05 * y.bdnf.max()
    assert 4 < one_dose.peak(y.protein) < 24
    assert at(72.0, y.protein) > 0.05 * y.protein.max()
    assert 24 < one_dose.peak(y.new) < 72
    assert at(TWO_WEEKS_H, one_dose.plasticity.number) > 0.15 * one_dose.plasticity.number.max()


def test_strength_carries_day_one_and_number_the_later_days(one_dose: Course) -> None:
    fast, number = one_dose.plasticity.fast, one_dose.plasticity.number
    at = one_dose.at
    assert at(4.0, fast) / fast.max() > 0.7
    assert at(4.0, number) / number.max() < 0.1
    assert at(24.0, fast) > 4 * at(72.0, fast)
    assert at(72.0, number) > at(24.0, number)
    week = 7 * 24.0
    assert at(week, fast) < 0.01 * at(24.0, fast)
    assert at(week, number) > 0.5 * at(24.0, number)


def test_a_dose_raises_protein_by_half_and_synapses_by_a_tenth(one_dose: Course) -> None:
    """The recalled sizes on which the two yields rest (li-2010, phoumthipphavong-2016)."""
    assert one_dose.state.protein.max() == pytest.approx(0.5, rel=0.1)
    assert one_dose.plasticity.number.max() == pytest.approx(0.10, rel=0.1)


def test_rapamycin_leaves_strength_and_lowers_number(one_dose: Course) -> None:
    """li-2010 for number; the human trial with rapamycin found no block at 24 h."""
    blocked = live(0.5, TWO_WEEKS_H, rapamycin=RAPAMYCIN)
    np.testing.assert_allclose(blocked.plasticity.fast, one_dose.plasticity.fast, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(blocked.state.bdnf, one_dose.state.bdnf, rtol=1e-4, atol=1e-6)
    for hours in (24.0, 72.0, 7 * 24.0):
        assert blocked.at(hours, blocked.plasticity.number) < 0.5 * one_dose.at(hours, one_dose.plasticity.number)


def outcome(mg_per_kg: float, edges: tuple[str, ...], reference: Course) -> float:
    """Drug signal at 24 h relative to the reference dose, strength and number in the shares that severity gives them."""
    from racemate.chain import severity

    share = typical(severity).fast_share
    given = live(mg_per_kg, 24.0, edges)
    fast = given.at(24.0, given.plasticity.fast) / reference.at(24.0, reference.plasticity.fast)
    number = given.at(24.0, given.plasticity.number) / reference.at(24.0, reference.plasticity.number)
    return share * fast + (1 - share) * number


def test_a_drive_cut_to_an_eighth_leaves_little_of_the_day_after() -> None:
    """An antagonist that lowers the drive of an opioid card lowers its effect: strength must not fill up on what is left."""
    full = live(0.5, 24.0, ("mor_agonism", "mor_to_plasticity"))
    blocked = live(0.5, 24.0, ("mor_agonism", "mor_to_plasticity"), naltrexone=0.02)
    assert blocked.plasticity.drive.max() < full.plasticity.drive.max() / 8
    assert blocked.at(24.0, blocked.plasticity.fast) < full.at(24.0, full.plasticity.fast) / 3


@pytest.mark.slow
def test_too_much_block_gives_an_inverted_u_of_outcome() -> None:
    """One dose works best at 1-2 mg/kg, and 4 and 10 mg/kg work less; without the edge the curve only rises."""
    doses = (0.1, 0.5, 1.0, 2.0, 4.0, 10.0)
    reference = live(0.5, 24.0)
    with_edge = dict(zip(doses, (outcome(d, DISINHIBITION, reference) for d in doses), strict=True))
    assert with_edge[0.1] < 0.5
    assert max(with_edge, key=lambda d: with_edge[d]) in (1.0, 2.0)
    assert max(with_edge.values()) > with_edge[4.0] > with_edge[10.0]
    assert with_edge[10.0] < 1
    free = ("nmda_to_interneuron", "homeostasis")
    unblocked = live(0.5, 24.0, free)
    assert np.all(np.diff([outcome(d, free, unblocked) for d in doses]) > 0)


def test_r_ketamine_drives_through_microglia_alone_where_the_card_says_so() -> None:
    drive = live(0.5, 48.0, ("sigma1_to_microglia",))
    assert drive.state.microglia.max() > 0.05
    assert drive.state.strength.max() > 0
    assert live(0.5, 4.0, ()).state.microglia.max() == 0


@pytest.mark.slow
def test_repeated_doses_add_up_less_than_in_proportion() -> None:
    starts = tuple(24.0 * day for day in (0, 3, 7, 10))
    many, one = live(0.5, 12 * 24.0, starts_h=starts), live(0.5, 12 * 24.0)
    assert one.plasticity.number.max() < many.plasticity.number.max() < 4 * one.plasticity.number.max()


def test_states_stay_within_their_bounds() -> None:
    p = with_edges(plasticity, DISINHIBITION)
    heavy = live(4.0, 72.0, starts_h=(0.0, 24.0, 48.0), plasticity_par=p)
    for name, most in (("ampa", 2), ("mtorc1", 1), ("overblock", 1), ("microglia", 1)):
        values = getattr(heavy.state, name)
        assert -1e-9 <= values.min() <= values.max() <= most, name
    assert all(values.min() > -1e-9 for values in heavy.state)
