"""Calibration: the whole inference of one card put to simulated evidence, as a run with tables and a figure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from racemate.code import code
from racemate.evidence.finding import EvidenceError
from racemate.infer.check import short, uniform
from racemate.infer.check.ranks import (
    FAULTS,
    FULL,
    SETS,
    Agreement,
    Progress,
    Rank,
    agree_all,
    apart,
    check,
    quantities,
    rank_all,
)
from racemate.infer.fit import problem
from racemate.infer.targets.read import again, read
from racemate.infer.targets.target import Targets
from racemate.model import bind
from racemate.report.run.folder import MANIFEST, Run, RunFolderError, records
from racemate.report.run.manifest import Clock, describe, own_cards, stored_card

if TYPE_CHECKING:
    import altair
    import pandas as pd

HIGHEST = short.DRAWS // short.THIN
"""The highest rank: as many draws are ranked."""
BINS = 16
_FEWEST = 20


@dataclass(frozen=True)
class CalibrationRun(Run):
    """Ranks of every sampled quantity over simulated evidence bases, and some short fits beside full ones."""

    names: tuple[str, ...]
    ranks: list[Rank] = field(repr=False)
    agreement: list[Agreement] = field(repr=False)
    stated: Mapping[str, Any] = field(repr=False)
    inputs: Mapping[str, bytes] = field(default_factory=dict, repr=False)

    @cached_property
    def manifest(self) -> Mapping[str, Any]:  # pyright: ignore[reportIncompatibleVariableOverride] read only in both
        """What was run, and what came of it."""
        return {**self.stated, "result": self.result}

    @cached_property
    def quantities(self) -> pd.DataFrame:
        """One row per quantity: p-value of uniform ranks, corrected for all rows, and the posterior's mean standard deviation."""
        import pandas as pd

        found = np.array([one.rank for one in self.ranks])
        p = uniform.p_values(found, HIGHEST)
        corrected = uniform.holm(p)
        return pd.DataFrame(
            {
                "quantity": self.names,
                "p_value": p,
                "p_corrected": corrected,
                "uniform": corrected > uniform.LEVEL,
                "mean_rank": found.mean(axis=0) / HIGHEST,
                "mean_sd": np.mean([one.sd for one in self.ranks], axis=0),
                "least_effective": np.min([one.effective for one in self.ranks], axis=0),
            }
        )

    @cached_property
    def histogram(self) -> pd.DataFrame:
        """One row per quantity and bin of ranks: how many evidence bases fell there."""
        import pandas as pd

        width = (HIGHEST + 1) // BINS
        counts = np.stack(
            [np.bincount(column // width, minlength=BINS) for column in np.array([r.rank for r in self.ranks]).T]
        )
        rows = [
            {"quantity": name, "rank_from": b * width, "rank_to": (b + 1) * width - 1, "count": int(counts[k, b])}
            for k, name in enumerate(self.names)
            for b in range(BINS)
        ]
        return pd.DataFrame(rows)

    @cached_property
    def agreed(self) -> pd.DataFrame:
        """One row per evidence base fitted twice and quantity: the short fit beside the full one, and corrected p-values of their gaps."""
        import pandas as pd

        rows: list[dict[str, Any]] = []
        if self.agreement:
            shift, ratio, p = apart(self.agreement)
            size = len(self.names)
            rows = [
                {
                    "set": k,
                    "quantity": name,
                    "short_mean": one.short.mean[q],
                    "full_mean": one.full.mean[q],
                    "short_sd": one.short.sd[q],
                    "full_sd": one.full.sd[q],
                    "shift": shift[k, q],
                    "sd_ratio": ratio[k, q],
                    "p_mean": p[k, q],
                    "p_sd": p[k, size + q],
                }
                for k, one in enumerate(self.agreement)
                for q, name in enumerate(self.names)
            ]
        return pd.DataFrame(rows)

    @cached_property
    def result(self) -> dict[str, Any]:
        """The verdict in numbers."""
        rows, twice = self.rows("quantities"), records(self.agreed)
        failed = [row["quantity"] for row in rows if not row["uniform"]]
        told: dict[str, Any] = {
            "passed": not failed,
            "sets": len(self.ranks),
            "quantities": len(self.names),
            "not_uniform": failed,
            "level": uniform.LEVEL,
            "correction": "Holm, over all quantities",
            "least_p_corrected": min(row["p_corrected"] for row in rows),
            "least_effective": min(row["least_effective"] for row in rows),
            "divergent": sum(one.divergent for one in self.ranks),
            "divergent_of": len(self.ranks) * short.DRAWS,
        }
        if twice:
            least = min(min(row["p_mean"], row["p_sd"]) for row in twice)
            ratios = [row["sd_ratio"] for row in twice]
            told["short_beside_full"] = {
                "sets": len(self.agreement),
                "largest_shift": max(abs(row["shift"]) for row in twice),
                "sd_ratio": [min(ratios), max(ratios)],
                "least_p_corrected": least,
                "agree": least > uniform.LEVEL,
                "refused_full_fits": [list(one.reasons) for one in self.agreement if one.reasons],
            }
        return told

    def tables(self) -> dict[str, pd.DataFrame]:
        """The data frames by name."""
        found = {"quantities": self.quantities, "histogram": self.histogram}
        return found | ({"agreement": self.agreed} if self.agreement else {})

    def figures(self) -> dict[str, altair.TopLevelMixin]:
        """Rank histograms of every quantity, and their distribution functions within the band that passes."""
        from racemate.report.check.ranks import draw, heights

        return {"figure": draw(self), "heights": heights(self)}


def calibration(
    card: str | None = None,
    targets: Targets | None = None,
    sets: int = SETS,
    full: int = FULL,
    seed: int = 1,
    fault: str | None = None,
    progress: Progress | None = None,
    jobs: int | None = None,
    anew: str = "",
) -> CalibrationRun:
    """Simulation-based calibration of the fit of one card (default: the default card) to the targets (default: every calibration trial).

    ``sets`` evidence bases are simulated from the prior and fitted briefly, the first ``full`` of them in full too.  ``fault`` plants one of
    `FAULTS` in the fit.  Ranks are taken from disk where a run with the same ``anew`` left them.  Raises EvidenceError for numbers that
    cannot be run.
    """
    clock = Clock()
    _allow(sets, full, seed, fault)
    model, goal = bind(card), targets or read()
    likelihood = problem(card, goal, progress=progress)
    given = check(likelihood, seed, fault)
    ranks = rank_all(
        given,
        _mark(model.hypothesis.model_dump_json(), likelihood.targets, model.evidence_hash, fault) + anew,
        sets,
        jobs,
        progress,
    )
    agreement = agree_all(given, full, jobs, progress) if full else []
    name = card or model.hypothesis.name
    arguments = {"hypothesis": name, "trials": goal.scope, "only": None if goal.only is None else list(goal.only)}
    arguments |= {"sets": sets, "full": full, "seed": seed, "plant": fault}
    inputs = own_cards([name])
    manifest = describe("calibration", arguments, [model], [], [], inputs, clock) | {
        "targets": len(likelihood.targets),
        "fitted": list(likelihood.predictor.unknowns.trials),
        "short_fit": {"warmup": short.WARMUP, "draws": short.DRAWS, "ranked": HIGHEST},
        "full_fit": {"chains": short.FULL_CHAINS, "warmup": short.FULL_WARMUP, "draws": short.FULL_DRAWS},
        "fault": fault,
    }
    return CalibrationRun(quantities(likelihood), ranks, agreement, manifest, inputs)


def repeat(manifest: Mapping[str, Any], folder: Path, progress: Progress | None, jobs: int | None) -> CalibrationRun:
    """Run again what a manifest tells, from the copy of the user's own card in its folder; no rank is taken from the run itself."""
    told = manifest["arguments"]
    if "only" not in told:
        raise RunFolderError(str(folder / MANIFEST), "arguments.only", "nothing", "the trials; this run is too old")
    card = stored_card(told["hypothesis"], folder)
    return calibration(
        card, again(told), told["sets"], told["full"], told["seed"], told["plant"], progress, jobs, manifest["started"]
    )


def _mark(*told: object) -> str:
    """What ranks depend on beside seed and index: card, targets, evidence, fault and the code that simulates and samples."""
    parts = ("infer/check/ranks.py", "infer/check/short.py", "infer/compare/synthetic.py", "infer/likelihood")
    return repr((told, code(*parts)))


def _allow(sets: int, full: int, seed: int, fault: str | None) -> None:
    if sets < _FEWEST:
        raise EvidenceError("calibration", "sets", str(sets), f"at least {_FEWEST} evidence bases")
    if not 0 <= full <= sets:
        raise EvidenceError("calibration", "full", str(full), f"from 0 to {sets}, the evidence bases there are")
    if not 0 <= seed < 2**32:
        raise EvidenceError("calibration", "seed", str(seed), "a whole number from 0 to 4294967295")
    if fault is not None and fault not in FAULTS:
        raise EvidenceError("calibration", "plant", repr(fault), f"one of {', '.join(FAULTS)}")
