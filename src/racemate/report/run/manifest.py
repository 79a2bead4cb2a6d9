"""Manifest: what must be known of a run to repeat it, to doubt it and to cite it."""

from __future__ import annotations

import os
import platform
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import Any

from racemate import hypothesis
from racemate.chain import dose as dosing
from racemate.evidence.finding import EvidenceError
from racemate.evidence.library import Library, library
from racemate.evidence.record import Source
from racemate.hypothesis import EDGE
from racemate.model import Model
from racemate.posterior import load
from racemate.report.run.folder import FORMAT, RunFolderError, digest
from racemate.report.words import DISCLAIMER
from racemate.trial.beside import FROM_PRIORS

AT_MEDIANS = "at the medians of their priors; nothing is fitted to any trial"
_LIBRARIES = ("jax", "numpy", "scipy", "pandas")
_OWN_CARDS = "inputs/cards"
_REPEATED = {"hypotheses": "--hypothesis", "trials": "--trial", "only": "--only"}
"""Options that are given once for each of several values, where there are several."""


@dataclass
class Clock:
    """When a run began, and how long it has taken."""

    started: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))
    _begun: float = field(default_factory=perf_counter)

    @property
    def seconds(self) -> float:
        """Wall time so far."""
        return round(perf_counter() - self._begun, 2)


def describe(
    command: str,
    arguments: Mapping[str, Any],
    models: Iterable[Model],
    doses: Iterable[str],
    sources: Iterable[str],
    inputs: Mapping[str, bytes],
    clock: Clock | None,
    typical: bool = False,
) -> dict[str, Any]:
    """The manifest of a run; without a ``clock`` it says nothing of the machine or of time.

    ``arguments`` are those of the Python function of the same name; ``doses`` the drugs given; ``sources`` the ids of what the trial
    itself rests on; ``inputs`` the user's own files by their path inside the run folder; ``typical`` says that population parameters
    sit at their medians.
    """
    known, bound, given = library(), list(models), set(doses)
    touched = sorted({name for model in bound for name in parameters_of(model, known, given)})
    cards = [source for model in bound for source in model.hypothesis.sources]
    behind = [source for name in touched for source in known.parameters[name].sources]
    return {
        "format": FORMAT,
        "command": command,
        "arguments": dict(arguments),
        "command_line": command_line(command, arguments),
        "racemate": version("racemate"),
        "python": platform.python_version(),
        **{name: version(name) for name in _LIBRARIES},
        **({} if clock is None else machine(clock)),
        "seed": arguments["seed"],
        "evidence": known.hash,
        "cards": [card_entry(model) for model in bound],
        "parameters": stated(bound, typical),
        "posteriors": {model.hypothesis.name: posterior_entry(model) for model in bound if model.posterior},
        "inputs": {name: digest(content) for name, content in inputs.items()},
        "touched": touched,
        "sources": sorted({*sources, *cards, *behind}),
        "disclaimer": DISCLAIMER,
    }


def machine(clock: Clock) -> dict[str, Any]:
    """What a run owes to the machine and the hour, and its numbers do not."""
    return {
        "platform": platform.platform(),
        "processors": os.cpu_count(),
        "started": clock.started,
        "seconds": clock.seconds,
    }


def command_line(command: str, arguments: Mapping[str, Any]) -> str:
    """The command that asks for the same run."""
    words = ["racemate", *command.split()]
    for name, value in arguments.items():
        if name == "trial":
            words.append(str(value))
        elif name in _REPEATED and not isinstance(value, str):
            words += [word for one in value or () for word in (_REPEATED[name], one)]
        elif value not in (None, ""):
            words += [f"--{name}", str(value)]
    return shlex.join(words)


def parameters_of(model: Model, known: Library, given: set[str]) -> Iterable[str]:
    """Names of the evidence's parameters that a run under ``model`` reads, when only the drugs ``given`` are given.

    The reference dose is ketamine, so its kinetics are always read; an edge that is off, or a number that the card replaces, is not.
    """
    card = model.hypothesis
    absent = set(dosing.drugs()) - set(dosing.ENANTIOMERS) - given
    yield from (name for name, parameter in known.parameters.items() if parameter.link == "people")
    for name in model.bound:
        gain = name.rpartition(".")[2]
        edge = gain.removeprefix(EDGE) if gain.startswith(EDGE) else None
        replaced = name in card.instead or (edge is not None and (edge not in card.edges or edge in card.gains))
        if not replaced and known.parameters[name].drug not in absent:
            yield name


def card_entry(model: Model) -> dict[str, str]:
    """Name of a card and hash of its content, whatever file it was read from."""
    return {"name": model.hypothesis.name, "hash": digest(model.hypothesis.model_dump_json().encode())}


def posterior_entry(model: Model) -> dict[str, str]:
    """Name and hash of the posterior that a model is drawn from, and the evidence that it was fitted to."""
    known = model.posterior
    assert known is not None
    return {"name": known.name, "hash": known.digest, "evidence": str(known.manifest.get("evidence", ""))}


def stated(models: Iterable[Model], typical: bool = False) -> str:
    """Where the parameters of a run come from, in words; ``typical``: they sit at their medians."""
    every = list(models)
    fitted: dict[str, list[str]] = {}
    for model in every:
        if model.posterior is not None:
            fitted.setdefault(model.posterior.name, []).append(model.hypothesis.name)
    if not fitted:
        return AT_MEDIANS if typical else FROM_PRIORS
    parts = [
        f"from the {name} posterior" + ("" if len(cards) == len(every) else f" ({', '.join(cards)})")
        for name, cards in fitted.items()
    ]
    rest = [model.hypothesis.name for model in every if model.posterior is None]
    parts += [f"from priors ({', '.join(rest)})"] if rest else []
    how = "at their medians" if typical else "drawn once per replicate with new study effects"
    return f"{'; '.join(parts)}; {how}, and from priors where the trials say nothing"


def own_cards(names: Iterable[str]) -> dict[str, bytes]:
    """Contents of the cards that are the user's own files, by their path inside a run folder."""
    paths = (Path(_file(name)) for name in names if _is_own(name))
    return {f"{_OWN_CARDS}/{path.name}": path.read_bytes() for path in paths}


def stored_card(name: str, folder: Path) -> str:
    """The card to read when a run is repeated: the copy in the run folder of a card of the user's own."""
    if not _is_own(name):
        return name
    copy = folder / _OWN_CARDS / Path(_file(name)).name
    if not copy.is_file():
        raise RunFolderError(str(folder), "inputs", f"no copy of {name}", "the cards that the run read")
    return f"{copy}{name[len(_file(name)) :]}"


def _is_own(name: str) -> bool:
    return name.endswith(".toml") or ".toml:" in name


def _file(name: str) -> str:
    return name.rpartition(":")[0] if ".toml:" in name else name


def changed(manifest: Mapping[str, Any]) -> list[str]:
    """What differs here from what a run was made with: version, evidence, cards; one sentence each."""
    known, made = library(), manifest.get("versions", manifest)
    found = [
        f"{name} is {version(name)} here and was {made[name]}"
        for name in ("racemate", "jax")
        if made[name] != version(name)
    ]
    if manifest["evidence"] != known.hash:
        found.append("the evidence has changed since")
    for card, before in manifest.get("posteriors", {}).items():
        found += _moved(card, before)
    shipped = set(hypothesis.all_names())
    for card in manifest.get("cards", ()):
        name = card["name"]
        if name.partition(":")[0] in shipped:
            now = digest(hypothesis.read(name).model_dump_json().encode())
            found += [f"the card {name} has changed since"] if now != card["hash"] else []
    return found


def _moved(card: str, before: Mapping[str, str]) -> list[str]:
    try:
        same = load(before["name"], card).digest == before["hash"]
    except EvidenceError:
        return [f"the posterior {before['name']} of {card} is not here"]
    return [] if same else [f"the posterior {before['name']} of {card} has changed since"]


def cited(manifest: Mapping[str, Any]) -> tuple[Source, ...]:
    """The sources that a run touched, by id; raises EvidenceError for one that the evidence no longer holds."""
    known = library()
    return tuple(known.source(name) for name in manifest["sources"])
