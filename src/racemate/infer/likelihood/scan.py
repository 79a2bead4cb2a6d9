"""Scan: what spectroscopy saw of glutamate after an infusion, as a function of the few parameters that move it.

The reference dose is run once per card for draws from the priors.  Glutamate rises in proportion to one gain, whose only source is one
of these scans: its prior would be that scan again.  In a fit the gain is therefore free over its range, and height and duration of
the rise are both told by scans.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from racemate.evidence.prior import Prior
from racemate.infer.likelihood.surrogate import basis, held_out, screen, solve
from racemate.infer.likelihood.upstream import DRAWS, Progress, places, remembered
from racemate.infer.targets.target import Target, Targets
from racemate.model import Model
from racemate.people import random
from racemate.people.cohort import draw
from racemate.simulate.run import reference_plan, run

Floats = NDArray[np.float64]
READING, GAIN = "circuit.glutamate", "circuit.glutamate_per_excitation"
SCREENED, PEOPLE = 4, 8
"""Parameters kept, and people whose mean a scan sees; the same people in every draw, so that only the parameters move it."""
_BEFORE = ("concentration", "occupancy", "circuit")
"""Links whose parameters can move glutamate."""
SOFT = 0.3
"""Rises are taken to log(percent per gain + SOFT): two percent at the typical gain, below which scans see little."""
_PEAK = "peak"
_WATCHED = tuple(float(minute) / 60 for minute in range(10, 125, 5))
"""Hours since the start of the infusion among which the peak is looked for."""
_PERCENT = 100.0
_BEYOND = 0.5
"""How far (log scale) a rise may leave the range that was run."""
_ENDS = 4.0
"""Standard deviations from end to end of the law of a gain that nothing but its range is known of."""


@dataclass(frozen=True)
class Scans:
    """Rises per gain from ``names`` (inputs,), standard normal a priori; ``missed`` is the error of the surrogate, log scale."""

    names: tuple[str, ...] = ()
    coefficient: Floats = field(default_factory=lambda: np.zeros((0, 1)))
    missed: Floats = field(default_factory=lambda: np.zeros(0))
    low: Floats = field(default_factory=lambda: np.zeros(0))
    high: Floats = field(default_factory=lambda: np.zeros(0))
    freed: Mapping[str, Prior] = field(default_factory=dict[str, Prior])

    def __call__(self, place: Any, v: Mapping[str, Any], xp: Any) -> Any:
        """Rise in percent and the error that the surrogate adds to it, shape (2, scans)."""
        if not self.names:
            return ()
        per_gain = xp.exp(xp.clip(self.coefficient @ bent(place, xp), self.low, self.high))
        return v[GAIN] * xp.stack([per_gain - SOFT, self.missed * per_gain])


NO_SCANS = Scans()


def learn(model: Model, targets: Targets, seed: int, draws: int = DRAWS, progress: Progress | None = None) -> Scans:
    """Fit the surrogate of all scans among the targets and measure it on draws it has not seen."""
    scans = [one for one in targets.targets if one.kind == "scan"]
    prior = model.bound[GAIN].prior
    if not scans or prior is None:
        return NO_SCANS
    if progress is not None:
        progress("scans", 0, 1)
    risen = watched(model, scans, seed, draws)
    gain = model.bound[GAIN].quantile(random.uniform(seed, f"population:{GAIN}", np.arange(draws)))
    y = np.log(np.maximum(risen / gain, 0.0) + SOFT)
    open_ = (name for name, bound in model.bound.items() if bound.prior is not None and name != GAIN)
    known = tuple(name for name in open_ if name.partition(".")[0] in _BEFORE)
    place = np.stack([places(seed, name, draws) for name in known])
    names = screen(known, place, y, SCREENED)
    design = bent(place[[known.index(name) for name in names]], np)
    return Scans(
        names,
        solve(design, y),
        held_out(design, y).std(axis=1),
        y.min(axis=1) - _BEYOND,
        y.max(axis=1) + _BEYOND,
        {GAIN: free(prior)},
    )


def bent(place: Any, xp: Any) -> Any:
    """The basis of the other surrogate and a cube of each place: a rise bends twice, at zero and at its height."""
    return xp.concatenate([basis(place, xp), place**3])


def watched(model: Model, scans: list[Target], seed: int, draws: int, people: int = PEOPLE) -> Floats:
    """Rise of glutamate over rest in percent as each scan sees it, mean over people, shape (scans, draws)."""
    hours = np.array(sorted({*_WATCHED, *(one.hour for one in scans if one.statistic != _PEAK)}))

    def made() -> dict[str, Floats]:
        drawn = draw(model, seed, np.tile(np.arange(people), draws), np.repeat(np.arange(draws), people))
        plan = replace(reference_plan(drawn.people), visits_h=hours)
        level = run(drawn, plan, (READING,))[READING].reshape(len(hours), draws, people).mean(axis=2)
        return {"risen": _PERCENT * (level - 1)}

    risen = remembered(model, (READING, hours.tolist(), seed, draws, people), made)["risen"]
    early = np.isin(hours, _WATCHED)
    return np.stack([risen[early].max(axis=0) if o.statistic == _PEAK else risen[hours == o.hour][0] for o in scans])


def free(prior: Prior) -> Prior:
    """A law that knows no more of a positive number than its range."""
    low, high = np.log(prior.low), np.log(prior.high)
    return replace(prior, law="lognormal", location=float(low + high) / 2, scale=float(high - low) / _ENDS)
