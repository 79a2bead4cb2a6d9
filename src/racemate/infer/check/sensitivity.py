"""Sensitivity: how much of what is not known about a trial's answer comes from each population parameter (Sobol indices, saltelli-2010).

Parameters are drawn from their priors, a typical person each; study effects and differences between people are not among them.  The first
index is what knowing the parameter alone would take from the variance, the total index what would be left if it alone stayed unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from racemate.infer.check.typical import follow, protocol
from racemate.model import Model
from racemate.people import random
from racemate.trial.design.protocol import Protocol

Floats = NDArray[np.float64]
Progress = Callable[[str, int, int], None]
BASE = 512
"""Rows of the two base samples; a power of two, as a Sobol sequence wants."""
RESAMPLES = 400
DAYS = (1, 28)
_TRIED = 16
"""Places at which a parameter is moved from end to end to see whether it acts at all."""
_ENDS = (0.02, 0.98)
_BATCH = 4096
_MADRS = "score.madrs"


@dataclass(frozen=True)
class Regimen:
    """What is given, in the setting of the trials that give it."""

    name: str
    drug: str
    trial: Protocol


def regimens() -> tuple[Regimen, ...]:
    """One infusion of ketamine as in trials against midazolam; esketamine with a new antidepressant as in its trials."""
    infusion = {"drug": "ketamine", "route": "iv", "amount": "0.5 mg/kg", "over": "40 min"}
    spray = {"drug": "esketamine", "route": "intranasal", "amount": "84 mg", "schedule": "twice weekly for 4 weeks"}
    return (
        Regimen(
            "ketamine 0.5 mg/kg once",
            "ketamine",
            protocol({"drug": [infusion]}, DAYS, context="midazolam", session="2 h"),
        ),
        Regimen(
            "esketamine 84 mg twice weekly",
            "esketamine",
            protocol(
                {"drug": [spray]}, DAYS, context="spray_new_antidepressant", session="2 h", new_antidepressant=True
            ),
        ),
    )


class Indices(NamedTuple):
    """First and total index of each parameter on each outcome, shapes (parameters, outcomes).

    Their bootstrap standard errors; the same indices from half of the rows, which shows whether more rows would still move them; and each
    outcome's mean and standard deviation (outcomes,) in points.
    """

    parameters: tuple[str, ...]
    outcomes: tuple[tuple[str, int], ...]
    first: Floats
    total: Floats
    first_error: Floats
    total_error: Floats
    first_half: Floats
    total_half: Floats
    mean: Floats
    sd: Floats


def indices(
    model: Model,
    given: tuple[Regimen, ...],
    base: int = BASE,
    seed: int = 1,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Indices:
    """Sobol indices of the MADRS change on each of `DAYS` under each regimen."""
    from scipy.stats import sobol_indices, uniform

    names = acting(model, given, seed, threads)
    told: dict[str, Floats] = {}

    def keep(f_A: Floats, f_B: Floats, f_AB: Floats) -> Any:  # noqa: N803 the names that scipy gives them
        told.update(a=f_A, b=f_B, ab=f_AB)
        return estimate(f_A, f_B, f_AB)

    done = 0

    def changes(u: Floats) -> Floats:
        nonlocal done
        parts: list[Floats] = []
        for start in range(0, u.shape[1], _BATCH):
            if progress is not None:
                progress("parameter sets", done, base * (len(names) + 2))
            part = u[:, start : start + _BATCH]
            parts.append(change(model, given, dict(zip(names, part, strict=True)), threads))
            done += part.shape[1]
        return np.concatenate(parts, axis=1)

    rng = np.random.default_rng(seed)
    sobol_indices(func=changes, n=base, dists=[uniform()] * len(names), method=cast(Any, keep), rng=rng)
    a, b, ab = told["a"], told["b"], told["ab"]
    first, total = estimate(a, b, ab)
    half = estimate(a[:, : base // 2], b[:, : base // 2], ab[:, :, : base // 2])
    drawn = [_resampled(a, b, ab, seed, k) for k in range(RESAMPLES)]
    first_error, total_error = (np.std([each[k] for each in drawn], axis=0) for k in range(2))
    plain = changes_at_random(model, given, names, base, seed, threads)
    outcomes = tuple((one.name, day) for one in given for day in DAYS)
    return Indices(
        names, outcomes, first, total, first_error, total_error, *half, plain.mean(axis=1), plain.std(axis=1)
    )


def estimate(a: Floats, b: Floats, ab: Floats) -> tuple[Floats, Floats]:
    """First and total indices, (parameters, outcomes), from centred outcomes: (outcomes, n) twice, (parameters, outcomes, n)."""
    variance = np.var(np.concatenate([a, b], axis=1), axis=1)
    variance = np.where(variance > 0, variance, np.inf)
    return (b * (ab - a)).mean(axis=2) / variance, ((a - ab) ** 2).mean(axis=2) / 2 / variance


def acting(model: Model, given: tuple[Regimen, ...], seed: int, threads: int | None) -> tuple[str, ...]:
    """Parameters that move any outcome at all: each is moved from end to end of its prior at some random places of the others."""
    names = tuple(name for name, bound in model.bound.items() if bound.prior is not None)
    u = _random(names, _TRIED, seed)
    moved = np.repeat(u[:, None, None, :], len(_ENDS), axis=2).repeat(len(names), axis=1)
    for k in range(len(names)):
        for e, end in enumerate(_ENDS):
            moved[k, k, e] = end
    found = change(model, given, dict(zip(names, moved.reshape(len(names), -1), strict=True)), threads)
    found = found.reshape(-1, len(names), len(_ENDS), _TRIED)
    acts = (found[:, :, 0] != found[:, :, 1]).any(axis=(0, 2))
    return tuple(name for name, does in zip(names, acts, strict=True) if does)


def change(model: Model, given: tuple[Regimen, ...], u: Mapping[str, Floats], threads: int | None) -> Floats:
    """MADRS change from baseline, (outcomes, people), for places of the parameters in their priors, each (people,)."""
    values = {name: model.bound[name].quantile(place) for name, place in u.items()}
    out: list[Floats] = []
    for one in given:
        seen = follow(one.trial, model, values, (_MADRS,), threads)[_MADRS][0]
        out += [seen[1 + k] - seen[0] for k in range(len(DAYS))]
    return np.array(out)


def changes_at_random(
    model: Model, given: tuple[Regimen, ...], names: tuple[str, ...], sets: int, seed: int, threads: int | None
) -> Floats:
    """Changes, (outcomes, sets), at plain random places: how large the variance is that the indices share out."""
    return change(model, given, dict(zip(names, _random(names, sets, seed), strict=True)), threads)


def _random(names: tuple[str, ...], sets: int, seed: int) -> Floats:
    return np.array([random.uniform(seed, f"population:{name}", np.arange(sets)) for name in names])


def _resampled(a: Floats, b: Floats, ab: Floats, seed: int, k: int) -> tuple[Floats, Floats]:
    n = a.shape[1]
    rows = (random.uniform(seed, "sensitivity:resample", np.arange(n), k) * n).astype(np.int64)
    return estimate(a[:, rows], b[:, rows], ab[:, :, rows])
