"""Numbers: what may be estimated, with the prior that evidence and card give it, in the few laws that PEtab has.

Estimated is what acts between plasticity and score.  What moves the drug signals of the reference dose is not: the model holds these as
two constants that racemate computed, so numbers upstream stay at their medians.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import exp, isfinite, log
from typing import Any, NamedTuple

import sympy as sp

from racemate.chain import score, severity, whole
from racemate.chain.laws import Person
from racemate.evidence.prior import Prior, carry
from racemate.exchange.sbml import ids
from racemate.exchange.sbml.equations import read
from racemate.model import Bound, Model
from racemate.readings import symbolic
from racemate.readings.names import leaves

_FAR = 6.0
"""Standard deviations at which a law that never ends is cut, because PEtab asks for bounds; beyond lie two in a thousand million."""
STUDY = {"drug": "severity.study_drug", "setting": "severity.study_control"}
"""Effects of a study, each with the parameter that carries it."""
_LAWS = {"lognormal": "log-normal", "normal": "normal", "half-normal": "normal", "logit-normal": "normal"}
"""What PEtab calls the laws: cut at zero a normal law is half-normal, and a share is normal on its logit."""


class Number(NamedTuple):
    """A row of the parameter table: its name in the evidence or what it is, nominal value, bounds and prior."""

    id: str
    known: str
    nominal: float
    low: float
    high: float
    law: str
    location: float
    scale: float


class Numbers(NamedTuple):
    """Rows of the parameter table, and the model's parameters that are formulas of some of them."""

    rows: tuple[Number, ...]
    formulas: dict[str, str]


def estimated(model: Model, scales: Iterable[str], contexts: Iterable[str]) -> Numbers:
    """Numbers that act on the scores of the scales in the contexts that occur."""
    rows: list[Number] = []
    formulas: dict[str, str] = {}
    for name in _acting(scales, contexts):
        bound = model.bound[name]
        if bound.prior is None or isinstance(bound.typical, tuple):
            continue
        own = ids.plain(name)
        if bound.prior.law == "logit-normal":
            rows.append(_row(f"logit_{own}", f"logit of {name}", bound, bound.prior))
            formulas[own] = f"{bound.factor!r}/(1 + exp(-logit_{own}))"
        else:
            rows.append(_row(own, name, bound, bound.prior))
    return Numbers(tuple(rows), formulas)


def studies(model: Model, trials: Iterable[str]) -> tuple[tuple[Number, ...], dict[str, dict[str, str]]]:
    """Effects of each trial on drug and setting with the spread between trials, and the model's parameters they make, by trial."""
    every = tuple(trials)
    rows: list[Number] = []
    formulas: dict[str, dict[str, str]] = {trial: {} for trial in every}
    for kind, name in STUDY.items():
        between = model.bound[name].between
        assert between is not None
        size, spread = float(between.scale), repr(float(between.scale))
        if between.uncertainty:
            spread = f"between_{kind}"
            law = Prior("lognormal", log(size), between.uncertainty, 0.0, float("inf"), "1")
            rows.append(_law(spread, f"spread of {name} between studies (log)", size, law, 1.0))
        for trial in every:
            own = f"{kind}_{ids.plain(trial)}"
            rows.append(Number(own, f"{name} of {trial}, in standard deviations", 0.0, -_FAR, _FAR, "normal", 0.0, 1.0))
            formulas[trial][ids.plain(name)] = f"exp({spread}*{own})"
    return tuple(rows), formulas


def _row(own: str, known: str, bound: Bound, prior: Prior) -> Number:
    assert not isinstance(bound.typical, tuple)
    return _law(own, known, bound.typical, prior, bound.factor)


def _law(own: str, known: str, typical: float, prior: Prior, factor: float) -> Number:
    """A row from a scalar prior; ``factor`` carries it to the unit of the model."""
    location, scale = float(prior.location), float(prior.scale)  # pyright: ignore[reportArgumentType]
    if prior.law == "lognormal":
        ends = (_end(prior, prior.low, -_FAR), _end(prior, prior.high, _FAR))
        low, high = (factor * exp(end) for end in ends)
        return Number(own, known, typical, low, high, _LAWS[prior.law], location + log(factor), scale)
    if prior.law == "logit-normal":
        ends = (_end(prior, prior.low, -_FAR), _end(prior, prior.high, _FAR))
        return Number(own, known, carry(prior.law, typical / factor), *ends, _LAWS[prior.law], location, scale)
    if prior.law == "half-normal":
        location, low = 0.0, max(prior.low, 0.0)
    else:
        low = _end(prior, prior.low, -_FAR)
    high = _end(prior, prior.high, _FAR)
    return Number(
        own, known, typical, low * factor, high * factor, _LAWS[prior.law], location * factor, scale * abs(factor)
    )


def _end(prior: Prior, end: float, far: float) -> float:
    """An end of the range on the scale of the law, or far out where there is none."""
    place = carry(prior.law, end)
    return place if isfinite(place) else float(prior.location) + far * float(prior.scale)  # pyright: ignore[reportArgumentType]


def _acting(scales: Iterable[str], contexts: Iterable[str]) -> Iterator[str]:
    """Dotted names of parameters of severity and score that act on scores, and neither on the reference nor through a covariate."""
    equations, known = read(), {symbol: name for name, symbol in read().parameters.items()}
    signals = symbolic.symbols(severity.Severity)
    scores = symbolic.symbols(score.Score)
    wanted = {*signals, *(getattr(scores, scale) for scale in scales)}
    states = symbolic.symbols(whole.Slow).severity
    used: set[Any] = set()
    for part in equations.algebra:
        used |= part.right.free_symbols if part.symbol in wanted else set()
    reference: set[Any] = set()
    for part in equations.slopes:
        if part.symbol in (states.fast, states.number):
            reference |= part.right.free_symbols
        elif part.symbol in states:
            used |= part.right.free_symbols
    off = {f"severity.context_{name}" for name in severity.Setting._fields} - {
        f"severity.context_{n}" for n in contexts
    }
    for symbol, name in known.items():
        ours = name.partition(".")[0] in ("severity", "score")
        if ours and symbol in used - reference and name not in off and name not in _personal() and name not in _SET:
            yield name


_SET = ("severity.baseline", *STUDY.values())
"""Parameters that every experiment sets."""


def _personal() -> set[str]:
    """Parameters whose value in a person is made from several numbers and a covariate."""
    names = leaves(symbolic.symbols(whole.Par))
    person = Person(*(sp.Symbol(name, positive=True) for name in Person._fields))
    changed = leaves(whole.individual(symbolic.symbols(whole.Par), person, symbolic.Algebra))
    return {name for name, symbol in names.items() if changed[name] != symbol}
