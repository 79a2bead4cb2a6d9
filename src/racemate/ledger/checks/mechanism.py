"""Virtual experiments under the rival cards: what an antagonist takes away, what an agonist does alone, what a genotype moves."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from racemate.ledger.case import Case
from racemate.ledger.checks.statistics import Z, t_of_p
from racemate.ledger.record import Reckoned, Ruling, Verdict
from racemate.ledger.virtual import Seen, summary

_SESSION = "session"
_DAY = 24.0
_RIVALS = ("nmda-disinhibition", "opioid-permissive", "mu-agonist", "opioid-release", "expectancy", "composite")


def dissociation_spared(case: Case) -> Ruling:
    """Dissociation with and without naltrexone, in the trial and under the card that gates the drug by mu tone."""
    row = case.row("williams-2018", outcome="cadss", statistic="p-value")
    seen = case.see(_SESSION, "opioid-permissive")
    plain, blocked = (seen.peak(arm, "score.cadss") for arm in ("ketamine", "ketamine + naltrexone"))
    change = float(np.median(blocked / plain)) - 1
    felt = _gain(seen, "masked ketamine", "masked control")
    spared = abs(change) < case.bar("same") and (row.low or 0.0) >= 0.05
    return case.rule(
        Verdict.CONSISTENT if spared else Verdict.CONTRADICTED,
        f"Naltrexone changes peak dissociation by {change:.1%} in the model, and the trial found no difference (P above {row.low:g}). "
        "Whether it suffices for the effect cannot be told from people who all felt it.",
        Reckoned("change of dissociation under naltrexone", change),
        summary("day-1 gain without feeling anything (masked)", felt, "point"),
    )


def permissive_gate(case: Case) -> Ruling:
    """Under the gate an opioid agonist alone must do nothing for mood, and an antagonist must take ketamine's effect away."""
    seen = case.see(_SESSION, case.entry.looks[0])
    full = seen.at("ketamine", "severity.drug", _DAY)
    alone = summary("agonist alone over ketamine", seen.at("methadone alone", "severity.drug", _DAY) / full)
    lost = summary(
        "drug effect lost under naltrexone", 1 - seen.at("ketamine + naltrexone", "severity.drug", _DAY) / full
    )
    holds = abs(alone.value) < case.bar("nothing") and lost.value > case.bar("most")
    return case.rule(
        Verdict.CONSISTENT if holds else Verdict.CONTRADICTED,
        f"With {case.entry.looks[0]} an opioid agonist alone gives {alone.value:.1%} of ketamine's drug effect, and naltrexone takes "
        f"{lost.value:.0%} of it: necessary, not sufficient.",
        alone,
        lost,
    )


def receptors_tire(case: Case) -> Ruling:
    """Mu sensitivity over twice-weekly dosing, under a card that lets receptors tire."""
    seen = case.see("course", "mu-agonist")
    states = seen.of("twice weekly", "state.circuit.desensitised")
    days = case.all_stated("days")
    first, last = (summary(f"sensitivity lost, day {day:g}", states[seen.visit(day * _DAY)]) for day in days)
    grows = last.value > first.value > 0
    return case.rule(
        Verdict.CONSISTENT if grows else Verdict.CONTRADICTED,
        f"Mu sensitivity lost grows from {first.value:.2%} on day {days[0]:g} to {last.value:.2%} on day {days[1]:g} of twice-weekly dosing. The "
        "direction follows the rat; the rate is assumed.",
        last,
        first,
    )


def release_needs_mu(case: Case) -> Ruling:
    """What naltrexone takes from the day-1 change if ketamine worked by releasing opioids, against what a trial found."""
    seen = case.see(_SESSION, "opioid-release")
    lost = summary("share of the day-1 change lost", _attenuation(seen))
    found = case.number("attenuation") / 100
    error = found / np.sqrt(case.number("f"))
    near = (lost.low or 0.0) <= found + Z * error and (lost.high or 0.0) >= found - Z * error
    return case.rule(
        Verdict.CONSISTENT if near else Verdict.CONTRADICTED,
        f"The card predicts a loss of {lost.value:.0%} ({lost.low:.0%} to {lost.high:.0%}); the trial found {found:.0%} "
        f"(standard error {error:.0%}). The same loss follows from a gate or from a mu-dependent placebo response.",
        lost,
        Reckoned("share lost in the trial", found, "1", found - Z * error, found + Z * error),
    )


def fraction_lost(case: Case) -> Ruling:
    """How much of the effect naltrexone takes in the larger trial, against 'almost all'; and what each rival predicts."""
    found, f = case.number("attenuation") / 100, case.number("f")
    error = found / np.sqrt(f)
    most = found + Z * error
    rivals = [summary(f"share lost under {card}", _attenuation(case.see(_SESSION, card))) for card in _RIVALS]
    return case.rule(
        Verdict.CONTRADICTED if most < case.bar("almost_all") else Verdict.CONSISTENT,
        f"The larger trial lost {found:.0%} (at most {most:.0%}), not {case.bar('almost_all'):.0%}; and a loss of that size follows from "
        "rivals that give opioids very different parts, so 'requires' is not 'primarily'.",
        Reckoned("share lost in the trial", found, "1", found - Z * error, most),
        *rivals,
    )


def unblinding_needs_waking(case: Case) -> Ruling:
    """Gain over control by belief alone, awake and masked by anaesthesia."""
    seen = case.see(_SESSION, "expectancy")
    awake = summary("gain awake, no pharmacology", _gain(seen, "ketamine", "control"), "point")
    masked = summary("gain masked, no pharmacology", _gain(seen, "masked ketamine", "masked control"), "point")
    apart = awake.value > case.bar("point") and abs(masked.value) < case.bar("point")
    return case.rule(
        Verdict.CONSISTENT if apart else Verdict.CONTRADICTED,
        f"A drug that does nothing but be felt gains {awake.value:.1f} points over its control awake and {masked.value:.1f} masked: an unmasked "
        "control arm cannot exclude it.",
        awake,
        masked,
    )


def slope_of_genotype(case: Case) -> Ruling:
    """Difference of carriers from others in the change of MADRS over the course, beside the slopes reported."""
    (arm,) = case.entry.looks
    seen = case.see("course", "composite")
    numbers: list[Reckoned] = []
    fits = True
    for day in (2, 28):
        hour = (day - 1) * _DAY
        slope = summary(
            f"carriers minus others, day {day}",
            seen.at(f"{arm}, G carriers", "severity.points", hour) - seen.at(arm, "severity.points", hour),
            "point",
        )
        said, error = case.stated(f"slope_day{day}"), _error(case, day)
        fits &= (slope.low or 0.0) - Z * error <= said <= (slope.high or 0.0) + Z * error
        numbers += [slope, Reckoned(f"slope reported, day {day}", said, "point", said - Z * error, said + Z * error)]
    return case.rule(
        Verdict.CONSISTENT if fits else Verdict.CONTRADICTED,
        f"Carriers differ by {numbers[0].value:.1f} points on day 2 and {numbers[2].value:.1f} on day 28 in the default card; reported "
        f"{numbers[1].value:g} and {numbers[3].value:g}.",
        *numbers,
    )


def larger_doses(case: Case) -> Ruling:
    """Gain over control on day 1 by dose, beside which arms of the trial differed from theirs."""
    seen = case.see(_SESSION, "composite")
    gains = {
        dose: summary(f"gain of {dose} mg/kg", _gain(seen, f"ketamine {dose} mg/kg", "control"), "point")
        for dose in ("0.1", "0.2", "1.0")
    }
    gains["0.5"] = summary("gain of 0.5 mg/kg", _gain(seen, "ketamine", "control"), "point")
    apart = [
        row.arm
        for row in case.rows("fava-2020", outcome="hamd6", statistic="p-value", time=1.0)
        if (row.high or row.value) <= 0.05
    ]
    low, high = max(gains["0.1"].value, gains["0.2"].value), min(gains["0.5"].value, gains["1.0"].value)
    return case.rule(
        Verdict.CONSISTENT if high > low else Verdict.CONTRADICTED,
        f"The model gains {', '.join(f'{gains[d].value:.1f} ({d} mg/kg)' for d in sorted(gains))} points over its control on day 1. The trial "
        f"compared each dose with midazolam, not with each other; unadjusted, {len(apart)} of 4 doses differed, 0.1 mg/kg among them.",
        *(gains[dose] for dose in sorted(gains)),
        Reckoned("doses that differed from midazolam, unadjusted", len(apart)),
    )


def enantiomers(case: Case) -> Ruling:
    """Gain of R over S at the same dose and its staying, under the default card and the one that favours R; and a blinded trial."""
    ratios = []
    for card in ("composite", "sigma1-microglia"):
        seen = case.see(_SESSION, card)
        for day in (1, 7):
            r, s = (seen.at(drug, "severity.drug", day * _DAY) for drug in ("arketamine", "esketamine iv"))
            ratios.append(summary(f"R over S drug effect, day {day}, {card}", r / np.maximum(s, np.finfo(float).tiny)))
    gain, p = case.number("difference"), case.number("p")
    return case.rule(
        Verdict.CONSISTENT if any((ratio.low or 0.0) > 1 for ratio in ratios[:2]) else Verdict.CONTRADICTED,
        f"At the same dose R has {ratios[0].value:.2f} of the day-1 effect of S under the default card; the card of sigma-1 says otherwise. "
        f"In the blinded trial R gained {gain:g} points over placebo (P = {p:g}), in the open one {case.number('open_change'):g} over baseline.",
        *ratios,
        Reckoned("blinded difference", gain, "point"),
    )


def other_routes(case: Case) -> Ruling:
    """Peak free drug and day-1 gain of a dose by mouth, muscle and skin, against the same scale by vein."""
    seen = case.see(_SESSION, "composite")
    vein = _gain(seen, "ketamine", "control")
    numbers: list[Reckoned] = []
    for arm in case.entry.looks:
        free = seen.peak(arm, "exposure.ketamine_s") / seen.peak("ketamine", "exposure.ketamine_s")
        numbers.append(summary(f"peak free S over vein, {arm}", free))
        numbers.append(summary(f"day-1 gain over vein, {arm}", _gain(seen, arm, "control") / vein))
    works = all(number.value > case.bar("share") for number in numbers[1::2])
    return case.rule(
        Verdict.CONSISTENT if works else Verdict.NOT_TESTABLE,
        "; ".join(f"{number.name} {number.value:.2f}" for number in numbers) + ".",
        *numbers,
    )


def _gain(seen: Seen, drug: str, control: str) -> NDArray[np.float64]:
    """Points by which each person is better on day 1 with the drug than the same person with the control."""
    return seen.at(control, "severity.points", _DAY) - seen.at(drug, "severity.points", _DAY)


def _attenuation(seen: Seen) -> NDArray[np.float64]:
    """Share of the whole day-1 change, drug and context together, that naltrexone takes from each person."""
    full, less = (seen.at(arm, "severity.improvement", _DAY) for arm in ("ketamine", "ketamine + naltrexone"))
    return 1 - less / full


def _error(case: Case, day: int) -> float:
    """Standard error of a reported slope, from its P or from its share of variance."""
    slope, n = abs(case.stated(f"slope_day{day}")), case.stated(f"n_day{day}")
    if f"p_day{day}" in case.entry.stated:
        return slope / t_of_p(case.stated(f"p_day{day}"), n - 2)
    share = case.stated(f"r2_day{day}") / 100
    return slope / float(np.sqrt(share * (n - 2) / (1 - share)))


CHECKS = (
    dissociation_spared,
    permissive_gate,
    receptors_tire,
    release_needs_mu,
    fraction_lost,
    unblinding_needs_waking,
    slope_of_genotype,
    larger_doses,
    enantiomers,
    other_routes,
)
