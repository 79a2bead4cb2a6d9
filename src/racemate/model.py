"""The meeting: a hypothesis and the evidence become a Model, bound by name and converted to the units that the chain declares.

Nothing else in the package joins a number to an equation.  What a hypothesis leaves out (an edge) is bound to exactly zero.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from typing import Any, get_type_hints

import numpy as np
from numpy.typing import NDArray

from racemate.chain import whole
from racemate.evidence.finding import Finding, nearest, refuse
from racemate.evidence.library import Library, library
from racemate.evidence.prior import Prior
from racemate.evidence.record import Between
from racemate.hypothesis import EDGE, Hypothesis, all_names
from racemate.hypothesis import read as read_hypothesis
from racemate.posterior import BETWEEN, Posterior, asked
from racemate.units import declared, factor


@dataclass(frozen=True)
class Bound:
    """One parameter as the chain takes it: its prior, its spread between people or studies, and its typical value.

    ``prior`` is None where the value is fixed (a convention, a fitted table, an edge that is off).  ``factor`` carries a value from
    the evidence's unit to ``unit``, the one the chain declares.
    """

    name: str
    unit: str
    typical: float | tuple[float, ...]
    prior: Prior | None = None
    factor: float = 1.0
    vary: str = "shared"
    between: Between | None = None

    def quantile(self, u: NDArray[np.float64]) -> NDArray[np.float64]:
        """Value of the population's parameter at probability ``u``, in the declared unit; a constant where it is fixed."""
        if self.prior is None:
            return np.full(np.shape(u), self.typical)
        return np.asarray(self.prior.quantile(u)) * self.factor


@dataclass(frozen=True)
class Model:
    """One hypothesis with its numbers.  ``bound`` holds every parameter by dotted name, in the order of the chain.

    With a ``posterior`` the parameters it names are drawn from it, jointly, and its medians are the typical values.
    """

    hypothesis: Hypothesis
    bound: Mapping[str, Bound]
    evidence_hash: str
    posterior: Posterior | None = None
    rows: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        """List the scalar rows of the parameter table; an array takes one row per element."""
        rows = [
            f"{b.name}[{k}]" if isinstance(b.typical, tuple) else b.name
            for b in self.bound.values()
            for k in range(len(b.typical) if isinstance(b.typical, tuple) else 1)
        ]
        object.__setattr__(self, "rows", tuple(rows))

    @cached_property
    def typical(self) -> whole.Par:
        """Typical values, one float (or tuple of floats) per field."""
        return fill(whole.Par, lambda name: self.bound[name].typical)

    def table(self, values: Mapping[str, NDArray[np.float64]], people: int) -> NDArray[np.float64]:
        """Parameter table of shape (rows, people): ``values`` by name, typical where a name is absent."""
        out = np.empty((len(self.rows), people))
        for k, name in enumerate(self.rows):
            plain, _, index = name.partition("[")
            if plain in values:
                out[k] = values[plain]
            else:
                typical = self.bound[plain].typical
                out[k] = typical[int(index[:-1])] if isinstance(typical, tuple) else typical
        return out

    def unpack(self, table: Any) -> whole.Par:
        """Par whose leaves are the rows of a table (numpy or JAX), each of shape (people,)."""
        return unpack(self.rows, table)


_hints: Callable[[Any], dict[str, Any]] = cache(get_type_hints)


def fill(cls: Any, value: Callable[[str], Any], prefix: str = "") -> Any:
    """A NamedTuple of NamedTuples whose every field is ``value(dotted name)``."""
    hints = _hints(cls)

    def part(name: str) -> Any:
        inner = hints[name]
        nested = isinstance(inner, type) and hasattr(inner, "_fields")
        return fill(inner, value, f"{prefix}{name}.") if nested else value(prefix + name)

    return cls(*(part(name) for name in cls._fields))


def unpack(rows: Sequence[str], table: Any) -> whole.Par:
    """Par from a table with the given row names; rows named ``x[k]`` become one tuple."""
    found: dict[str, list[Any]] = {}
    for k, name in enumerate(rows):
        found.setdefault(name.partition("[")[0], []).append(table[k])
    arrays = {name.partition("[")[0] for name in rows if name.endswith("]")}
    return fill(whole.Par, lambda name: tuple(found[name]) if name in arrays else found[name][0])


def bind(
    hypothesis: str | Hypothesis | None = None, known: Library | None = None, posterior: Posterior | None = None
) -> Model:
    """Bind a hypothesis (a card's name, ``name:variant``, a path, or a Hypothesis; default: the default card) to the evidence.

    Without a ``posterior`` every parameter has its prior from the evidence and the card.  Raises EvidenceError when a parameter of the
    chain has no claim, when the evidence holds one the chain does not know, or when a unit does not fit; HypothesisError when the card
    cannot be used.
    """
    card = hypothesis if isinstance(hypothesis, Hypothesis) else read_hypothesis(hypothesis)
    evidence = known or library()
    units = declared(whole.Par)
    _refuse_strangers(units, evidence)
    bound = {name: _bound(name, unit, card, evidence) for name, unit in units.items()}
    if posterior is not None:
        bound |= {name: _informed(bound[name], posterior) for name in _fitted(posterior, bound)}
    return Model(card, bound, evidence.hash, posterior)


def inform(
    hypothesis: str | Hypothesis | None = None, posterior: str | None = None, known: Library | None = None
) -> Model:
    """Bind a hypothesis with the posterior of that name (a shipped one, a folder, ``prior`` for none).

    Without a name it is the shipped prospective posterior where that holds the card.  A card of one's own has no shipped posterior, nor
    has a variant: they keep their priors unless a posterior is named.  Raises what `bind` and `racemate.posterior.load` raise.
    """
    card = hypothesis if isinstance(hypothesis, Hypothesis) else read_hypothesis(hypothesis)
    own = posterior is None and hypothesis is not None and hypothesis not in all_names()
    return bind(card, known, None if own else asked(posterior, card.name))


def _fitted(posterior: Posterior, bound: Mapping[str, Bound]) -> tuple[str, ...]:
    """The parameters a posterior speaks of; one that the model does not vary makes it a posterior of something else."""
    values = {name for name, one in bound.items() if one.prior is not None}
    spreads = {BETWEEN + name for name, one in bound.items() if one.between is not None}
    strange = set(posterior.names) - values - spreads
    where = f"posterior {posterior.name} of {posterior.card}"
    allowed = "a parameter that this card leaves open: fit again, the model has changed"
    refuse(tuple(Finding(where, "names", name, allowed) for name in sorted(strange)))
    return tuple(name for name in posterior.names if not name.startswith(BETWEEN))


def _informed(bound: Bound, posterior: Posterior) -> Bound:
    column = posterior.column(bound.name)
    return bound if column is None else replace(bound, typical=float(np.median(column)))


def _refuse_strangers(units: Mapping[str, str], known: Library) -> None:
    """Every parameter of a link has claims, and every claim about a link belongs to one of its parameters."""
    links = {name.partition(".")[0] for name in units}
    missing = (name for name in units if name not in known.parameters)
    orphan = (name for name, parameter in known.parameters.items() if parameter.link in links and name not in units)
    refuse(
        (
            *(
                Finding(f"evidence/parameters/{n.partition('.')[0]}.toml", n, "nothing", "a claim for this parameter")
                for n in missing
            ),
            *(
                Finding(
                    f"evidence/parameters/{n.partition('.')[0]}.toml", n, "a parameter of no link", nearest(n, units)
                )
                for n in orphan
            ),
        )
    )


def _bound(name: str, unit: str, card: Hypothesis, known: Library) -> Bound:
    gain = name.rpartition(".")[2]
    edge = gain.removeprefix(EDGE) if gain.startswith(EDGE) else None
    if edge is not None and edge not in card.edges:
        return Bound(name, unit, 0.0)
    parameter = known.parameters[name]
    belief = card.gains.get(edge) if edge is not None else card.instead.get(name)
    prior = known.prior(name) if belief is None else Prior(**belief.prior)
    scale = factor(parameter.unit if belief is None else unit, unit)
    median = prior.median
    if isinstance(median, tuple):
        return Bound(name, unit, tuple(value * scale for value in median))
    return Bound(
        name, unit, median * scale, None if prior.law == "fixed" else prior, scale, parameter.vary, parameter.between
    )
