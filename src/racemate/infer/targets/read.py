"""Read: every target of a set of trials.

`admitted` is the only door to outcomes: it refuses a trial that is held out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from racemate.evidence.finding import EvidenceError
from racemate.evidence.library import Library, library
from racemate.evidence.record import Trial
from racemate.infer.targets.rows import choose
from racemate.infer.targets.scans import scans, unscanned
from racemate.infer.targets.target import SCOPES, Dropped, Scope, Target, Targets
from racemate.trial.design.protocol import Protocol
from racemate.trial.published import protocol_of


def admitted(name: str, scope: Scope = "calibration", known: Library | None = None) -> Trial:
    """A trial without the rows that this scope must not see; raises EvidenceError for a trial that it must not see at all."""
    trial = (known or library()).trial(name)
    if trial.use not in SCOPES[scope]:
        raise EvidenceError(f"{trial.folder}/protocol.toml", "trial.use", trial.use, " or ".join(SCOPES[scope]))
    rows = tuple(row for row in trial.observations if trial.use_of(row) in (*SCOPES[scope], "context"))
    return trial.model_copy(update={"observations": rows})


def again(manifest: Mapping[str, Any]) -> Targets:
    """The targets that the manifest of a fit names; those of a set of trials are read anew, with all that it admits today.

    Raises EvidenceError for a manifest that does not say whether trials were chosen, and as `read` does.
    """
    if "only" not in manifest:
        raise EvidenceError("fit", "only", "nothing", "the trials that were asked for, or null: fit the card again")
    only = manifest["only"]
    return read(manifest["trials"], None if only is None else tuple(only))


def read(scope: Scope = "calibration", only: tuple[str, ...] | None = None, known: Library | None = None) -> Targets:
    """Targets of a scope: every trial it admits, and scans; or some trials ``only``, without scans.

    Raises EvidenceError for an unknown trial, for one that the scope must not see, and when nothing is left to fit.
    """
    evidence = known or library()
    if scope not in SCOPES:
        raise EvidenceError("fit", "trials", repr(scope), f"one of {', '.join(SCOPES)}")
    names = only or tuple(name for name, trial in evidence.trials.items() if trial.use in SCOPES[scope])
    targets: list[Target] = []
    dropped: list[Dropped] = []
    protocols: dict[str, Protocol] = {}
    for name in names:
        trial = admitted(name, scope, evidence)
        if not trial.observations:
            continue
        # Only the first part is fitted: who enters a later stage is chosen by an outcome.
        protocol = protocol_of(trial).model_copy(update={"stages": ()})
        kept, left = choose(trial, protocol)
        targets += kept
        dropped += left
        if kept:
            protocols[name] = protocol
    if not targets:
        raise EvidenceError("fit", "trials", ", ".join(names), "trials with a row that can be fitted")
    if only is None:
        targets += scans(evidence)
        dropped += unscanned(evidence)
    return Targets(scope, only, tuple(targets), tuple(dropped), protocols, evidence.hash)
