"""A case: one entry before its check, with the evidence it is allowed to look at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from racemate.evidence.finding import EvidenceError, nearest
from racemate.evidence.library import Library
from racemate.evidence.prior import Prior
from racemate.evidence.record import Claim, Observation, Parameter, Spread, Trial
from racemate.evidence.synthesis import Reported, Signal
from racemate.ledger.book import FILE
from racemate.ledger.record import ClaimEntry, Reckoned, Row, Ruling, Verdict

if TYPE_CHECKING:
    from racemate.ledger.virtual import Laboratory, Seen

Check = Callable[["Case"], Ruling]


@dataclass
class Case:
    """What a check sees: the entry's numbers, the records it needs, and the laboratory for virtual people."""

    entry: ClaimEntry
    known: Library
    laboratory: Laboratory
    _touched: dict[str, None] = field(default_factory=dict[str, None])
    _runs: dict[str, bool] = field(default_factory=dict[str, bool])
    """What was run, and whether calibration trials had informed it."""

    def stated(self, name: str) -> float:
        """The one number of that name that the document prints."""
        (value,) = self.all_stated(name)
        return value

    def all_stated(self, name: str) -> tuple[float, ...]:
        """The numbers of that name that the document prints, in the order printed."""
        if name not in self.entry.stated:
            raise EvidenceError(FILE, f"{self.entry.id}.stated", repr(name), nearest(name, self.entry.stated))
        value = self.entry.stated[name].value
        return value if isinstance(value, tuple) else (value,)

    def bar(self, name: str) -> float:
        """The number at which the verdict turns."""
        if name not in self.entry.bar:
            raise EvidenceError(FILE, f"{self.entry.id}.bar", repr(name), nearest(name, self.entry.bar))
        return self.entry.bar[name].value

    def fact(self, name: str) -> Claim:
        """A published number: a cell of a trial's outcomes, or one that no record holds yet."""
        if name in self.entry.row:
            return self._cell(name)
        if name not in self.entry.fact:
            raise EvidenceError(FILE, f"{self.entry.id}.fact", repr(name), nearest(name, self.entry.published))
        claim = self.entry.fact[name]
        self._touched |= dict.fromkeys(claim.sources)
        return claim

    def number(self, name: str) -> float:
        """The one value of a fact."""
        value = self.fact(name).value
        if isinstance(value, tuple):
            raise EvidenceError(FILE, f"{self.entry.id}.fact.{name}", "a list", "one number")
        return value

    def ends(self, name: str) -> tuple[float, float]:
        """The ends of a fact's interval."""
        spread = self.fact(name).spread
        if spread.low is None or spread.high is None:
            raise EvidenceError(FILE, f"{self.entry.id}.fact.{name}.spread", spread.kind, "a spread with low and high")
        return spread.low, spread.high

    def parameter(self, name: str) -> Parameter:
        """A parameter the entry needs."""
        return self.known.parameter(self._allowed(name))

    def prior(self, name: str) -> Prior:
        """The pooled prior of a parameter the entry needs."""
        return self.known.prior(self._allowed(name))

    def claim_of(self, name: str, source: str) -> Claim:
        """The first claim that a source makes about a parameter."""
        for claim in self.parameter(name).claims:
            if claim.source == source:
                return claim
        raise EvidenceError(
            FILE, f"{self.entry.id}.needs", f"no claim of {source} about {name}", "a source of that parameter"
        )

    def trial(self, name: str) -> Trial:
        """A trial the entry needs."""
        return self.known.trial(self._allowed(name))

    def rows(self, trial: str, **where: object) -> tuple[Observation, ...]:
        """The rows of a trial that have every value given, such as `outcome="madrs"`; at least one."""
        return self._find(self._allowed(trial), where)

    def row(self, trial: str, **where: object) -> Observation:
        """The first such row."""
        return self.rows(trial, **where)[0]

    def see(self, scenario: str, hypothesis: str) -> Seen:
        """Virtual people under one hypothesis.

        A run reads every parameter of the chain; the entry's `needs` name those it turns on.
        """
        self._touched |= dict.fromkeys(name for name in self.entry.needs if name in self.known.parameters)
        seen = self.laboratory.see(scenario, hypothesis)
        self._runs[seen.told] = seen.fitted
        return seen

    def _cell(self, name: str) -> Claim:
        asked = self.entry.row[name]
        self._touched[asked.record] = None
        found = self._held(asked)
        value = getattr(found, asked.take)
        if value is None:
            raise EvidenceError(
                FILE, f"{self.entry.id}.row.{name}.take", f"no {asked.take} in {asked.record}", "a cell with a number"
            )
        spread = _spread(found) if isinstance(found, Observation) else found.spread
        unit = found.unit if asked.take == "value" else "1"
        return Claim(
            value=value, unit=unit, spread=spread, n=found.n, source=found.source, place=found.place, how=found.how
        )

    def _held(self, asked: Row) -> Observation | Reported:
        """The row, pooled estimate, anchor or signal that is asked for."""
        if asked.trial:
            return self._find(asked.trial, asked.where)[0]
        if asked.anchor:
            return self.known.anchor(asked.anchor)
        if asked.signal:
            return _ratio(self.known.signal(asked.signal))
        for pooled in self.known.synthesis(asked.synthesis).pooled:
            if all(getattr(pooled, key) == value for key, value in asked.where.items()):
                return pooled
        raise EvidenceError(
            f"evidence/meta/{asked.synthesis}.toml", "pooled", f"none with {dict(asked.where)}", "at least one"
        )

    def _find(self, trial: str, where: Mapping[str, object]) -> tuple[Observation, ...]:
        rows = self.known.trial(trial).observations
        found = tuple(row for row in rows if all(getattr(row, key) == value for key, value in where.items()))
        if not found:
            asked = ", ".join(f"{key} = {value!r}" for key, value in where.items())
            raise EvidenceError(f"evidence/trials/{trial}/outcomes.csv", "rows", f"none with {asked}", "at least one")
        return found

    def rule(self, verdict: Verdict, because: str, *numbers: Reckoned) -> Ruling:
        """Close the case; an entry that waits for calibrated trials stays open, and keeps the verdict as its leaning."""
        held = self.entry.posterior and not all(self._runs.values())
        waits = " It stays open: the size rests on priors until the trials have calibrated it." if held else ""
        return Ruling(
            verdict=Verdict.OPEN if held else verdict,
            numbers=numbers,
            because=because + waits,
            evidence=tuple(self._touched),
            runs=tuple(self._runs),
            leaning=verdict if held else None,
        )

    def _allowed(self, name: str) -> str:
        if name not in self.entry.needs:
            raise EvidenceError(
                FILE, f"{self.entry.id}.needs", f"a check that reads {name!r}", "every record the check reads"
            )
        self._touched[name] = None
        return name


def _spread(row: Observation) -> Spread:
    if row.low is not None and row.high is not None:
        return Spread(kind="range", low=row.low, high=row.high)
    return Spread(kind="none") if row.spread is None else Spread(kind=row.spread_kind, value=row.spread)


def _ratio(signal: Signal) -> Reported:
    """The reporting odds ratio of a signal as one number with its interval."""
    meant = signal.meant
    ends = Spread(kind="range95", low=meant["ror_low"], high=meant["ror_high"])
    return Reported(value=meant["ror"], unit="1", spread=ends, source=signal.source, place=signal.place, how=signal.how)
