"""Known: what racemate holds, as tables: trials and cards; and every fault the checks find in them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import fields
from typing import TYPE_CHECKING, Any, get_args

from racemate import hypothesis
from racemate.chain import whole
from racemate.evidence.check import check as check_evidence
from racemate.evidence.finding import EvidenceError, Finding, nearest
from racemate.evidence.library import Library, evidence_root, library, read_library
from racemate.evidence.record import Use
from racemate.hypothesis import HypothesisError
from racemate.units import declared

if TYPE_CHECKING:
    import pandas as pd

_REFERENCE = ("reference_dose", "reference_weight", "reference_duration", "reference_time")


def trials(use: str = "") -> pd.DataFrame:
    """Trials of the evidence, one row each: what each is for, does and rates, how it was blinded, and how much of it was published.

    Columns: id, title, use, people, arms, drugs, routes, control, randomised, blinded, blinding_checked, early_stop, open_label,
    crossover, scales, days (from the first dose to the last rating), rows (published numbers), recalled (rows nobody read in a source),
    sources.  ``use`` keeps the trials of one use.  Raises EvidenceError for a use that does not exist.
    """
    import pandas as pd

    from racemate.report.design import features
    from racemate.trial.published import protocol_of

    if use and use not in get_args(Use):
        raise EvidenceError("evidence", "use", repr(use), nearest(use, get_args(Use)))
    kept = (trial for trial in library().trials.values() if use in ("", trial.use))
    return pd.DataFrame([features(trial, protocol_of(trial)) for trial in kept])


def hypotheses() -> pd.DataFrame:
    """Cards, one row each: name, claim, edges that are on, variants, and whether it is the default."""
    import pandas as pd

    cards = [hypothesis.read(name) for name in hypothesis.all_names()]
    return pd.DataFrame(
        {
            "name": card.name,
            "claim": card.claim,
            "edges": ", ".join(card.edges),
            "variants": ", ".join(card.variants),
            "default": card.default,
        }
        for card in cards
    )


def faults(ledger_sources: Collection[str] = ()) -> dict[str, tuple[Finding, ...]]:
    """Every fault of the evidence, the cards and the protocols, by the rule it breaks; empty when all is well.

    ``ledger_sources`` are those that published assertions lean on.
    """
    known = read_library(evidence_root().resolve())
    units = dict(declared(whole.Par)) | _people(known)
    cards = dict(_cards())
    cited = {source for card in cards.values() if not isinstance(card, Finding) for source in card.sources}
    broken = dict(check_evidence(known, units, cited | set(ledger_sources)))
    beside = {
        "card_reads": tuple(card for card in cards.values() if isinstance(card, Finding)),
        "card_source_exists": tuple(_strangers(known, cards)),
        "protocol_reads": tuple(_protocols(known)),
    }
    return broken | {rule: findings for rule, findings in beside.items() if findings}


def _people(known: Library) -> dict[str, str]:
    """What is asked of people: covariates of a population, and the reference dose; each in the unit it is given in."""
    from racemate.people.population import Population

    names = (*(field.name for field in fields(Population)), *_REFERENCE)
    return {
        f"people.{n}": known.parameters[f"people.{n}"].unit if f"people.{n}" in known.parameters else "1" for n in names
    }


def _cards() -> Iterator[tuple[str, Any]]:
    """Every card and variant, or the finding that says why it does not read."""
    for name in hypothesis.all_names():
        try:
            card = hypothesis.read(name)
            yield name, card
            for variant in card.variants:
                yield f"{name}:{variant}", hypothesis.read(f"{name}:{variant}")
        except HypothesisError as error:
            yield name, Finding(error.file, error.field, error.found, error.allowed)


def _strangers(known: Library, cards: dict[str, Any]) -> Iterator[Finding]:
    for name, card in cards.items():
        for source in () if isinstance(card, Finding) else card.sources:
            if source not in known.sources:
                allowed = f"{nearest(source, known.sources)} (evidence/sources)"
                yield Finding(f"hypotheses/{name.partition(':')[0]}.toml", "source", repr(source), allowed)


def _protocols(known: Library) -> Iterator[Finding]:
    from racemate.trial.published import protocol_of

    for trial in known.trials.values():
        try:
            protocol_of(trial)
        except EvidenceError as error:
            yield from error.findings
