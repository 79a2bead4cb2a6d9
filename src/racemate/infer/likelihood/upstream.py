"""Upstream: from dose to plasticity, run once per card, because the trials inform it too weakly to be run at every step of a fit.

Population parameters are drawn from their priors, each draw a replicate of its own with a few people; every trial gets the same draws.
What is kept are the three signals that severity reads: strength and number relative to the reference dose, and belief charged by what
was felt; with the share of mu receptors that antagonists hold.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import cast

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from racemate.code import code
from racemate.infer.likelihood.cells import Sheet
from racemate.model import Model
from racemate.people import random
from racemate.simulate.kept import cache_folder
from racemate.simulate.run import reference, reference_plan, run
from racemate.simulate.solve import machine
from racemate.trial.conduct.enrol import enrol
from racemate.trial.conduct.treat import plan
from racemate.trial.design.protocol import Protocol
from racemate.trial.world import ChainWorld, People

Floats = NDArray[np.float64]
Progress = Callable[[str, int, int], None]
DRAWS, PEOPLE = 1024, 2
"""Prior draws of the population, and people per arm in each (two tell people of one draw apart)."""
SIGNALS = ("fast", "number", "unblinded")
_BLOCKED = "occupancy.mor_blocked"
_READ = (*(f"state.severity.{name}" for name in SIGNALS), _BLOCKED)
_PARTS = ("infer/likelihood/upstream.py", "chain", "readings", "simulate", "people", "trial/conduct", "trial/design")


@dataclass(frozen=True)
class Upstream:
    """``signal`` (signals, cells, draws, people); ``blocked`` (cells,) mu held by antagonists; ``place`` (names, draws) of each draw.

    A place is where the draw of a parameter stands in its prior, in standard deviations of a normal law.
    """

    names: tuple[str, ...]
    place: Floats
    signal: Floats
    blocked: Floats


def upstream(
    model: Model,
    protocols: Mapping[str, Protocol],
    cells: Sheet,
    seed: int,
    draws: int = DRAWS,
    people: int = PEOPLE,
    progress: Progress | None = None,
) -> Upstream:
    """Signals of every cell under one card; remembered on disk by everything they depend on."""
    names = tuple(name for name, bound in model.bound.items() if bound.prior is not None)
    place = np.stack([places(seed, name, draws) for name in names])

    def made() -> dict[str, Floats]:
        signal = np.zeros((len(SIGNALS), len(cells.cells), draws, people))
        blocked = np.zeros(len(cells.cells))
        for k, trial in enumerate(cells.trials):
            if progress is not None:
                progress("dose to plasticity", k, len(cells.trials))
            _trial(model, protocols[trial], trial, cells, seed, signal, blocked)
        return {"signal": signal, "blocked": blocked}

    told = remembered(model, (cells.cells, seed, draws, people), made)
    return Upstream(names, place, told["signal"], told["blocked"])


def remembered(model: Model, key: tuple[object, ...], make: Callable[[], dict[str, Floats]]) -> dict[str, Floats]:
    """Arrays made once per card, ``key`` and code, and then read from disk."""
    file = cache_folder() / "upstream" / f"{_key(model, key)}.npz"
    with suppress(OSError, ValueError, KeyError), np.load(file) as told:
        return dict(told)
    found = make()
    _keep(file, found)
    return found


def places(seed: int, name: str, draws: int) -> Floats:
    """Where the draws of a population parameter stand in its prior; the numbers `racemate.people.cohort.draw` uses."""
    return ndtri(random.uniform(seed, f"population:{name}", np.arange(draws)))


def _trial(
    model: Model, protocol: Protocol, trial: str, cells: Sheet, seed: int, signal: Floats, blocked: Floats
) -> None:
    draws, people = signal.shape[2:]
    world = ChainWorld(model.hypothesis.name, model, seed)
    enrolled = enrol(protocol, world, seed, draws, people * len(protocol.conditions) if protocol.crossover else people)
    done = plan(protocol, world, enrolled, seed)
    drawn = cast(People, enrolled.cohort).drawn
    found = run(drawn, done, _READ)
    scale = reference(drawn, machine(model, done, reference_plan(1)))
    divisor = {"fast": scale[0], "number": scale[1], "unblinded": np.ones(done.people)}
    start = protocol.period_h(protocol.live_periods[0])
    arms = [arm.name for arm in protocol.conditions]
    for c, cell in enumerate(cells.cells):
        if cell.trial != trial:
            continue
        visit = int(np.searchsorted(done.visits_h, start + cell.hour))
        mine = np.flatnonzero(enrolled.arm[0] == arms.index(cell.arm))
        for s, name in enumerate(SIGNALS):
            value, unit = found[f"state.severity.{name}"][visit, mine], divisor[name][mine]
            signal[s, c] = np.where(unit > 0, value / np.where(unit > 0, unit, 1), 0).reshape(draws, -1)[:, :people]
        blocked[c] = found[_BLOCKED][visit, mine].mean()


def _key(model: Model, key: tuple[object, ...]) -> str:
    told = (model.evidence_hash, model.hypothesis.model_dump_json(), key, code(*_PARTS))
    return sha256(repr(told).encode()).hexdigest()


def _keep(file: Path, found: dict[str, Floats]) -> None:
    """Written whole or not at all; a cache that cannot be written is only slower."""
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=file.parent, delete=False, suffix=".npz") as draft:
            np.savez(draft, **found)  # pyright: ignore[reportArgumentType] arrays by name
        Path(draft.name).replace(file)
