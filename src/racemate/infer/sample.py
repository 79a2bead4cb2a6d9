"""Sample: draws from the posterior of one card by Hamiltonian Monte Carlo (NUTS, hoffman-2014), chains side by side, resumable.

Unknowns are standard normal a priori, so the sampler works on one scale for all of them.  A round of every chain is written to the
checkpoint before the next one starts; a run that was stopped goes on from there to the same numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from racemate.infer.curvature import curvature
from racemate.infer.likelihood.total import Likelihood

Floats = NDArray[np.float64]
Progress = Callable[[str, int, int], None]
CHAINS, WARMUP, DRAWS = 4, 500, 500
TARGET_ACCEPTANCE = 0.85
"""Somewhat short steps: the spreads of study effects bend the posterior, and longer steps diverge there."""
_ROUND = 50
_DEEPEST = 9
"""At most 2**9 steps in one trajectory."""
STATISTICS = ("diverging", "energy", "acceptance_rate", "n_steps", "lp")


@dataclass(frozen=True)
class Chains:
    """Draws after warm-up: ``place`` (chains, draws, size) standard normal a priori; ``statistics`` (chains, draws) by ArviZ name."""

    place: Floats
    statistics: Mapping[str, Floats]


class Beginning(NamedTuple):
    """Where each chain starts, shape (chains, size), and how the unknowns go together there, shape (size, size)."""

    place: Floats
    covariance: Floats


def curved(target: Likelihood, chains: Chains) -> Beginning:
    """Go on from the ends of chains, with the mean curvature that the log density has there and on the way.

    A few hundred draws cannot tell how a hundred unknowns go together; slopes around a few places can.  Where the density bends the other way the
    size of its curvature counts, and nothing is flatter than the prior.
    """
    import jax

    slope, ends = jax.jit(jax.grad(target.log_density)), chains.place[:, -1]
    places = chains.place[:, :: -(_ROUND // 2)].reshape(-1, target.size)
    total = np.zeros((target.size, target.size))
    for place in places:
        strength, axes = np.linalg.eigh(curvature(slope, place))
        total += (axes * np.abs(strength)) @ axes.T / len(places)
    strength, axes = np.linalg.eigh(total)
    return Beginning(ends, (axes / np.maximum(strength, 1.0)) @ axes.T)


def nuts(
    target: Likelihood,
    seed: int,
    chains: int = CHAINS,
    warmup: int = WARMUP,
    draws: int = DRAWS,
    progress: Progress | None = None,
    checkpoint: Path | None = None,
    begin: Beginning | None = None,
) -> Chains:
    """Sample; every chain starts at a draw from the prior and learns the spread of each unknown, or starts as ``begin`` says.

    ``checkpoint`` names a file to go on from, written after each round; one made with other settings is not used.  From the checkpoint
    of a shorter run the same chains go on, to the numbers that a longer run would have had.
    """
    import jax
    from numpyro.infer.hmc import hmc

    start, step = hmc(potential_fn=lambda place: -target.log_density(place), algo="NUTS")
    keys = jax.random.split(jax.random.key_data(jax.random.key(seed)), 2 * chains)
    states: list[Any] = [
        start(
            jax.random.normal(keys[2 * k], (target.size,)) if begin is None else begin.place[k],
            warmup,
            step_size=0.1,
            inverse_mass_matrix=None if begin is None else begin.covariance,
            dense_mass=begin is not None,
            adapt_mass_matrix=begin is None,
            target_accept_prob=TARGET_ACCEPTANCE,
            max_tree_depth=_DEEPEST,
            rng_key=keys[2 * k + 1],
        )
        for k in range(chains)
    ]

    def several(state: Any) -> tuple[Any, Any]:
        def one(now: Any, _: None) -> tuple[Any, Any]:
            new = step(now)
            seen = (new.z, new.diverging, new.energy, new.accept_prob, new.num_steps, -new.potential_energy)
            return new, seen

        return jax.lax.scan(one, state, None, length=_ROUND)

    # Compiled before the chains part, or each of them would compile it for itself.
    advance = jax.jit(several).lower(states[0]).compile()
    total = warmup + draws
    begun = None if begin is None else sha256(begin.place.tobytes() + begin.covariance.tobytes()).hexdigest()
    mark = repr((seed, chains, warmup, target.size, TARGET_ACCEPTANCE, begun))
    states, seen = _resume(checkpoint, mark, states)
    with ThreadPoolExecutor(chains) as pool:
        while len(seen) * _ROUND < total:
            if progress is not None:
                progress("posterior", len(seen) * _ROUND, total)
            done = list(pool.map(advance, states))
            states = [state for state, _ in done]
            seen.append([np.stack([np.asarray(part[k]) for _, part in done]) for k in range(1 + len(STATISTICS))])
            _save(checkpoint, mark, states, seen)
    parts = [np.concatenate([part[k] for part in seen], axis=1)[:, warmup:total] for k in range(1 + len(STATISTICS))]
    return Chains(parts[0], dict(zip(STATISTICS, parts[1:], strict=True)))


def _resume(file: Path | None, mark: str, fresh: list[Any]) -> tuple[list[Any], list[list[Any]]]:
    """States and rounds from a checkpoint, or the fresh ones."""
    import jax
    import jax.numpy as jnp

    leaves, shape = jax.tree.flatten(fresh)
    if file is not None:
        with suppress(OSError, ValueError, KeyError), np.load(file) as told:
            if str(told["mark"]) == mark:
                states = jax.tree.unflatten(shape, [jnp.asarray(told[f"state{k}"]) for k in range(len(leaves))])
                rounds = int(told["rounds"])
                names = range(1 + len(STATISTICS))
                return states, [[told[f"seen{k}"][r] for k in names] for r in range(rounds)]
    return fresh, []


def _save(file: Path | None, mark: str, states: list[Any], seen: list[list[Any]]) -> None:
    import jax

    if file is None:
        return
    leaves = {f"state{k}": np.asarray(leaf) for k, leaf in enumerate(jax.tree.leaves(states))}
    rounds = {f"seen{k}": np.stack([part[k] for part in seen]) for k in range(1 + len(STATISTICS))}
    written(file, {"mark": np.array(mark), "rounds": np.array(len(seen)), **leaves, **rounds})


def written(file: Path, arrays: Mapping[str, Any]) -> None:
    """Write arrays to a compressed file, whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=file.parent, delete=False, suffix=".npz") as draft:
        np.savez_compressed(draft, **arrays)
    Path(draft.name).replace(file)
