"""Evidence with something planted in it, so that a verdict can be seen to follow."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from racemate.evidence.library import Library, library
from racemate.ledger.book import Book, read
from racemate.ledger.judge import rule
from racemate.ledger.record import ClaimEntry, Ruling
from racemate.ledger.virtual import Laboratory

Change = Callable[[Library, ClaimEntry], tuple[Library, ClaimEntry]]


def ruling(name: str, change: Change | None = None) -> Ruling:
    """The ruling on one entry, on the evidence as it is or as changed."""
    known, book = library(), read()
    entry = book.entries[name]
    if change is not None:
        known, entry = change(known, entry)
    return rule(entry, book, known, _laboratory(book, known)).ruling


def _laboratory(book: Book, known: Library) -> Laboratory:
    """The one that is kept, where the evidence is as it is."""
    if known is library():
        return _KEPT.setdefault(known.hash, Laboratory(book, known))
    return Laboratory(book, known)


_KEPT: dict[str, Laboratory] = {}


def stated(**numbers: Any) -> Change:
    """The document prints other numbers."""

    def change(known: Library, entry: ClaimEntry) -> tuple[Library, ClaimEntry]:
        new = {name: entry.stated[name].model_copy(update={"value": value}) for name, value in numbers.items()}
        return known, entry.model_copy(update={"stated": {**entry.stated, **new}})

    return change


def published(**numbers: float) -> Change:
    """A publication that no record holds says another number."""

    def change(known: Library, entry: ClaimEntry) -> tuple[Library, ClaimEntry]:
        new = {name: entry.fact[name].model_copy(update={"value": value}) for name, value in numbers.items()}
        return known, entry.model_copy(update={"fact": {**entry.fact, **new}})

    return change


def looks(*words: str) -> Change:
    """The entry asks for something else."""
    return lambda known, entry: (known, entry.model_copy(update={"looks": words}))


def claimed(value: float, *names: str, source: str = "") -> Change:
    """Every claim about some parameters, or those of one source, has another value."""

    def change(known: Library, entry: ClaimEntry) -> tuple[Library, ClaimEntry]:
        new = {}
        for name in names:
            parameter = known.parameters[name]
            claims = [
                claim.model_copy(update={"value": value, "unit": ""}) if source in ("", claim.source) else claim
                for claim in parameter.claims
            ]
            new[name] = parameter.model_copy(update={"claims": tuple(claims), "range": (value / 100, value * 100)})
        return replace(known, parameters={**known.parameters, **new}, _priors={}), entry

    return change


def observed(trial: str, where: dict[str, Any], **cells: Any) -> Change:
    """Some rows of a trial say something else."""

    def change(known: Library, entry: ClaimEntry) -> tuple[Library, ClaimEntry]:
        record = known.trials[trial]
        rows = [
            row.model_copy(update=cells) if all(getattr(row, key) == value for key, value in where.items()) else row
            for row in record.observations
        ]
        assert rows != list(record.observations), "nothing was planted"
        planted = record.model_copy(update={"observations": tuple(rows)})
        return replace(known, trials={**known.trials, trial: planted}), entry

    return change


def anchored(name: str, **cells: Any) -> Change:
    """An anchor says something else."""

    def change(known: Library, entry: ClaimEntry) -> tuple[Library, ClaimEntry]:
        planted = known.anchors[name].model_copy(update=cells)
        return replace(known, anchors={**known.anchors, name: planted}), entry

    return change


def conducted(trial: str, change_protocol: Callable[[dict[str, Any]], None]) -> Change:
    """The protocol of a trial says something else."""

    def change(known: Library, entry: ClaimEntry) -> tuple[Library, ClaimEntry]:
        from copy import deepcopy

        record = known.trials[trial]
        protocol = deepcopy(dict(record.protocol))
        change_protocol(protocol)
        planted = record.model_copy(update={"protocol": protocol})
        return replace(known, trials={**known.trials, trial: planted}), entry

    return change
