"""What each shipped posterior of the default card has learned, as tables: parameters whose prior spread the trials narrowed, the most first."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from mark import table, write

from racemate import hypothesis, posterior
from racemate.evidence.library import library
from racemate.evidence.prior import carry
from racemate.model import bind
from racemate.posterior import Posterior

LEARNED = 0.75
"""Posterior over prior standard deviation, on the scale of the prior's law, up to which a parameter is shown as learned."""


def write_learned() -> None:
    """Write a page part for each posterior."""
    card = hypothesis.read().name
    for name in posterior.available():
        found = posterior.load(name, card)
        rows = (learned_row(found, each) for each in found.names)
        learned = [row for ratio, row in sorted(rows, key=lambda row: row[0]) if ratio < LEARNED]
        head = ("parameter", "name", "prior", "posterior, 90 %", "learned")
        write(f"learned/{name}.md", f"{learned_head(found.manifest)}\n\n{table(head, learned)}")


def learned_head(fit: Mapping[str, Any]) -> str:
    """What a fit rests on, and how it was judged."""
    judged = fit["diagnostics"]
    parts = [
        f"{fit['targets']} targets of {len(fit['fitted'])} trials",
        f"{fit['effort']['chains']} chains, R-hat at most {judged['rhat']:.3f}, at least {judged['ess']:.0f} effective draws, {judged['divergent']} divergent",
    ]
    if fit["log_evidence"] is not None:
        parts.append(
            f"log marginal likelihood {fit['log_evidence']:.1f} ± {fit['log_evidence_error']:.1f} by tempering"
        )
    return "; ".join(parts) + "."


def learned_row(found: Posterior, name: str) -> tuple[float, tuple[str, ...]]:
    """How much narrower than its prior a parameter has become, and its line: label, name, prior, posterior, that ratio."""
    bound = bind(hypothesis.read()).bound
    one, draws = bound[name.removeprefix(posterior.BETWEEN)], found.draws[:, found.names.index(name)]
    if name.startswith(posterior.BETWEEN):
        assert one.between is not None
        assert one.between.uncertainty is not None
        what, before = f"spread of: {one.name}", one.between.scale
        ratio = float(np.log(draws).std()) / one.between.uncertainty
    else:
        assert one.prior is not None
        what, before = one.name, float(np.asarray(one.typical))
        ratio = float(
            np.std([carry(one.prior.law, value) for value in draws / one.factor]) / np.asarray(one.prior.scale)
        )
    low, middle, high = np.quantile(draws, (0.05, 0.5, 0.95))
    told = f"{middle:.3g} [{low:.3g}, {high:.3g}]"
    return ratio, (library().parameter(one.name).label, f"`{what}`", f"{before:.3g}", told, f"{ratio:.2f}")
