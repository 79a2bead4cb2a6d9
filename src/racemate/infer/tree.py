"""Tree: a fit as an xarray DataTree with the group names of ArviZ, kept in one compressed file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from racemate.evidence.finding import EvidenceError
from racemate.infer.fit import Fit
from racemate.infer.sample import written
from racemate.infer.tables import expected, predicted
from racemate.posterior import BETWEEN

if TYPE_CHECKING:
    from xarray import DataTree

_STUDY = ("severity.study_drug", "severity.study_control")


def to_tree(fit: Fit) -> DataTree:
    """Draws, sampler statistics, pointwise log likelihood, predictions, what was observed, and what each target is.

    Groups ``posterior`` (named unknowns in the chain's units; effects of trials as factors relative to the average study),
    ``unconstrained_posterior`` (``place``: all unknowns as standard normal numbers, from which `racemate compare` goes on),
    ``sample_stats``, ``log_likelihood``, ``posterior_predictive``, ``observed_data`` and ``constant_data``.
    """
    import jax
    import xarray

    place = fit.place
    fitted = expected(fit, place)
    like = np.asarray(jax.jit(lambda z: jax.lax.map(fit.likelihood.pointwise, z))(place))
    by_target = {"target": np.arange(len(fit.targets.targets))}
    groups = {
        "posterior": _dataset(fit, {**_named(fit)}, {"trial": list(fit.likelihood.predictor.unknowns.trials)}),
        "unconstrained_posterior": _dataset(fit, {"place": (place, ("unknown",))}, {}),
        "sample_stats": _dataset(fit, {name: (v.reshape(-1), ()) for name, v in fit.chains.statistics.items()}, {}),
        "log_likelihood": _dataset(fit, {"target": (like, ("target_id",))}, {"target_id": by_target["target"]}),
        "posterior_predictive": _dataset(
            fit,
            {"target": (predicted(fit, fitted), ("target_id",)), "expected": (fitted, ("target_id",))},
            {"target_id": by_target["target"]},
        ),
        "observed_data": xarray.Dataset({"target": ("target_id", [one.value for one in fit.targets.targets])}),
        "constant_data": xarray.Dataset(
            {
                name: ("target_id", np.array([getattr(one, name) for one in fit.targets.targets]))
                for name in ("trial", "line", "arm", "outcome", "statistic", "kind", "hour", "n", "error", "weight")
            }
        ),
    }
    tree = xarray.DataTree.from_dict(groups)
    tree.attrs = {"manifest": json.dumps(fit.manifest, sort_keys=True), "inference_library": "numpyro"}
    return tree


def _named(fit: Fit) -> dict[str, tuple[Any, tuple[str, ...]]]:
    """Named unknowns (draws,), and study effects (draws, trials) as factors."""
    known = fit.likelihood.predictor.unknowns
    named: dict[str, tuple[Any, tuple[str, ...]]] = {
        name: (fit.natural[:, k], ()) for k, name in enumerate(known.names)
    }
    studies = fit.place[:, len(known.names) + known.rest :].reshape(len(fit.place), 2, -1)
    for k, name in enumerate(_STUDY):
        spread = named[BETWEEN + name][0]
        named[name] = np.exp(spread[:, None] * studies[:, k]), ("trial",)
    return named


def _dataset(fit: Fit, values: dict[str, tuple[Any, tuple[str, ...]]], coordinates: dict[str, Any]) -> Any:
    import xarray

    chains, draws = fit.chains.place.shape[:2]
    return xarray.Dataset(
        {
            name: (("chain", "draw", *dims), np.asarray(array).reshape(chains, draws, *np.shape(array)[1:]))
            for name, (array, dims) in values.items()
        },
        {"chain": np.arange(chains), "draw": np.arange(draws), **coordinates},
    )


def save(path: Path, tree: DataTree) -> None:
    """Write a tree of one level of groups; 32 bits a number, far more than the Monte-Carlo error of a draw needs."""
    arrays: dict[str, Any] = {}
    shape: dict[str, Any] = {"attrs": dict(tree.attrs), "groups": {}}
    for name, node in tree.children.items():
        dataset = node.to_dataset()
        shape["groups"][name] = {str(key): list(map(str, dataset[key].dims)) for key in dataset.variables}
        for key in dataset.variables:
            value = np.asarray(dataset[key])
            arrays[f"{name}/{key}"] = value.astype(np.float32) if value.dtype == np.float64 else value
    written(path, {"shape": np.array(json.dumps(shape)), **arrays})


def load(path: Path) -> DataTree:
    """Read a tree that `save` wrote; raises EvidenceError for any other file."""
    import xarray

    try:
        with np.load(path, allow_pickle=False) as stored:
            shape = json.loads(str(stored["shape"]))
            groups = {
                name: xarray.Dataset({key: (dims, stored[f"{name}/{key}"]) for key, dims in members.items()})
                for name, members in shape["groups"].items()
            }
    except (OSError, ValueError, KeyError) as error:
        raise EvidenceError(str(path), "file", str(error), "a tree that racemate fit wrote") from None
    tree = xarray.DataTree.from_dict(groups)
    tree.attrs = shape["attrs"]
    return tree
