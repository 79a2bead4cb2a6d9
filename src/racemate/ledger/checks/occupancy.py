"""What the drug holds at clinical doses: occupancy over virtual people, and the channel's own algebra."""

from __future__ import annotations

import numpy as np

from racemate.chain import occupancy as holding
from racemate.ledger.case import Case
from racemate.ledger.record import Reckoned, Ruling, Verdict
from racemate.ledger.virtual import summary
from racemate.model import bind

_DOSES = ("ketamine", "esketamine 84 mg")
"""The racemate by vein and the largest nasal dose."""
_SESSION = "session"
_CARD = "composite"


def low_occupancy(case: Case) -> Ruling:
    """Peak occupancy of the targets named, at clinical doses, against an occupancy worth a functional effect."""
    seen = case.see(_SESSION, _CARD)
    worth = case.bar("share")
    peaks = [
        summary(f"peak {target}, {arm}", seen.peak(arm, f"occupancy.{target}"))
        for target in case.entry.looks
        for arm in _DOSES
    ]
    most = max(peaks, key=lambda number: number.high or 0.0)
    below = (most.high or 0.0) < worth
    verdict = Verdict.CONSISTENT if below else Verdict.CONTRADICTED if most.value > worth else Verdict.NOT_TESTABLE
    return case.rule(
        verdict,
        f"The largest is {most.name}: {most.value:.1%}, nineteen people in twenty below {most.high:.1%}; an effect asks for {worth:.0%}. "
        "Occupancy says nothing of allosteric effects.",
        most,
        *(peak for peak in peaks if peak is not most),
    )


def reaches_its_target(case: Case) -> Ruling:
    """Peak occupancy of a candidate target by the drug said to act there."""
    seen = case.see(_SESSION, _CARD)
    worth = case.bar("share")
    peaks = [
        summary(f"peak {target}, {arm}", seen.peak(arm, f"occupancy.{target}"))
        for target in case.entry.looks
        for arm in ("arketamine", "ketamine")
    ]
    most = max(peaks, key=lambda number: number.value)
    verdict = (
        Verdict.CONSISTENT
        if most.value > worth
        else Verdict.CONTRADICTED
        if (most.high or 0.0) < worth
        else Verdict.NOT_TESTABLE
    )
    return case.rule(
        verdict,
        f"{most.name} is {most.value:.2%} ({most.low:.2%} to {most.high:.2%}) against {worth:.0%}.",
        *peaks,
    )


def magnesium_at_rest(case: Case) -> Ruling:
    """Share of the NMDA conductance that magnesium leaves open at rest and when depolarised."""
    rest, active = case.stated("rest"), case.stated("depolarised")
    shares = {voltage: _open(case, voltage) for voltage in (rest, active)}
    verdict = Verdict.CONSISTENT if shares[rest] < case.bar("blocked") < shares[active] else Verdict.CONTRADICTED
    return case.rule(
        verdict,
        f"At {rest:g} mV {shares[rest]:.1%} of the conductance is open, at {active:g} mV {shares[active]:.0%}: blocked at rest, but not "
        "wholly.",
        *(Reckoned(f"open at {voltage:g} mV", share) for voltage, share in shares.items()),
    )


def opposed_by_depolarisation(case: Case) -> Ruling:
    """Whether the depolarisation that AMPA receptors bring closes NMDA channels, as opponents would, or opens them."""
    rest, active = case.stated("rest"), case.stated("depolarised")
    gain = _open(case, active) / _open(case, rest)
    return case.rule(
        Verdict.CONTRADICTED if gain > 1 else Verdict.CONSISTENT,
        f"Depolarisation from {rest:g} to {active:g} mV opens the NMDA conductance {gain:.1f}-fold, so AMPA receptors "
        + ("help it rather than oppose it." if gain > 1 else "oppose it."),
        Reckoned("open conductance, depolarised over rest", gain),
    )


def use_dependent(case: Case) -> Ruling:
    """Block of a channel that opens often against one that seldom opens, same drug and same voltage."""
    p = bind(_CARD, case.known).typical.occupancy
    seen = case.see(_SESSION, _CARD)
    load = float(np.median(seen.peak("ketamine", "occupancy.nmda")))
    load = load / (1 - load)
    often, seldom = (load / holding.use_dependence(p, opening) for opening in (p.open_interneuron, p.open_rest))
    block = [value / (1 + value + holding.magnesium_load(p, p.v_rest, np)) for value in (often, seldom)]
    rest, free = _open(case, p.v_rest), 1.0
    ratio = block[0] / block[1]
    return case.rule(
        Verdict.CONSISTENT if ratio > 1 and rest < free else Verdict.CONTRADICTED,
        f"At one voltage the block of a busy channel is {ratio:.2f} times that of a quiet one: it grows with opening, which the word "
        "'uncompetitive' says and 'non-competitive' does not.",
        Reckoned("block, often open over seldom open", float(ratio)),
        Reckoned("block, often open", float(block[0])),
        Reckoned("block, seldom open", float(block[1])),
    )


def naltrexone_depot(case: Case) -> Ruling:
    """Mu receptors that the naltrexone depot still holds when the late responder responded."""
    seen = case.see("course", _CARD)
    hour = seen.scenario.visits_h[seen.visit(24 * case.stated("day"))]
    held = summary(
        f"mu held by naltrexone on day {case.stated('day'):g}",
        seen.at("weekly + depot naltrexone", "occupancy.mor_blocked", hour),
    )
    low = case.bar("low")
    verdict = (
        Verdict.CONSISTENT
        if held.value < low
        else Verdict.CONTRADICTED
        if (held.low or 0.0) > low
        else Verdict.NOT_TESTABLE
    )
    return case.rule(
        verdict,
        f"Four weeks after 380 mg the depot holds {held.value:.0%} of mu receptors ({held.low:.0%} to {held.high:.0%}); low would be "
        f"below {low:.0%}.",
        held,
    )


def naltrexone_gone(case: Case) -> Ruling:
    """Mu receptors that 50 mg of naltrexone still holds when the second session of the crossover comes."""
    seen = case.see(_SESSION, _CARD)
    day = case.stated("gap")
    held = summary(f"mu held on day {day:g}", seen.at("ketamine + naltrexone", "occupancy.mor_blocked", 24 * day))
    carried = (held.high or 0.0) >= case.bar("matters")
    return case.rule(
        Verdict.CONSISTENT if carried else Verdict.CONTRADICTED,
        f"After {day:g} days naltrexone holds {held.value:.2%} of mu receptors ({held.low:.2%} to {held.high:.2%}): "
        + (
            "it can carry over."
            if carried
            else "the receptor block does not carry over; a carry-over of mood or of expectation is another matter."
        ),
        held,
    )


def potentiates(case: Case) -> Ruling:
    """Allosteric potentiation against direct occupancy at mu; whether its half-maximal concentration was read anywhere."""
    seen = case.see(_SESSION, _CARD)
    half = case.parameter("occupancy.ec50_potentiation")
    share = summary("peak potentiation, ketamine", seen.peak("ketamine", "occupancy.potentiation"))
    direct = summary("peak mu occupancy, ketamine", seen.peak("ketamine", "occupancy.mor"))
    guessed = all(claim.doubtful for claim in half.pooled)
    holds = share.value > case.bar("share") > direct.value
    verdict = Verdict.NOT_TESTABLE if guessed else Verdict.CONSISTENT if holds else Verdict.CONTRADICTED
    return case.rule(
        verdict,
        f"Potentiation reaches {share.value:.0%} of its maximum while {direct.value:.1%} of mu is bound"
        + (", but the half-maximal concentration is an assumption, so this is not a test." if guessed else "."),
        share,
        direct,
    )


def _open(case: Case, voltage: float) -> float:
    for name in ("occupancy.magnesium", "occupancy.kd_magnesium", "occupancy.v_magnesium"):
        case.prior(name)
    return float(holding.open_fraction(bind(_CARD, case.known).typical.occupancy, voltage, np))


CHECKS = (
    low_occupancy,
    reaches_its_target,
    magnesium_at_rest,
    opposed_by_depolarisation,
    use_dependent,
    naltrexone_depot,
    naltrexone_gone,
    potentiates,
)
