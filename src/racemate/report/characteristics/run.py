"""Power run: how a published trial, or a design of the user's own, would fare at several sizes under rival mechanisms."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from racemate.evidence.finding import EvidenceError
from racemate.hypothesis import default
from racemate.model import inform
from racemate.report.run.folder import Run
from racemate.report.run.manifest import Clock, describe, own_cards
from racemate.report.run.trial import distinct, named_as, read, stored
from racemate.trial.analysis import estimand
from racemate.trial.beside import Size
from racemate.trial.characteristics.characterise import MEANING, Characteristics, Extent, characterise
from racemate.trial.characteristics.endpoint import PLACE, Endpoint, choose, question
from racemate.trial.characteristics.world import NULL, NULL_WORLD, SettledWorld, apart, without_study_effects
from racemate.trial.design.protocol import Protocol
from racemate.trial.published import protocol_of
from racemate.trial.replicate import SEED, Report, allow

if TYPE_CHECKING:
    import altair
    import pandas as pd

PEOPLE, REPLICATES, BESIDE, COURSES = (20, 40, 80), 200, 200, 3
FEWEST = 2
"""People per arm below which no spread can be told."""


@dataclass(frozen=True)
class PowerRun(Run):
    """Operating characteristics: data frames ``characteristics`` and ``sizes``, the ``endpoint`` and the ``manifest``."""

    endpoint: Endpoint
    found: Characteristics = field(repr=False)
    manifest: Mapping[str, Any] = field(repr=False)
    inputs: Mapping[str, bytes] = field(default_factory=dict, repr=False)

    @property
    def characteristics(self) -> pd.DataFrame:
        """One row per hypothesis, analysis, size and measure: value, Monte-Carlo error and replicates."""
        return self.found.characteristics

    @property
    def sizes(self) -> pd.DataFrame:
        """Fewest people that reach the target, by hypothesis and analysis, with a 95 % interval; empty without a target."""
        return self.found.sizes

    def tables(self) -> dict[str, pd.DataFrame]:
        """The data frames by name."""
        return {"characteristics": self.characteristics, "sizes": self.sizes}

    def figures(self) -> dict[str, altair.TopLevelMixin]:
        """The success rate by number of people."""
        from racemate.report.characteristics.curve import draw

        return {"figure": draw(self)}

    def _repr_html_(self) -> str:
        return f"<h3>{self.manifest['trial']}</h3>{self.sizes.to_html(index=False)}{self.characteristics.to_html(index=False)}"


def power(
    trial: str | Path | Protocol,
    hypotheses: Iterable[str] | None = None,
    people: Sequence[int] = PEOPLE,
    replicates: int = REPLICATES,
    seed: int = SEED,
    *,
    target: float | None = None,
    typical: bool = False,
    analyses: Iterable[str] | None = None,
    outcome: str | None = None,
    at: str | None = None,
    contrast: str | None = None,
    group: str | None = None,
    alpha: float | None = None,
    beside: int = BESIDE,
    courses: int | None = COURSES,
    progress: Report | None = None,
    jobs: int | None = None,
    posterior: str | None = None,
) -> PowerRun:
    """Power, type I error, bias, coverage and the probability of the published pattern, by number of people per arm.

    ``people`` are the sizes (of the whole trial for a crossover); with a ``target`` the smallest size from the least to the largest
    of them that reaches it.  ``typical`` puts population parameters at their medians and study effects at their centre (power);
    without it both are drawn (assurance).  ``analyses``, ``outcome``, ``at``, ``contrast``, ``group`` and ``alpha`` choose the
    comparison; left out, the protocol's own.  ``beside`` people per arm, who are in no trial, tell the true difference.  Other
    arguments are those of `racemate.replicate` (``posterior`` among them), the default of ``hypotheses`` but one card.  Raises EvidenceError and HypothesisError
    for what cannot be run.
    """
    from racemate.simulate.grid import TRIAL_TOLERANCE

    clock = Clock()
    told, inputs = read(trial)
    protocol = told if isinstance(told, Protocol) else protocol_of(told)
    named = [hypotheses] if isinstance(hypotheses, str) else hypotheses
    names = [default()] if named is None else list(named)
    extent = Extent(tuple(people), replicates, seed, beside, typical)
    _allow(extent, target, courses)
    distinct(names)
    models = {model.hypothesis.name: model for model in (inform(name, posterior) for name in names)}
    endpoint = choose(protocol, analyses, outcome, at, contrast, group, alpha)

    def world(name: str, null: bool) -> SettledWorld:
        model = without_study_effects(models[name]) if typical else models[name]
        return SettledWorld(
            f"{name}, null" if null else name, model, seed, jobs, courses, TRIAL_TOLERANCE, typical=typical, null=null
        )

    found = characterise(protocol, endpoint, list(models), world, extent, target, progress)
    arguments: dict[str, Any] = {
        "trial": named_as(trial),
        "hypotheses": names,
        "people": ",".join(map(str, extent.people)),
        "replicates": replicates,
        "seed": seed,
        "target": target,
        "outcome": outcome,
        "at": at,
        "contrast": contrast,
        "group": group,
        "alpha": alpha,
        "beside": beside,
        "courses": courses or "all",
        "posterior": posterior,
    }
    inputs = {**inputs, **own_cards(names)}
    drugs = {dose.drug for arm in protocol.conditions for dose in arm.doses}
    sources = () if isinstance(told, Protocol) else told.sources
    manifest = describe("power", arguments, models.values(), drugs, sources, inputs, clock, typical)
    flags = ["--typical" if typical else "--uncertain"]
    flags += [word for test in analyses or () for word in ("--analysis", test)]
    manifest["command_line"] += f" {shlex.join(flags)}"
    manifest["arguments"] |= {"typical": typical, "analyses": list(endpoint.tests)}
    return PowerRun(endpoint, found, {**manifest, **_stated(protocol, endpoint, extent, TRIAL_TOLERANCE)}, inputs)


def repeat(manifest: Mapping[str, Any], folder: Path, progress: Report | None, jobs: int | None) -> PowerRun:
    """Run again what a manifest tells, from the copies of the user's own files in its folder."""
    told = stored(manifest, folder)
    sizes = tuple(int(size) for size in told["people"].split(","))
    courses = None if told["courses"] == "all" else told["courses"]
    return power(**{**told, "people": sizes, "courses": courses}, progress=progress, jobs=jobs)


def _stated(protocol: Protocol, endpoint: Endpoint, extent: Extent, tolerance: float) -> dict[str, Any]:
    """What the numbers are of, in words."""
    return {
        "trial": protocol.id,
        "crossover": protocol.crossover,
        "endpoint": asdict(endpoint),
        "estimands": [
            {"analysis": test, "estimand": str(estimand.of(protocol, question(protocol, endpoint, test)))}
            for test in endpoint.tests
        ],
        "estimand_of_the_trial": estimand.set_out(protocol),
        "success": extent.success,
        "meaning": MEANING[extent.success],
        "null_world": {"statement": NULL_WORLD, "zero": list(NULL)},
        "arms_differ_in": list(apart(protocol, endpoint.first, endpoint.second)),
        "truth": f"the same comparison among {extent.beside} people per arm who are in no trial, had nobody left",
        "tolerance": tolerance,
    }


def _allow(extent: Extent, target: float | None, courses: int | None) -> None:
    """Refuse numbers that nobody can run; raises EvidenceError."""
    if not extent.people:
        raise EvidenceError(PLACE, "people", "none", "at least one number of people per arm")
    for people in extent.people:
        allow(Size(people, extent.replicates, extent.seed, courses))
        if people < FEWEST:
            raise EvidenceError(PLACE, "people", repr(people), f"at least {FEWEST} per arm")
    if list(extent.people) != sorted(set(extent.people)):
        raise EvidenceError(PLACE, "people", ",".join(map(str, extent.people)), "each size once, ascending")
    allow(Size(extent.beside, extent.replicates, extent.seed, courses))
    if extent.beside < FEWEST:
        raise EvidenceError(PLACE, "beside", repr(extent.beside), f"at least {FEWEST} per arm")
    if target is not None and not 0 < target < 1:
        raise EvidenceError(PLACE, "target", repr(target), "a share between 0 and 1")
    if target is not None and len(extent.people) < 2:
        raise EvidenceError(
            PLACE, "people", str(min(extent.people)), "two sizes with a target: the least and the largest"
        )
