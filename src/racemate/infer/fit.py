"""Fit: one card against all targets: upstream once, then the posterior, its judgement, and the marginal likelihood."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from racemate.code import code
from racemate.hypothesis import Hypothesis
from racemate.infer.judge import QUICK, STRICT, Verdict, judge
from racemate.infer.likelihood import scan
from racemate.infer.likelihood.cells import sheet
from racemate.infer.likelihood.predict import predictor
from racemate.infer.likelihood.relapse import courses
from racemate.infer.likelihood.surrogate import learn
from racemate.infer.likelihood.total import Likelihood, likelihood
from racemate.infer.likelihood.unknowns import unknowns
from racemate.infer.likelihood.upstream import DRAWS as UPSTREAM_DRAWS
from racemate.infer.likelihood.upstream import upstream
from racemate.infer.sample import CHAINS, DRAWS, WARMUP, Chains, curved, nuts
from racemate.infer.targets.read import read
from racemate.infer.targets.target import Targets
from racemate.infer.temper import PARTICLES, RUNS, Evidence, temper
from racemate.model import bind
from racemate.simulate.kept import cache_folder
from racemate.simulate.run import reference_plan
from racemate.simulate.solve import machine

Floats = NDArray[np.float64]
Progress = Callable[[str, int, int], None]
LONGEST = 4
"""Chains that have not met, or are too short, go on: draws are doubled up to this many times the effort's."""
SCOUTS, SCOUTED = 2, 50
"""Scouting runs that a dense fit begins with, the second with what the first one saw; warm-up and draws of each."""
_PACKAGES = ("racemate", "jax", "numpyro", "blackjax", "arviz-stats", "numpy", "scipy")


@dataclass(frozen=True)
class Effort:
    """How long to sample: chains, warm-up and draws of each; repetitions and particles for the marginal likelihood (0: none)."""

    chains: int = CHAINS
    warmup: int = WARMUP
    draws: int = DRAWS
    runs: int = RUNS
    particles: int = PARTICLES
    quick: bool = False
    dense: bool = False
    """Whether the sampler begins with scouting runs, from which it takes how unknowns go together."""


FULL = Effort()
LOOK = Effort(warmup=300, draws=300, runs=2, particles=64, quick=True)


@dataclass(frozen=True)
class Fit:
    """A card after the trials: what it was fitted to, draws, their judgement, the evidence for the card, and how it was made."""

    card: str
    targets: Targets
    likelihood: Likelihood
    chains: Chains
    verdict: Verdict
    evidence: Evidence | None
    manifest: Mapping[str, Any]

    @property
    def place(self) -> Floats:
        """All draws as standard normal numbers, shape (draws, size)."""
        return self.chains.place.reshape(-1, self.likelihood.size)

    @property
    def natural(self) -> Floats:
        """All draws of the named unknowns in the chain's units, shape (draws, names)."""
        found = self.likelihood.predictor.unknowns
        return found.natural(self.place[:, : len(found.names)].T, np).T


def problem(
    card: str | Hypothesis | None = None,
    targets: Targets | None = None,
    seed: int = 1,
    progress: Progress | None = None,
    draws: int = UPSTREAM_DRAWS,
) -> Likelihood:
    """The likelihood of one card (default: the default card) for the targets (default: every calibration trial).

    ``draws`` are prior draws that the surrogate of the upstream links is learnt from.
    """
    goal = targets or read()
    model = bind(card)
    machine(model, reference_plan(1))  # sets up the engine's 64-bit arithmetic, also when upstream comes from disk
    cells = sheet(goal)
    surrogate = learn(upstream(model, goal.protocols, cells, seed, draws, progress=progress), cells)
    scans = scan.learn(model, goal, seed, draws, progress)
    found = unknowns(model, cells, surrogate, scans)
    return likelihood(goal, predictor(cells, surrogate, found, scans, courses(goal, cells)))


def fit(
    card: str | Hypothesis | None = None,
    targets: Targets | None = None,
    seed: int = 1,
    effort: Effort = FULL,
    progress: Progress | None = None,
) -> Fit:
    """Fit one card.

    The result is returned with its verdict, good or bad: what writes it refuses a bad one.  ``progress`` is told the step, what is
    done and how much there is; whatever it raises stops the fit, which goes on from its last round when asked again.
    """
    begun = perf_counter()
    goal = targets or read()
    target = problem(card, goal, seed, progress)
    prepared = perf_counter()
    checkpoint = cache_folder() / "fit" / f"{_mark(card, goal, seed, effort)}.npz"
    chains, verdict = _sampled(target, seed, effort, progress, checkpoint)
    sampled = perf_counter()
    evidence = temper(target, seed, effort.runs, effort.particles, progress) if effort.runs else None
    tempered = perf_counter()
    for file in (checkpoint, *(_scout(checkpoint, run) for run in range(SCOUTS))):
        file.unlink(missing_ok=True)
    read_card = bind(card).hypothesis
    name = read_card.name
    manifest = {
        "command": "fit",
        "card": name,
        "cards": [{"name": name, "hash": sha256(read_card.model_dump_json().encode()).hexdigest()}],
        "trials": goal.scope,
        "only": None if goal.only is None else list(goal.only),
        "fitted": list(goal.trials),
        "targets": len(goal.targets),
        "evidence": goal.evidence_hash,
        "seed": seed,
        "effort": asdict(effort),
        "draws": chains.place.shape[1],
        "diagnostics": verdict.numbers(),
        "refused": list(verdict.reasons),
        "log_evidence": None if evidence is None else evidence.log_evidence,
        "log_evidence_error": None if evidence is None else evidence.error,
        "seconds": {
            "upstream": round(prepared - begun, 1),
            "posterior": round(sampled - prepared, 1),
            "marginal likelihood": round(tempered - sampled, 1),
        },
        "versions": {name: version(name) for name in _PACKAGES},
    }
    return Fit(name, goal, target, chains, verdict, evidence, manifest)


def _sampled(
    target: Likelihood, seed: int, effort: Effort, progress: Progress | None, checkpoint: Path
) -> tuple[Chains, Verdict]:
    """Draws and their judgement; a scouting run is taken as it is."""
    draws, begin = effort.draws, None
    for run in range(SCOUTS if effort.dense else 0):
        file = _scout(checkpoint, run)
        begin = curved(target, nuts(target, seed, effort.chains, SCOUTED, SCOUTED, progress, file, begin))
    while True:
        chains = nuts(target, seed, effort.chains, effort.warmup, draws, progress, checkpoint, begin)
        verdict = judge(chains, QUICK if effort.quick else STRICT)
        if verdict.passed or effort.quick or draws >= LONGEST * effort.draws:
            return chains, verdict
        draws *= 2


def _scout(checkpoint: Path, run: int) -> Path:
    """The checkpoint of one of the scouting runs that a dense fit begins with."""
    return checkpoint.with_stem(f"{checkpoint.stem}-scout-{run}")


def _mark(card: str | Hypothesis | None, targets: Targets, seed: int, effort: Effort) -> str:
    """What a half-done fit belongs to: card, targets, seed, effort and the code that samples."""
    written = code("infer/sample.py", "infer/curvature.py", "infer/likelihood", "infer/targets")
    told = (bind(card).hypothesis.model_dump_json(), targets.evidence_hash, targets.targets, seed, effort, written)
    return sha256(repr(told).encode()).hexdigest()
