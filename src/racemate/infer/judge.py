"""Judge: whether draws may be believed: chains agree (R-hat), are long enough (effective draws) and met no place they could not follow.

Limits after vehtari-2021: R-hat below 1.01 and at least 100 effective draws per chain, in the bulk and in the tails.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from racemate.infer.sample import Chains

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Limits:
    """What draws must meet: largest R-hat, fewest effective draws per chain, largest share of divergent trajectories."""

    rhat: float = 1.01
    ess_per_chain: float = 100.0
    divergent: float = 0.005


STRICT = Limits()
QUICK = Limits(rhat=1.05, ess_per_chain=25.0, divergent=0.02)
"""For a look on the way: good enough to see medians, not to ship."""


@dataclass(frozen=True)
class Verdict:
    """Diagnostics of one fit: per unknown R-hat and effective draws (the smaller of bulk and tail), and the reasons to refuse it."""

    rhat: Floats
    ess: Floats
    divergent: int
    reasons: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether nothing speaks against the draws."""
        return not self.reasons

    def numbers(self) -> dict[str, float | int]:
        """The worst of each, for a manifest."""
        return {"rhat": float(self.rhat.max()), "ess": float(self.ess.min()), "divergent": self.divergent}


def judge(chains: Chains, limits: Limits = STRICT) -> Verdict:
    """Judge every unknown, nameless ones included."""
    from arviz_base import from_dict
    from arviz_stats.sampling_diagnostics import ess, rhat

    tree = from_dict({"posterior": {"place": chains.place}})
    agree = np.asarray(rhat(tree)["place"])
    enough = np.minimum(*(np.asarray(ess(tree, method=way)["place"]) for way in ("bulk", "tail")))
    diverged = chains.statistics["diverging"].astype(bool)
    reasons: list[str] = []
    if not (agree < limits.rhat).all():
        reasons.append(f"R-hat {agree.max():.3f}, allowed: below {limits.rhat:g}")
    least = limits.ess_per_chain * len(chains.place)
    if not (enough >= least).all():
        reasons.append(f"{enough.min():.0f} effective draws, allowed: at least {least:g}")
    if diverged.mean() > limits.divergent:
        reasons.append(f"{diverged.sum()} divergent of {diverged.size}, allowed: at most {limits.divergent:.1%}")
    return Verdict(agree, enough, int(diverged.sum()), tuple(reasons))
