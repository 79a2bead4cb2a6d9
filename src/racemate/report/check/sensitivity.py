"""Sensitivity: on which parameters a prediction hangs, as a run with a table and a figure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from racemate.evidence.finding import EvidenceError
from racemate.infer.check.sensitivity import BASE, RESAMPLES, Indices, Progress, indices, regimens
from racemate.model import bind
from racemate.report.run.folder import Run
from racemate.report.run.manifest import Clock, describe, own_cards, stored_card

if TYPE_CHECKING:
    import altair
    import pandas as pd

_FEWEST, _MOST = 32, 16384


@dataclass(frozen=True)
class SensitivityRun(Run):
    """Sobol indices of the MADRS change: data frames ``indices`` and ``outcomes``, and the ``manifest``."""

    found: Indices = field(repr=False)
    manifest: Mapping[str, Any] = field(repr=False)
    inputs: Mapping[str, bytes] = field(default_factory=dict, repr=False)

    @property
    def indices(self) -> pd.DataFrame:
        """One row per outcome and parameter, the largest total index first; errors are bootstrap standard errors."""
        import pandas as pd

        f = self.found
        rows = [
            {
                "regimen": regimen,
                "day": day,
                "parameter": name,
                "first": f.first[p, o],
                "first_error": f.first_error[p, o],
                "total": f.total[p, o],
                "total_error": f.total_error[p, o],
                "first_half": f.first_half[p, o],
                "total_half": f.total_half[p, o],
            }
            for o, (regimen, day) in enumerate(f.outcomes)
            for p, name in sorted(enumerate(f.parameters), key=lambda at, o=o: -f.total[at[0], o])
        ]
        return pd.DataFrame(rows)

    @property
    def outcomes(self) -> pd.DataFrame:
        """One row per outcome: mean and standard deviation of the change over the prior, points; sums of the indices."""
        import pandas as pd

        f = self.found
        rows = [
            {
                "regimen": regimen,
                "day": day,
                "mean": f.mean[o],
                "sd": f.sd[o],
                "sum_first": f.first[:, o].sum(),
                "sum_total": f.total[:, o].sum(),
            }
            for o, (regimen, day) in enumerate(f.outcomes)
        ]
        return pd.DataFrame(rows)

    def tables(self) -> dict[str, pd.DataFrame]:
        """The data frames by name."""
        return {"indices": self.indices, "outcomes": self.outcomes}

    def figures(self) -> dict[str, altair.TopLevelMixin]:
        """The largest indices of each outcome."""
        from racemate.report.check.bars import draw

        return {"figure": draw(self)}


def sensitivity(
    card: str | None = None, base: int = BASE, seed: int = 1, progress: Progress | None = None, jobs: int | None = None
) -> SensitivityRun:
    """Sobol indices of the day-1 and day-28 MADRS change to the population parameters of one card (default: the default card).

    ``base`` rows of the base samples, a power of two; as many typical people as that times the acting parameters and two are simulated.
    Raises EvidenceError for numbers that cannot be run.
    """
    clock = Clock()
    if not (_FEWEST <= base <= _MOST and base & (base - 1) == 0):
        raise EvidenceError("sensitivity", "base", str(base), f"a power of two from {_FEWEST} to {_MOST}")
    if not 0 <= seed < 2**32:
        raise EvidenceError("sensitivity", "seed", str(seed), "a whole number from 0 to 4294967295")
    model, given = bind(card), regimens()
    found = indices(model, given, base, seed, jobs, progress)
    name = card or model.hypothesis.name
    arguments, inputs = {"hypothesis": name, "base": base, "seed": seed}, own_cards([name])
    manifest = describe("sensitivity", arguments, [model], [one.drug for one in given], [], inputs, clock)
    manifest |= {
        "acting": len(found.parameters),
        "with_prior": sum(bound.prior is not None for bound in model.bound.values()),
        "resamples": RESAMPLES,
        "person": "typical; no study effect, no difference between people",
        "regimens": {one.name: {"context": one.trial.context} for one in given},
        "largest_error": float(found.total_error.max()),
    }
    return SensitivityRun(found, manifest, inputs)


def repeat(manifest: Mapping[str, Any], folder: Path, progress: Progress | None, jobs: int | None) -> SensitivityRun:
    """Run again what a manifest tells, from the copy of the user's own card in its folder."""
    told = manifest["arguments"]
    return sensitivity(stored_card(told["hypothesis"], folder), told["base"], told["seed"], progress, jobs)
