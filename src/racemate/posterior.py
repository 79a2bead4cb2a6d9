"""Posterior: draws of parameters that trials have informed, one file per card, read by name and bound in place of priors.

A posterior is a file `posterior/<name>/<card>.npz` with ``names``, ``draws`` of shape (draws, names) in the units that the chain declares,
and ``manifest`` (JSON).  A name is a parameter's dotted name, or ``between:`` and that name for the spread between people or studies on
the scale of its law.  `racemate fit` writes such files; two come with the package.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from racemate.evidence.finding import EvidenceError, nearest

Array = NDArray[np.float64]
BETWEEN = "between:"
PRIOR = "prior"
"""The name that asks for no posterior."""
PROSPECTIVE = "prospective"
"""The posterior that is used unless another is asked for: calibration trials only, so that hold-out trials are predicted."""
ALL_TRIALS = "all-trials"
"""The posterior of every trial with a usable number, hold-out trials too: what is believed when nothing is left to be predicted."""


@dataclass(frozen=True)
class Posterior:
    """Joint draws of one card: ``draws`` of shape (draws, names)."""

    name: str
    card: str
    names: tuple[str, ...]
    draws: Array
    manifest: Mapping[str, Any]
    digest: str = ""
    """SHA-256 of the file."""

    def column(self, name: str) -> Array | None:
        """Draws of one parameter, shape (draws,); None where the trials said nothing about it."""
        return self.draws[:, self.names.index(name)] if name in self.names else None

    def between(self, name: str) -> Array | None:
        """Draws of the spread between people or studies of one parameter, shape (draws,); None where it was not fitted."""
        return self.column(BETWEEN + name)

    def pick(self, u: Array) -> NDArray[np.intp]:
        """Index of the draw that a number between 0 and 1 stands for."""
        return np.minimum((u * len(self.draws)).astype(np.intp), len(self.draws) - 1)


def folder() -> Path:
    """The folder of the posteriors that come with the package: the wheel's copy, else the checkout's."""
    package = Path(__file__).resolve().parent
    packed = package / "_data" / "posterior"
    return packed if packed.is_dir() else package.parents[1] / "posterior"


def available() -> tuple[str, ...]:
    """Names of the shipped posteriors."""
    return tuple(sorted(path.name for path in folder().glob("*") if path.is_dir()))


def asked(name: str | None, card: str) -> Posterior | None:
    """The posterior that a user asked for; None for priors.

    Without a name it is the shipped `PROSPECTIVE` where that holds the card.  Raises EvidenceError as `load` does.
    """
    if name is None:
        return load(PROSPECTIVE, card) if (folder() / PROSPECTIVE / f"{card}.npz").is_file() else None
    return None if name == PRIOR else load(name, card)


def load(name: str, card: str) -> Posterior:
    """The posterior ``name`` (one that is shipped, or the path of a folder) of a card.

    Raises EvidenceError when there is none, or when the file is not one that `racemate fit` wrote.
    """
    home = folder() / name if name in available() else Path(name)
    if not home.is_dir():
        raise EvidenceError("posterior", "name", repr(name), nearest(name, [*available(), PRIOR]))
    path = home / f"{card}.npz"
    if not path.is_file():
        cards = ", ".join(sorted(each.stem for each in home.glob("*.npz"))) or "none"
        raise EvidenceError(str(home), "card", repr(card), f"a card that was fitted: {cards}")
    return _read(home.name, card, path)


@cache
def _read(name: str, card: str, path: Path) -> Posterior:
    try:
        content = path.read_bytes()
        with np.load(BytesIO(content), allow_pickle=False) as stored:
            names = tuple(str(each) for each in stored["names"])
            draws = np.asarray(stored["draws"], dtype=np.float64)
            manifest = json.loads(str(stored["manifest"]))
    except (OSError, ValueError, KeyError, BadZipFile) as error:
        raise EvidenceError(str(path), "file", str(error), "a posterior that racemate fit wrote") from None
    if draws.ndim != 2 or draws.shape[1] != len(names) or not len(draws) or not np.isfinite(draws).all():
        raise EvidenceError(str(path), "draws", f"shape {draws.shape}", f"finite numbers (draws, {len(names)})")
    return Posterior(name, card, names, draws, manifest, sha256(content).hexdigest())


def save(path: Path, names: tuple[str, ...], draws: Array, manifest: Mapping[str, Any]) -> None:
    """Write a posterior in one move; 32 bits a number are far more than the Monte-Carlo error of any draw needs."""
    part = path.with_name(path.name + ".part.npz")
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(manifest, sort_keys=True)
    np.savez_compressed(part, names=np.array(names), draws=draws.astype(np.float32), manifest=np.array(text))
    part.replace(path)
