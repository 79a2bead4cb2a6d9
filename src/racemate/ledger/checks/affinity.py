"""How strongly drugs bind: ratios of the numbers a document quotes, and of the pooled priors."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np
from numpy.typing import NDArray

from racemate.evidence.finding import EvidenceError
from racemate.evidence.prior import Prior
from racemate.ledger.case import Case
from racemate.ledger.record import Reckoned, Ruling, Verdict
from racemate.ledger.virtual import summary

_GRID = 201
"""Points per prior on which a joint probability is summed."""


def affinity_gap(case: Case) -> Ruling:
    """Mu over NMDA Ki over all pairs the document quotes, against the gap it draws from them; then from the pooled priors."""
    low, high = case.all_stated("gap")
    weakest, strongest = case.all_stated("nmda_s"), case.all_stated("mor_s")
    single = (min(strongest) / max(weakest), max(strongest) / min(weakest))
    racemate = case.all_stated("nmda_racemate")
    both = (case.stated("mor_racemate") / max(racemate), case.stated("mor_racemate") / min(racemate))
    pooled = _ratio(case, "occupancy.kd_mor_s", "occupancy.kd_nmda_s")
    inside = low / case.bar("slack") <= min(single + both) and max(single + both) <= high * case.bar("slack")
    agrees = pooled.low is not None and pooled.high is not None and pooled.low <= high and pooled.high >= low
    verdict = Verdict.INTERNALLY_INCONSISTENT if not inside else Verdict.CONSISTENT if agrees else Verdict.CONTRADICTED
    return case.rule(
        verdict,
        f"The numbers quoted give {single[0]:.0f}- to {single[1]:.0f}-fold for S and {both[0]:.0f}- to {both[1]:.0f}-fold for the "
        f"racemate, the text says {low:.0f}- to {high:.0f}-fold; the pooled priors give {pooled.value:.0f}-fold.",
        Reckoned("largest ratio quoted, S", single[1]),
        Reckoned("smallest ratio quoted, S", single[0]),
        Reckoned("smallest ratio quoted, racemate", both[0]),
        Reckoned("largest ratio quoted, racemate", both[1]),
        pooled,
    )


def rank_of_opioids(case: Case) -> Ruling:
    """Racemate Ki at mu, kappa and delta, from one laboratory's claims about S-ketamine and the enantiomers' ratio."""
    laboratory = "hirota-1999"
    mor = _racemate(_value(case, "occupancy.kd_mor_s", laboratory), _middle(case, "occupancy.r_on_kd_mor"))
    kor = _racemate(_value(case, "occupancy.kd_kor_s", laboratory), _middle(case, "occupancy.r_on_kd_kor"))
    dor = _value(case, "occupancy.kd_dor", laboratory)
    weaker = {"kappa": kor > mor, "delta": dor > mor}
    verdict = Verdict.CONSISTENT if all(weaker.values()) else Verdict.CONTRADICTED
    wrong = [name for name, holds in weaker.items() if not holds]
    return case.rule(
        verdict,
        f"In one laboratory the racemate binds kappa at {kor:.0f}, mu at {mor:.0f} and delta at {dor:.0f} umol/L"
        + (f", so {' and '.join(wrong)} is stronger than mu." if wrong else ", so both are weaker than mu."),
        Reckoned("kappa over mu", kor / mor),
        Reckoned("delta over mu", dor / mor),
    )


def equal_affinity(case: Case) -> Ruling:
    """Probability, under the pooled priors, that every Ki the entry needs lies within a factor of every other."""
    share = _within([_grid(case.prior(name)) for name in case.entry.needs], case.bar("factor"))
    first, *others = case.entry.needs
    gaps = [_ratio(case, name, first) for name in others]
    verdict = (
        Verdict.CONSISTENT
        if share > case.bar("likely")
        else Verdict.CONTRADICTED
        if share < case.bar("unlikely")
        else Verdict.NOT_TESTABLE
    )
    return case.rule(
        verdict,
        f"With probability {share:.3f} the {len(case.entry.needs)} Ki lie within a factor of {case.bar('factor'):.0f}; "
        + ", ".join(f"{gap.name} {gap.value:.0f}" for gap in gaps)
        + ".",
        Reckoned("probability of equal strength", share),
        *gaps,
    )


def fold_over_ketamine(case: Case) -> Ruling:
    """Ki of ketamine over Ki of another blocker, source by source, each pair from one laboratory."""
    said = case.stated("fold")
    pairs = sorted(name.removeprefix("ketamine_") for name in case.entry.published if name.startswith("ketamine_"))
    folds = {pair: case.number(f"ketamine_{pair}") / case.number(f"blocker_{pair}") for pair in pairs}
    middle = prod(folds.values()) ** (1 / len(folds))
    off = max(middle / said, said / middle)
    verdict = (
        Verdict.REPRODUCED
        if min(folds.values()) <= said <= max(folds.values()) and off < case.bar("same")
        else Verdict.CONSISTENT
        if off < case.bar("order")
        else Verdict.CONTRADICTED
    )
    told = ", ".join(f"{fold:.0f}-fold ({pair})" for pair, fold in folds.items())
    return case.rule(
        verdict,
        f"{told}; together {middle:.0f}-fold against {said:.0f}-fold. It says nothing of ketamine's own selectivity.",
        Reckoned("fold, geometric mean", middle, "1", min(folds.values()), max(folds.values())),
        *(Reckoned(f"fold, {pair}", fold) for pair, fold in folds.items()),
    )


def enantiomer_ratio(case: Case) -> Ruling:
    """R over S Ki at the NMDA receptor, against the ratio that the words of the document ask for."""
    low, middle, high = (float(x) for x in case.prior("occupancy.r_on_kd_nmda").quantile(np.array([0.05, 0.5, 0.95])))
    least = case.bar("ratio")
    verdict = Verdict.CONSISTENT if low > least else Verdict.CONTRADICTED if high < least else Verdict.NOT_TESTABLE
    return case.rule(
        verdict,
        f"R-ketamine binds {middle:.1f}-fold ({low:.1f} to {high:.1f}) more weakly than S-ketamine; the words ask for at least "
        f"{least:g}-fold.",
        Reckoned("R over S Ki", middle, "1", low, high),
    )


def weak_at_opioids(case: Case) -> Ruling:
    """Probability, under the pooled priors, that the strongest opioid Ki is still weak."""
    weak = case.bar("weak")
    names = ("occupancy.kd_mor_s", "occupancy.kd_kor_s", "occupancy.kd_dor")
    shares = {name: float(np.mean(_grid(case.prior(name)) > weak)) for name in names}
    least = min(shares, key=shares.__getitem__)
    verdict = Verdict.CONSISTENT if shares[least] > case.bar("likely") else Verdict.CONTRADICTED
    return case.rule(
        verdict,
        f"Every opioid Ki is above {weak:g} umol/L with probability of at least {shares[least]:.2f} ({least}).",
        Reckoned("least probability of a weak Ki", shares[least]),
    )


def _ratio(case: Case, above: str, below: str) -> Reckoned:
    top, bottom = _grid(case.prior(above)), _grid(case.prior(below))
    name = f"pooled {above.partition('.')[2]} over {below.partition('.')[2]}"
    return summary(name, (top[:, None] / bottom[None, :]).ravel())


def _grid(prior: Prior) -> NDArray[np.float64]:
    return prior.quantile((np.arange(_GRID) + 0.5) / _GRID)


def _within(grids: Sequence[NDArray[np.float64]], factor: float) -> float:
    """Share of all combinations of the grids that lie within a factor of each other."""
    axes = np.ix_(*(np.log(grid) for grid in grids))
    high, low = axes[0], axes[0]
    for axis in axes[1:]:
        high, low = np.maximum(high, axis), np.minimum(low, axis)
    return float(np.mean(high - low <= np.log(factor)))


def _value(case: Case, name: str, source: str) -> float:
    value = case.claim_of(name, source).value
    if isinstance(value, tuple):
        raise EvidenceError(case.parameter(name).file, name, "a list", "one number")
    return value


def _middle(case: Case, name: str) -> float:
    return float(case.prior(name).quantile(np.array(0.5)))


def _racemate(single: float, ratio: float) -> float:
    """Ki of the racemate from that of S and R over S: half of each, competing for one site."""
    return 2 * single * ratio / (1 + ratio)


CHECKS = (affinity_gap, rank_of_opioids, equal_affinity, fold_over_ketamine, enantiomer_ratio, weak_at_opioids)
