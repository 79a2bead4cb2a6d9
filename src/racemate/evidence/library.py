"""The library: everything under `evidence/`, by name.

It refuses what cannot be read at all: a file that does not parse, a record of the wrong shape, two records of one name, a word
that the vocabulary does not know.  The rules a whole record must keep are in `check.py`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from racemate.evidence.files import read_named, read_parameters, read_quantities, read_record, read_toml, read_trial
from racemate.evidence.finding import EvidenceError, Finding, nearest, refuse
from racemate.evidence.record import How, Parameter, Quantity, Record, Scale, Source, Stated, Trial
from racemate.evidence.synthesis import Anchor, Signal, Synthesis, Topic

if TYPE_CHECKING:
    from racemate.evidence.pool import Judgement
    from racemate.evidence.prior import Prior

R = TypeVar("R", bound=Record)
Vocabulary = Mapping[str, Mapping[str, str]]

PLACE = "RACEMATE_EVIDENCE"
"""The environment variable that names another evidence folder."""

SECTIONS = ("link", "topic", "drug", "target", "edge", "species", "outcome", "population", "statistic")
"""The sections a vocabulary must have."""


def evidence_root() -> Path:
    """The folder the numbers stand in: RACEMATE_EVIDENCE, else the wheel's copy, else the checkout's.

    Raises EvidenceError when there is none.
    """
    named = os.environ.get(PLACE)
    package = Path(__file__).resolve().parents[1]
    places = [Path(named)] if named else [package / "_data" / "evidence", package.parents[1] / "evidence"]
    for place in places:
        if (place / "vocabulary.toml").is_file():
            return place
    raise EvidenceError(str(places[-1]), PLACE, "no vocabulary.toml there", "the path of an evidence folder")


@dataclass(frozen=True)
class Library:
    """Every record by name, the vocabulary, and what was wrong on the way in."""

    root: Path
    sources: Mapping[str, Source]
    parameters: Mapping[str, Parameter]
    trials: Mapping[str, Trial]
    scales: Mapping[str, Scale]
    vocabulary: Vocabulary
    judgement: Judgement | None
    hash: str
    findings: tuple[Finding, ...] = ()
    syntheses: Mapping[str, Synthesis] = field(default_factory=dict[str, Synthesis])
    anchors: Mapping[str, Anchor] = field(default_factory=dict[str, Anchor])
    signals: Mapping[str, Signal] = field(default_factory=dict[str, Signal])
    quantities: Mapping[str, Quantity] = field(default_factory=dict[str, Quantity])
    _priors: dict[str, Prior] = field(default_factory=dict[str, "Prior"], repr=False, compare=False)

    def parameter(self, name: str) -> Parameter:
        """The parameter `link.field`.  Raises EvidenceError with the nearest match."""
        return _named(self.parameters, name, "evidence/parameters")

    @property
    def stated(self) -> Mapping[str, Stated]:
        """Every number with claims about it: the parameters, then the quantities that no link reads."""
        return {**self.parameters, **self.quantities}

    def number(self, name: str) -> Stated:
        """The parameter or quantity of that name.  Raises EvidenceError with the nearest match."""
        return _named(self.stated, name, "evidence/parameters and evidence/quantities")

    @property
    def names(self) -> frozenset[str]:
        """The name of every record that leans on a source, and of every source."""
        shelves = (self.stated, self.trials, self.scales, self.syntheses, self.anchors, self.signals, self.sources)
        return frozenset(chain.from_iterable(shelves))

    def source(self, name: str) -> Source:
        """The source of that id.  Raises EvidenceError with the nearest match."""
        return _named(self.sources, name, "evidence/sources")

    def trial(self, name: str) -> Trial:
        """The trial of that id.  Raises EvidenceError with the nearest match."""
        return _named(self.trials, name, "evidence/trials")

    def scale(self, name: str) -> Scale:
        """The rating scale of that name.  Raises EvidenceError with the nearest match."""
        return _named(self.scales, name, "evidence/scales")

    def synthesis(self, name: str) -> Synthesis:
        """The synthesis of that id.  Raises EvidenceError with the nearest match."""
        return _named(self.syntheses, name, "evidence/meta")

    def anchor(self, name: str) -> Anchor:
        """The anchor of that id.  Raises EvidenceError with the nearest match."""
        return _named(self.anchors, name, "evidence/anchors.toml")

    def signal(self, name: str) -> Signal:
        """The spontaneous-report signal of that id.  Raises EvidenceError with the nearest match."""
        return _named(self.signals, name, "evidence/safety")

    def about(self, topic: Topic) -> tuple[Anchor, ...]:
        """The anchors of one topic, by id."""
        return tuple(anchor for _, anchor in sorted(self.anchors.items()) if anchor.topic == topic)

    def prior(self, name: str) -> Prior:
        """The pooled prior of a parameter, in its unit.  Raises EvidenceError when its claims do not suit its rule."""
        if name not in self._priors:
            from racemate.evidence.pool import pool

            if self.judgement is None:
                refuse(self.findings)
                raise EvidenceError("evidence/pooling.toml", "the file", "nothing", "the judgement of pooling")
            self._priors[name] = pool(self.parameter(name), self.judgement)
        return self._priors[name]

    def select(
        self,
        *,
        text: str = "",
        link: str = "",
        drug: str = "",
        target: str = "",
        source: str = "",
        how: How | None = None,
        doubtful: bool = False,
    ) -> tuple[Parameter | Quantity, ...]:
        """The parameters, then the quantities, that meet every condition given, by name; `text` is looked for in all that they say."""
        return tuple(
            one
            for one in (*_sorted(self.parameters), *_sorted(self.quantities))
            if text.lower() in _reading(one)
            and link in ("", one.link)
            and drug in ("", one.drug)
            and target in ("", one.target)
            and (not source or source in one.sources)
            and (how is None or any(claim.how == how for claim in one.claims))
            and (not doubtful or any(claim.doubtful for claim in one.claims if claim.pooled))
        )


def library(root: Path | None = None) -> Library:
    """Everything under `evidence/`, read once.  Raises EvidenceError that lists every file, field and fault."""
    found = read_library((root or evidence_root()).resolve())
    refuse(found.findings)
    return found


@cache
def read_library(root: Path) -> Library:
    """Read an evidence folder and keep its faults as findings, for `check.py` to report."""
    from racemate.evidence.pool import Judgement

    findings: list[Finding] = []
    words = _vocabulary(root, findings)
    judgement = _one(root / "pooling.toml", "evidence/pooling.toml", Judgement, findings)
    sources = _folder(root, "sources", Source, "id", findings)
    scales = _folder(root, "scales", Scale, "name", findings)
    parameters: dict[str, Parameter] = {}
    for path in sorted((root / "parameters").glob("*.toml")):
        data, faults = read_toml(path, f"evidence/parameters/{path.name}")
        read, more = read_parameters(data, path.stem)
        parameters |= {parameter.name: parameter for parameter in read}
        findings += [*faults, *more]
    quantities: dict[str, Quantity] = {}
    for path in sorted((root / "quantities").glob("*.toml")):
        data, faults = read_toml(path, f"evidence/quantities/{path.name}")
        about, more = read_quantities(data, path.stem)
        quantities |= {quantity.name: quantity for quantity in about}
        findings += [*faults, *more]
    trials: dict[str, Trial] = {}
    for folder in sorted(path for path in (root / "trials").glob("*") if path.is_dir()):
        trial, faults = read_trial(folder)
        trials |= {trial.id: trial} if trial else {}
        findings += faults
    syntheses = _folder(root, "meta", Synthesis, "id", findings)
    anchors, signals = _across_trials(root, findings)
    findings += _unknown_words(
        words,
        _stated_words((*parameters.values(), *quantities.values())),
        ((one.file, one.name, "topic", one.topic) for one in quantities.values()),
        _outcome_words(trials.values(), scales.values()),
        _across_words(syntheses.values(), anchors.values(), signals.values()),
    )
    return Library(
        root,
        sources,
        parameters,
        trials,
        scales,
        words,
        judgement,
        folder_hash(root),
        tuple(findings),
        syntheses,
        anchors,
        signals,
        quantities,
    )


def folder_hash(root: Path) -> str:
    """SHA-256 over the names and contents of the data files under a folder, in the order of their names."""
    files = (path for path in root.rglob("*") if path.suffix in (".toml", ".csv"))
    lines = sorted(f"{path.relative_to(root).as_posix()} {sha256(path.read_bytes()).hexdigest()}" for path in files)
    return sha256("\n".join(lines).encode()).hexdigest()


def _named(records: Mapping[str, R], name: str, folder: str) -> R:
    if name not in records:
        raise EvidenceError(folder, "name", repr(name), nearest(name, records))
    return records[name]


def _sorted(records: Mapping[str, R]) -> list[R]:
    return [record for _, record in sorted(records.items())]


def _reading(one: Parameter | Quantity) -> str:
    words = [one.name, one.label, one.drug, one.target, one.prefer if isinstance(one, Parameter) else ""]
    for claim in one.claims:
        words += [*claim.sources, claim.place, claim.species, claim.system, claim.note]
    return " ".join(words).lower()


def _one(path: Path, file: str, model: type[R], findings: list[Finding], **known: str) -> R | None:
    """Read the one record of a file; a name in the file must be the one `known` from the file's own name."""
    if not path.is_file():
        findings.append(Finding(file, "the file", "nothing", "a file of that name"))
        return None
    data, faults = read_toml(path, file)
    for key, word in known.items():
        if data and data.get(key, word) != word:
            faults.append(Finding(file, key, repr(data[key]), f"{word!r}, the name of the file"))
    record, more = read_record(model, {**data, **known}, file) if data else (None, [])
    findings += faults + more
    return record


def _folder(root: Path, name: str, model: type[R], key: str, findings: list[Finding]) -> dict[str, R]:
    records: dict[str, R] = {}
    for path in sorted((root / name).glob("*.toml")):
        record = _one(path, f"evidence/{name}/{path.name}", model, findings, **{key: path.stem})
        records |= {path.stem: record} if record else {}
    return records


def _across_trials(root: Path, findings: list[Finding]) -> tuple[dict[str, Anchor], dict[str, Signal]]:
    anchors: dict[str, Anchor] = {}
    signals: dict[str, Signal] = {}
    for path in (root / "anchors.toml", *sorted((root / "safety").glob("*.toml"))):
        if not path.is_file():
            continue
        file = f"evidence/{path.relative_to(root).as_posix()}"
        data, faults = read_toml(path, file)
        records, more = read_named(data, {"anchor": Anchor, "signal": Signal}, file)
        findings += [*faults, *more]
        for record in records:
            kept = anchors if isinstance(record, Anchor) else signals
            if isinstance(record, Anchor | Signal) and record.id in kept:
                findings.append(Finding(file, record.id, f"a name that {kept[record.id].file} has", "each name once"))
            elif isinstance(record, Anchor):
                anchors[record.id] = record
            elif isinstance(record, Signal):
                signals[record.id] = record
    return anchors, signals


def _vocabulary(root: Path, findings: list[Finding]) -> Vocabulary:
    file = "evidence/vocabulary.toml"
    data, faults = read_toml(root / "vocabulary.toml", file)
    findings += faults
    for section, words in data.items():
        if section not in SECTIONS:
            findings.append(Finding(file, section, "a section nobody reads", nearest(section, SECTIONS)))
        for word, meaning in words.items():
            if not isinstance(meaning, str):
                findings.append(Finding(file, f"{section}.{word}", repr(meaning), "one line of text, in quotes"))
    return {section: data.get(section, {}) for section in SECTIONS}


def _unknown_words(vocabulary: Vocabulary, *spoken: Iterable[tuple[str, str, str, str]]) -> Iterator[Finding]:
    for file, place, section, word in chain.from_iterable(spoken):
        if word and word not in vocabulary[section]:
            allowed = f"{nearest(word, vocabulary[section])} (evidence/vocabulary.toml, [{section}])"
            yield Finding(file, place, repr(word), allowed)


def _stated_words(numbers: Iterable[Parameter | Quantity]) -> Iterator[tuple[str, str, str, str]]:
    for one in numbers:
        yield one.file, one.name, "link", one.link
        yield one.file, f"{one.name}.drug", "drug", one.drug
        yield one.file, f"{one.name}.target", "target", one.target
        for number, claim in enumerate(one.claims, 1):
            yield one.file, f"{one.name}.claim[{number}].species", "species", claim.species


def _outcome_words(trials: Iterable[Trial], scales: Iterable[Scale]) -> Iterator[tuple[str, str, str, str]]:
    for scale in scales:
        file = f"evidence/scales/{scale.name}.toml"
        yield file, "name", "outcome", scale.name
        for number, link in enumerate(scale.links, 1):
            yield file, f"link[{number}].to", "outcome", link.to
    for trial in trials:
        file = f"{trial.folder}/outcomes.csv"
        for row in trial.observations:
            yield file, f"line {row.line}.outcome", "outcome", row.outcome
            yield file, f"line {row.line}.population", "population", row.population
            yield file, f"line {row.line}.statistic", "statistic", row.statistic


def _across_words(
    syntheses: Iterable[Synthesis], anchors: Iterable[Anchor], signals: Iterable[Signal]
) -> Iterator[tuple[str, str, str, str]]:
    for synthesis in syntheses:
        for name, entries in (("pooled", synthesis.pooled), ("study", synthesis.studies)):
            for number, entry in enumerate(entries, 1):
                yield synthesis.file, f"{name}[{number}].outcome", "outcome", entry.outcome
                yield synthesis.file, f"{name}[{number}].statistic", "statistic", entry.statistic
    for anchor in anchors:
        yield anchor.file, f"anchor.{anchor.id}.outcome", "outcome", anchor.outcome
        yield anchor.file, f"anchor.{anchor.id}.statistic", "statistic", anchor.statistic
        yield anchor.file, f"anchor.{anchor.id}.population", "population", anchor.population
    for signal in signals:
        yield signal.file, f"signal.{signal.id}.drug", "drug", signal.drug
        yield signal.file, f"signal.{signal.id}.event", "outcome", signal.event
