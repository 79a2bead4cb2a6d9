"""Hypotheses: every card is read, held to the chain, and held to what it says a dose moves."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sympy as sp

from racemate import hypothesis
from racemate.chain import circuit, laws, occupancy, plasticity, severity, whole
from racemate.chain.concentration import Exposure
from racemate.evidence.library import library
from racemate.evidence.prior import Prior
from racemate.hypothesis import Hypothesis, HypothesisError, read
from racemate.model import bind
from racemate.readings import symbolic

NINE = {
    "composite",
    "expectancy",
    "hnk-ampa",
    "mu-agonist",
    "nmda-disinhibition",
    "opioid-permissive",
    "opioid-release",
    "resting-eef2k",
    "sigma1-microglia",
}


def every() -> Iterator[str]:
    for name in hypothesis.all_names():
        variants = read(name).variants
        yield from (f"{name}:{variant}" for variant in variants) if variants else (name,)


CARDS = tuple(every())


def test_there_are_nine_cards() -> None:
    assert set(hypothesis.all_names()) == NINE


def test_the_default_is_the_composite() -> None:
    assert hypothesis.default() == read().name == "composite"


def test_every_edge_of_the_chain_is_held_by_some_card() -> None:
    held = {edge for name in CARDS for edge in read(name).edges}
    assert held == set(hypothesis.edges())


def test_side_effects_are_the_same_under_every_card() -> None:
    for name in CARDS:
        assert "felt_tolerance" in read(name).edges
        assert {"circuit.felt", "circuit.tolerance"} <= set(read(name).moves)


@pytest.mark.parametrize("name", CARDS)
def test_every_edge_has_a_belief_with_a_source_or_a_reason(name: str) -> None:
    card = read(name)
    assert set(card.gains) == set(card.edges)
    for edge, belief in card.gains.items():
        assert belief.source or belief.note, edge


@pytest.mark.parametrize("name", CARDS)
def test_every_source_exists(name: str) -> None:
    assert not set(read(name).sources) - set(library().sources)


@pytest.mark.parametrize("name", CARDS)
def test_every_belief_makes_a_prior(name: str) -> None:
    card = read(name)
    for known, belief in (*card.gains.items(), *card.instead.items()):
        prior = Prior(**belief.prior)
        assert prior.inside > 0.99, known
        low, middle, high = prior.quantile(np.array([0.05, 0.5, 0.95]))
        assert prior.low <= low <= middle <= high <= prior.high, known
        stated = belief.stated.median
        if stated is not None:
            assert middle == pytest.approx(stated, rel=0.01), known


@pytest.mark.parametrize("name", CARDS)
def test_a_card_binds_to_the_evidence(name: str) -> None:
    model = bind(name)
    for edge in hypothesis.edges():
        (bound,) = [b for b in model.bound.values() if b.name.endswith(f".g_{edge}")]
        assert (bound.typical != 0.0) == (edge in model.hypothesis.edges), edge
    for parameter, belief in model.hypothesis.instead.items():
        assert model.bound[parameter].typical == pytest.approx(belief.stated.median)


def test_cards_believe_in_the_same_effect_at_24_hours() -> None:
    """The drug alone, or drug and belief together, or belief alone: 0.74 in S, as nearly as judgement goes."""
    sizes = {}
    for name in CARDS:
        model = bind(name)
        y, _ = _lived(model.typical, felt_only=True)
        par = model.typical.severity
        believed = par.g_felt_to_hope * par.unblinded_weight * y.severity.unblinded
        drug = 0.0 if name == "expectancy" else par.drug_at_24h
        sizes[name] = drug + believed
    assert max(sizes.values()) < 1.5 * min(sizes.values()), sizes


DOSE = Exposure(*(0.0 for _ in Exposure._fields))._replace(
    ketamine_s=0.18, ketamine_r=0.18, norketamine_s=0.05, norketamine_r=0.05, hnk_s=0.05, hnk_r=0.05
)
"""Roughly what the brain sees around the end of racemic ketamine 0.5 mg/kg, umol/L; held for an hour here."""
NO_DOSE = Exposure(*(0.0 for _ in Exposure._fields))
SESSION = severity.Setting(*(0.0 for _ in severity.Setting._fields))._replace(session=1.0, awake=1.0, midazolam=1.0)
STEP = 0.05


def _walk(y: Any, records: Any, hours: float) -> Any:
    if not hasattr(records, "target"):
        return type(y)(*(_walk(now, then, hours) for now, then in zip(y, records, strict=True)))
    return records.target + (y - records.target) * np.exp(-records.rate * hours)


def _lived(par: whole.Par, felt_only: bool = False, dose: Exposure = DOSE) -> tuple[whole.Slow, dict[str, float]]:
    """Slow states a day after an hour of exposure, and how much there was of each state and signal on the way."""
    links: tuple[Any, ...] = (circuit.State, plasticity.State, severity.State)
    y: Any = whole.Slow(*(link(*(0.0 for _ in link._fields)) for link in links))
    there_was: dict[str, float] = {}
    for k in range(round(24 / STEP)):
        exposure = dose if k * STEP < 1 else NO_DOSE
        setting = SESSION._replace(session=1.0 if k * STEP < 2 else 0.0)
        if not felt_only:
            for link, signal in zip(("circuit", "plasticity"), whole.signals(exposure, y, par, np)[2:], strict=True):
                for field, value in signal._asdict().items():
                    there_was[f"{link}.{field}"] = there_was.get(f"{link}.{field}", 0.0) + abs(float(value))
        y = _walk(y, whole.relaxations(exposure, y, par, setting, np), STEP)
        for link, states in y._asdict().items():
            for field, value in states._asdict().items():
                there_was[f"{link}.{field}"] = there_was.get(f"{link}.{field}", 0.0) + abs(float(value))
    return y, there_was


def _seen(par: whole.Par, dose: Exposure, reference: severity.Reference) -> dict[str, float]:
    y, found = _lived(par, dose=dose)
    latent = severity.signal(y.severity, reference, 0.0, -1.0, SESSION, par.severity, np)
    return found | {f"severity.{field}": float(value) for field, value in latent._asdict().items()}


@pytest.mark.parametrize("name", CARDS)
def test_a_dose_moves_what_the_card_says_and_nothing_else(name: str) -> None:
    model = bind(name)
    y, _ = _lived(model.typical)
    reference = severity.Reference(float(y.severity.fast), float(y.severity.number))
    with_dose, without = (_seen(model.typical, dose, reference) for dose in (DOSE, NO_DOSE))
    moved = {place for place in hypothesis.places() if abs(with_dose[place] - without[place]) > 1e-9}
    assert moved == set(model.hypothesis.moves)


NALTREXONE = DOSE._replace(naltrexone=1.0)
"""Enough to hold nearly every mu receptor, mg/L."""
ALL_S = DOSE._replace(ketamine_s=0.36, ketamine_r=0.0, norketamine_s=0.1, norketamine_r=0.0, hnk_s=0.1, hnk_r=0.0)
ALL_R = DOSE._replace(ketamine_s=0.0, ketamine_r=0.36, norketamine_s=0.0, norketamine_r=0.1, hnk_s=0.0, hnk_r=0.1)
UNTOUCHED = ("nmda-disinhibition", "sigma1-microglia", "hnk-ampa", "resting-eef2k")
OPIOID = ("opioid-permissive:upstream", "opioid-permissive:downstream", "mu-agonist", "opioid-release", "composite")


def _drug(name: str, dose: Exposure) -> float:
    """Drug part of S a day after a dose, over that of the same card's own dose."""
    par = bind(name).typical
    y, _ = _lived(par, felt_only=True)
    reference = severity.Reference(float(y.severity.fast), float(y.severity.number))
    y, _ = _lived(par, felt_only=True, dose=dose)
    return float(severity.drug_effect(y.severity, reference, par.severity, np)) / par.severity.drug_at_24h


@pytest.mark.parametrize("name", UNTOUCHED)
def test_naltrexone_leaves_what_needs_no_opioid(name: str) -> None:
    assert _drug(name, NALTREXONE) == pytest.approx(1.0, abs=1e-9)


@pytest.mark.parametrize("name", OPIOID)
def test_naltrexone_lowers_what_needs_opioid(name: str) -> None:
    assert _drug(name, NALTREXONE) < 0.9


def test_naltrexone_abolishes_a_drug_that_needs_permission() -> None:
    assert _drug("opioid-permissive:upstream", NALTREXONE) < 0.1


def test_only_the_upstream_gate_takes_the_surge_away() -> None:
    def surge(name: str, dose: Exposure) -> float:
        return _lived(bind(name).typical, dose=dose)[1]["circuit.surge"]

    for name in ("opioid-permissive:downstream", "nmda-disinhibition"):
        assert surge(name, NALTREXONE) == pytest.approx(surge(name, DOSE))
    assert surge("opioid-permissive:upstream", NALTREXONE) < 0.1 * surge("opioid-permissive:upstream", DOSE)


def test_the_enantiomers_sort_the_cards() -> None:
    """Esketamine forms no (2R,6R)-hydroxynorketamine; the NMDA cards like S better, sigma-1 and the metabolite R."""
    assert _drug("hnk-ampa", ALL_S) == 0.0
    for name in ("nmda-disinhibition", "opioid-permissive:upstream", "mu-agonist", "composite"):
        assert _drug(name, ALL_S) > _drug(name, ALL_R) < 0.95
    for name in ("sigma1-microglia", "hnk-ampa"):
        assert _drug(name, ALL_R) > 1.0 > _drug(name, ALL_S)


def test_nothing_is_believed_where_nothing_is_felt() -> None:
    """Expectancy has no drug part, and belief rises with a felt dose only."""
    par = bind("expectancy").typical
    felt, unfelt = (_lived(par, felt_only=True, dose=dose)[0].severity for dose in (ALL_S, NO_DOSE))
    assert severity.drug_effect(felt, severity.Reference(0.0, 0.0), par.severity, np) == 0.0
    assert felt.unblinded > 0.3
    assert unfelt.unblinded == 0.0


CARD = """
name  = "mine"
claim = "Only the surge."
edges = ["nmda_to_interneuron"]
moves = ["circuit.surge"]
[gain.nmda_to_interneuron]
prior = { law = "half-normal", scale = 1.0 }
note  = "a guess"
[[embarrassed_by]]
what  = "nothing happens"
moves = ["circuit.surge"]
"""


def _mine(folder: Path, text: str = CARD) -> Hypothesis:
    path = folder / "mine.toml"
    path.write_text(text)
    return read(path)


def test_a_card_of_ones_own_is_read_from_its_path(tmp_path: Path) -> None:
    card = _mine(tmp_path)
    assert card.edges == ("nmda_to_interneuron",)
    assert Prior(**card.gains["nmda_to_interneuron"].prior).median == pytest.approx(0.674, abs=0.001)
    assert read(str(tmp_path / "mine.toml")) == card


def test_another_folder_of_cards_takes_the_place_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _mine(tmp_path, "default = true\n" + CARD)
    monkeypatch.setenv(hypothesis.PLACE, str(tmp_path))
    assert hypothesis.all_names() == ("mine",)
    assert read().name == "mine"


def test_a_folder_without_cards_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(hypothesis.PLACE, str(tmp_path))
    with pytest.raises(HypothesisError, match=hypothesis.PLACE):
        hypothesis.all_names()


def test_two_defaults_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.toml").write_text("default = true\n" + CARD.replace('"mine"', f'"{name}"'))
    monkeypatch.setenv(hypothesis.PLACE, str(tmp_path))
    with pytest.raises(HypothesisError, match="one, two"):
        hypothesis.default()


def test_an_unknown_card_names_the_nearest_and_all() -> None:
    with pytest.raises(HypothesisError) as raised:
        read("opioid-permisive")
    assert "did you mean 'opioid-permissive'" in str(raised.value)
    assert all(name in str(raised.value) for name in NINE)


def test_variants_share_a_card_and_differ_in_one_edge() -> None:
    plain, up, down = (
        read("opioid-permissive"),
        read("opioid-permissive:upstream"),
        read("opioid-permissive:downstream"),
    )
    assert plain.variant == "upstream"
    assert plain.edges == up.edges
    assert (plain.name, down.name) == ("opioid-permissive", "opioid-permissive:downstream")
    assert set(up.edges) ^ set(down.edges) == {"mor_gate_upstream", "mor_gate_downstream"}
    with pytest.raises(HypothesisError, match="did you mean 'upstream'"):
        read("opioid-permissive:upstrea")
    with pytest.raises(HypothesisError, match="variant"):
        read("composite:upstream")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('edges = ["nmda_to', 'edges = ["nmda_too', "did you mean 'nmda_to_interneuron'"),
        ("[gain.nmda_to_interneuron]", "[gain.homeostasis]", "gain: found 'homeostasis'"),
        ('moves = ["circuit.surge"]\n[gain', 'moves = ["circuit.surgery"]\n[gain', "did you mean 'circuit.surge'"),
        ('name  = "mine"', 'name  = "yours"', "the name of the file"),
        ("claim =", "claims =", "claim"),
        ('law = "half-normal"', 'law = "half-norml"', "half-norml"),
        ("scale = 1.0", "scale = -1.0", "positive scale"),
        ("scale = 1.0", "scale = nan", "finite"),
        ('"half-normal"', '"lognormal"', "needs a median"),
        ('law = "half-normal"', 'law = "logit-normal", median = 1.5', "not inside the range"),
        ('claim = "Only', "claim = Only", "TOML"),
        ('edges = ["nmda_to_interneuron"]', 'edges = ["nmda_to_interneuron", "nmda_to_interneuron"]', "a name twice"),
    ],
)
def test_a_fault_in_a_card_is_named(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in CARD
    with pytest.raises(HypothesisError) as raised:
        _mine(tmp_path, CARD.replace(old, new, 1))
    assert said in str(raised.value)
    assert "mine.toml" in raised.value.file


def test_a_number_put_in_place_of_the_evidence_must_be_a_number_of_the_chain(tmp_path: Path) -> None:
    more = '[instead."severity.emaxx"]\nprior = { law = "fixed", median = 0.5 }\n'
    with pytest.raises(HypothesisError, match=r"did you mean 'severity\.emax'"):
        _mine(tmp_path, CARD + more)


GATED = (
    CARD.replace('edges = ["nmda_to_interneuron"]', 'edges = ["nmda_to_interneuron", "mor_tolerance"]')
    + "[gain.mor_tolerance]\nprior = { law = 'fixed', median = 1 }\nnote = 'a guess'\n"
)


@pytest.mark.parametrize(
    ("prior", "found"),
    [
        ("{ law = 'fixed', median = 2.9 }", "values from 2.9 to 2.9"),
        ("{ law = 'fixed', median = -0.1 }", "values from -0.1 to -0.1"),
        ("{ law = 'half-normal', scale = 0.3 }", "values from 0 to inf"),
        ("{ law = 'lognormal', median = 0.5, scale = 0.3, range = [0, 1.5] }", "values from 0 to 1.5"),
    ],
)
def test_a_gain_that_may_take_more_than_there_is_is_refused(tmp_path: Path, prior: str, found: str) -> None:
    assert _mine(tmp_path, GATED).gains["mor_tolerance"].stated.median == 1
    with pytest.raises(HypothesisError) as raised:
        _mine(tmp_path, GATED.replace("{ law = 'fixed', median = 1 }", prior))
    assert raised.value.file.endswith("mine.toml")
    assert f"gain.mor_tolerance.prior of 'mine': found {found}, allowed: from 0 to 1" in str(raised.value)


def test_a_gain_of_a_variant_is_held_to_the_same(tmp_path: Path) -> None:
    over = "variant_default = 'weak'\n"
    more = "[variant.weak]\n[variant.strong.gain.mor_tolerance]\nprior = { law = 'fixed', median = 2 }\n"
    assert _mine(tmp_path, over + GATED + more).variants == ("weak", "strong")
    with pytest.raises(HypothesisError, match="of 'mine:strong'"):
        read(f"{tmp_path / 'mine.toml'}:strong")


def test_a_gain_is_not_put_in_place_of_the_evidence_by_the_other_door(tmp_path: Path) -> None:
    more = '[instead."circuit.g_mor_tolerance"]\nprior = { law = "fixed", median = 0.5 }\n'
    with pytest.raises(HypothesisError, match=r"allowed: \[gain\.mor_tolerance\]"):
        _mine(tmp_path, GATED + more)


def test_gains_held_below_one_are_those_that_the_equations_subtract_from_one() -> None:
    """Every sum of the chain that is one without a gain, and something else with it."""
    p, y = symbolic.symbols(whole.Par), symbolic.symbols(whole.Slow)
    o, who = symbolic.symbols(occupancy.Occupancy), symbolic.symbols(laws.Person)
    setting, grown = symbolic.symbols(severity.Setting), symbolic.symbols(plasticity.Plasticity)
    found = (
        *circuit.individual(p.circuit, who),
        *circuit.signal(o, y.circuit, p.circuit, symbolic.Algebra),
        *severity.individual(p.severity, who),
        *(record.target for record in severity.relaxations(grown, 0.5, o.mor_blocked, setting, p.severity)),
        severity.expectancy(y.severity, o.mor_blocked, setting, p.severity),
    )
    sums = {one for value in found for one in sp.sympify(value).atoms(sp.Add)}
    gains = {gain: str(gain).rpartition(".")[2].removeprefix(hypothesis.EDGE) for one in sums for gain in _gains(one)}
    assert len(gains) > len(hypothesis.SHARES)
    assert {gains[gain] for one in sums for gain in _gains(one) if one.subs(gain, 0) == 1} == set(hypothesis.SHARES)


def _gains(one: Any) -> set[Any]:
    return {each for each in one.free_symbols if f".{hypothesis.EDGE}" in str(each)}


def test_a_card_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(HypothesisError, match="no such file"):
        read(tmp_path / "none.toml")
