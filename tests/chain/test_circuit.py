"""Circuit: the surge and its limits, the gate, the opioid stimulus, and drives that peak at one."""

from typing import Any

import numpy as np
import pytest
from evidence.derive import reference_peaks
from evidence.derive.reference_peaks import typical
from hypothesis import given
from hypothesis import strategies as st

from racemate.chain import circuit, occupancy
from racemate.chain.laws import Person
from tests.chain.course import DISINHIBITION, NOTHING, infusion, live, sessions, with_edges

HELD: occupancy.Par = typical(occupancy)
REST = circuit.State(0.0, 0.0, 0.0)
NALTREXONE = 0.02
"""Brain-equivalent mg/L at which nearly every mu receptor is held."""
END_OF_INFUSION_H = 40 / 60
GONE_H = END_OF_INFUSION_H + 3
SEEN_BY_SPECTROSCOPY = 0.04
EDGES = tuple(name[2:] for name in circuit.Par._fields if name.startswith("g_"))


def seen(
    x: Any, edges: tuple[str, ...] = DISINHIBITION, p: circuit.Par | None = None, **held: float
) -> circuit.Circuit:
    return circuit.signal(occupancy.signal(x, HELD._replace(**held), np), REST, p or with_edges(circuit, edges), np)


def free(racemate_um: float, **more: float) -> Any:
    return NOTHING._replace(ketamine_s=racemate_um / 2, ketamine_r=racemate_um / 2, **more)


@pytest.mark.parametrize("antagonist", [0.0, NALTREXONE])
def test_without_ketamine_nothing_is_driven(antagonist: float) -> None:
    found = seen(free(0, naltrexone=antagonist), EDGES)
    assert (found.surge, found.drive, found.microglia_drive, found.felt) == (0, 0, 0, 0)
    assert found.excitation == (1 if antagonist == 0 else pytest.approx(1))
    assert found.glutamate == pytest.approx(1)


def test_normal_tone_is_one() -> None:
    assert seen(free(0), EDGES, with_edges(circuit, EDGES)._replace(mor_of_g_allele=1.0)).mor_tone == pytest.approx(1)


def test_no_surge_without_an_interneuron_bias() -> None:
    """Equal cells on both sides: whatever the concentration, excitation only falls."""
    alike = {"v_interneuron": HELD.v_pyramidal, "open_interneuron": HELD.open_pyramidal, "glun2cd_interneuron": 0.0}
    p = with_edges(circuit, DISINHIBITION)._replace(share_pyramidal=1.0)
    for concentration in np.geomspace(0.01, 50, 25):
        assert seen(free(concentration), p=p, **alike).surge == 0, concentration
    assert seen(free(0.43)).surge > 0.05


def test_one_micromolar_raises_excitation_and_ten_lower_it() -> None:
    """gerhard-2020, slices of mouse prefrontal cortex."""
    assert seen(free(1)).excitation > 1.1
    assert seen(free(10)).excitation < 0.97


def test_a_dose_of_50_mg_per_kg_gives_no_rise_at_its_peak() -> None:
    hours, x = infusion(50.0)
    found = circuit.signal(occupancy.signal(x, HELD, np), REST, with_edges(circuit, DISINHIBITION), np)
    peak = x.ketamine_s.argmax()
    assert found.excitation[peak] < 1
    assert found.surge[peak] == 0
    assert found.glutamate[peak] < 1
    assert hours[peak] < 1


def test_glutamate_rises_by_38_percent_and_is_gone_by_three_hours() -> None:
    """milak-2016: +37.8 %; three hours after an infusion, a scan that could have seen 4 % saw nothing."""
    hours, x = infusion(0.5)
    found = circuit.signal(occupancy.signal(x, HELD, np), REST, with_edges(circuit, DISINHIBITION), np)
    rise = found.glutamate - 1
    assert rise.max() == pytest.approx(0.378, rel=0.01)
    assert np.interp(END_OF_INFUSION_H, hours, rise) > 0.9 * rise.max()
    assert np.interp(GONE_H, hours, rise) < SEEN_BY_SPECTROSCOPY


def test_glutamate_peaks_later_than_it_was_seen_to() -> None:
    """A declared discrepancy: milak-2016 saw the peak near 26 min, the effect site peaks after the end of the infusion."""
    hours, x = infusion(0.5)
    found = circuit.signal(occupancy.signal(x, HELD, np), REST, with_edges(circuit, DISINHIBITION), np)
    assert END_OF_INFUSION_H < hours[found.glutamate.argmax()] < 55 / 60
    assert 0.15 < np.interp(26 / 60, hours, found.glutamate - 1) < 0.378 - 0.075


@pytest.mark.parametrize("name", sorted(reference_peaks.peaks(reference_peaks.read())))
def test_the_evidence_holds_todays_peak(name: str) -> None:
    """When the numbers behind a peak change, run evidence/derive/reference_peaks.py and enter what it prints."""
    found = reference_peaks.peaks(reference_peaks.read())[name]
    assert getattr(typical(circuit), name) == pytest.approx(found, rel=0.01)


@pytest.mark.parametrize(
    "edges",
    [
        ("nmda_to_interneuron",),
        ("mor_agonism", "mor_to_plasticity"),
        ("mor_potentiation", "mor_to_plasticity"),
        ("opioid_release", "mor_to_plasticity"),
        ("mor_potentiation", "opioid_release", "mor_to_plasticity"),
        ("hnk_to_ampa",),
        ("rest_to_eef2k",),
    ],
    ids="+".join,
)
def test_the_drive_of_every_card_peaks_near_one_at_the_reference_dose(edges: tuple[str, ...]) -> None:
    p = with_edges(circuit, edges)._replace(mor_of_g_allele=1.0)
    found = circuit.signal(occupancy.signal(infusion(0.5)[1], HELD, np), REST, p, np)
    assert np.max(found.drive) == pytest.approx(
        1, rel=0.01 if "mor_potentiation" not in edges or len(edges) < 3 else 0.1
    )


def test_no_drive_without_its_edge() -> None:
    assert np.max(seen(infusion(0.5)[1], ()).drive) == 0
    assert np.max(seen(infusion(0.5)[1], ("mor_to_plasticity",)).drive) == 0


def gated(upstream: float, downstream: float, antagonist: float) -> circuit.Circuit:
    p = with_edges(circuit, ("nmda_to_interneuron",))
    p = p._replace(g_mor_gate_upstream=upstream, g_mor_gate_downstream=downstream, mor_of_g_allele=1.0)
    return seen(free(0.43, naltrexone=antagonist), p=p)


def test_an_upstream_gate_lowers_glutamate_and_a_downstream_gate_does_not() -> None:
    """jelen-2025: naltrexone lowered the rise of glutamate."""
    open_gate = gated(0, 0, NALTREXONE)
    assert gated(0.3, 0, NALTREXONE).glutamate < open_gate.glutamate
    assert gated(0, 1, NALTREXONE).glutamate == open_gate.glutamate
    assert gated(0, 1, NALTREXONE).drive < 0.02 * open_gate.drive
    assert gated(1, 0, 0.0).drive == pytest.approx(gated(0, 0, 0.0).drive)


def test_a_complete_upstream_gate_turns_the_surge_into_a_fall() -> None:
    drives = [gated(phi, 0, NALTREXONE) for phi in (0, 0.25, 0.5, 0.75, 1)]
    assert np.all(np.diff([found.excitation for found in drives]) < 0)
    assert drives[-1].excitation < 1
    assert drives[-1].surge == 0
    assert drives[1].surge < 0.85 * drives[0].surge


def test_naltrexone_leaves_dissociation_unchanged() -> None:
    assert gated(1, 1, NALTREXONE).felt == gated(1, 1, 0.0).felt > 0


def test_naltrexone_removes_the_opioid_drives() -> None:
    for edge in ("mor_agonism", "mor_potentiation", "opioid_release"):
        both = (edge, "mor_to_plasticity")
        assert seen(free(0.43, naltrexone=NALTREXONE), both).drive < 0.1 * seen(free(0.43), both).drive, edge


@given(st.floats(0, 1), st.floats(0, 30), st.floats(0, 1))
def test_mu_signalling_rises_only_by_agonists(naltrexone: float, racemate: float, methadone: float) -> None:
    p = with_edges(circuit, EDGES)
    held = occupancy.signal(free(racemate, naltrexone=naltrexone, methadone=methadone), HELD, np)
    _, rise = circuit.opioid(held, REST, p)
    assert rise >= 0
    assert (rise == 0) == (racemate == 0 and methadone == 0) or rise < 1e-12


def test_an_agonist_does_not_act_like_ketamine() -> None:
    """klein-2020: opioid agonists are not ketamine-like under disinhibition, gate or no gate."""
    p = with_edges(circuit, (*DISINHIBITION, "mor_gate_upstream"))
    found = seen(NOTHING._replace(methadone=0.5), p=p)
    assert found.drive == 0
    assert found.mor_tone > 1


def test_adenosine_flattens_the_surge() -> None:
    p = with_edges(circuit, DISINHIBITION)
    surges = [seen(free(1), p=p._replace(adenosine=a)).surge for a in (0.0, 1.0, 4.0)]
    assert np.all(np.diff(surges) < 0)


def test_genotype_acts_only_through_its_edge() -> None:
    carrier = Person(40.0, 70.0, 0.0, 0.0, 0.0, 1.0)
    on, off = (with_edges(circuit, edges) for edges in (("oprm1_to_mor",), ()))
    assert circuit.individual(on, carrier).mor_of_g_allele == pytest.approx(on.mor_of_g_allele)
    assert circuit.individual(off, carrier).mor_of_g_allele == 1
    assert circuit.individual(on, carrier._replace(oprm1_g=0.0)).mor_of_g_allele == 1


def test_homeostasis_follows_raised_excitation_and_is_never_negative() -> None:
    """A dose that lowers excitation must not store a rebound."""
    for mg_per_kg in (0.5, 10.0):
        state = live(mg_per_kg, 72.0).circuit_state
        assert np.min(state.homeostasis) >= -1e-12
        assert np.max(state.homeostasis) > 0
    gate = with_edges(circuit, DISINHIBITION)._replace(g_mor_gate_upstream=1.0)
    blocked = live(0.5, 24.0, circuit_par=gate, naltrexone=NALTREXONE)
    assert np.min(blocked.circuit.excitation) < 1
    assert np.abs(blocked.circuit_state.homeostasis).max() < 1e-9
    assert np.max(blocked.circuit.surge) == 0


def test_a_second_session_is_felt_less_and_sensitivity_falls() -> None:
    """singh-2016 for dissociation; levinstein-2023 for mu."""
    edges = ("mor_agonism", "mor_to_plasticity", "mor_tolerance", "felt_tolerance")
    twice = live(0.5, 80.0, edges, starts_h=(0.0, 72.0))
    first, second = twice.hours < 24, twice.hours > 72
    for values in (twice.circuit.felt, twice.circuit.drive):
        assert values[second].max() < values[first].max()


def test_an_exposure_adds_up_over_sessions() -> None:
    hours = np.array([0.8, 72.8])
    x = sessions(0.5, (0.0, 72.0), hours)
    assert x.ketamine_s[1] >= x.ketamine_s[0] > 0
