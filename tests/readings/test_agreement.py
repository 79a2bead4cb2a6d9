"""Four readings of one source give one number: numpy, JAX, quantities and algebra, for every card."""

from typing import Any

import numpy as np
import pytest
import sympy as sp

from racemate.chain import concentration, severity, whole
from racemate.hypothesis import all_names, edges, read
from racemate.readings import symbolic
from racemate.readings.dimensional import Aware
from racemate.readings.independent import Plain
from racemate.readings.names import leaves, units
from racemate.units import parse, registry
from tests.readings.inputs import Numbers, flat, rates

CARDS = tuple(name for card in all_names() for name in (card, *(f"{card}:{v}" for v in read(card).variants)))
ALONE = tuple(f"only {edge}" for edge in edges())


def edges_of(wiring: str) -> tuple[str, ...]:
    """Edges of a card, of one edge alone, or every edge there is."""
    if wiring == "every edge":
        return edges()
    return (wiring.removeprefix("only "),) if wiring.startswith("only ") else read(wiring).edges


def quantities(record: Any) -> Any:
    """The same record, each number with its declared unit."""
    unit = units(type(record))

    def told(part: Any, prefix: str) -> Any:
        if hasattr(part, "_fields"):
            return type(part)(*(told(getattr(part, f), f"{prefix}{f}.") for f in part._fields))
        if isinstance(part, tuple):
            return tuple(told(value, f"{prefix}{k}.") for k, value in enumerate(part))
        return registry().Quantity(part, parse(unit[prefix[:-1]]))

    return told(record, "")


@pytest.mark.parametrize("wiring", ["every edge", *CARDS, *ALONE])
def test_numpy_floats_jax_and_quantities_agree(wiring: str, rng: np.random.Generator) -> None:
    import jax
    import jax.numpy as jnp

    numbers = Numbers(rng)
    p = numbers.par(edges_of(wiring))
    y, s, given = numbers.record(whole.State), numbers.record(severity.Setting), rates(concentration.State, numbers)
    judged = flat(whole.flow(y, p, s, given, np))
    assert flat(whole.flow(y, p, s, given, Plain)) == pytest.approx(judged, rel=1e-12, abs=1e-15)
    y1, p1, s1, given1 = jax.tree.map(jnp.asarray, (y, p, s, given))
    assert flat(whole.flow(y1, p1, s1, given1, jnp)) == pytest.approx(judged, rel=1e-12, abs=1e-15)
    per_hour = type(given)(*(type(b)(*(registry().Quantity(v, "mg/h") for v in b)) for b in given))
    aware = whole.flow(quantities(y), quantities(p), quantities(s), per_hour, Aware)
    unit = units(whole.State)
    told = [float(v.to(parse(f"({unit[name]})/h")).magnitude) for name, v in leaves(aware).items()]
    assert np.array(told) == pytest.approx(judged, rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("wiring", [pytest.param("every edge", marks=pytest.mark.slow), *CARDS])
def test_algebra_agrees_with_jax_in_slopes_and_jacobian(wiring: str, rng: np.random.Generator) -> None:
    import jax
    import jax.numpy as jnp

    on = edges_of(wiring)
    numbers = Numbers(rng)
    p, s = numbers.par(on), numbers.record(severity.Setting)
    x, y = numbers.record(concentration.Exposure), numbers.record(whole.Slow)

    def slopes(values: Any) -> Any:
        rows = iter(values)
        slow = whole.Slow(*(type(part)(*(next(rows) for _ in part)) for part in y))
        found = whole.relaxations(x, slow, p, s, jnp)
        return jnp.stack(
            [
                r.rate * (r.target - v)
                for part, records in zip(slow, found, strict=True)
                for v, r in zip(part, records, strict=True)
            ]
        )

    at = jnp.asarray(flat(y))
    algebra = symbolic.jacobian(on)
    values = evaluated(algebra, numbers)
    assert values[0] == pytest.approx(np.asarray(slopes(at)), rel=1e-10, abs=1e-12)
    assert values[1] == pytest.approx(np.asarray(jax.jacfwd(slopes)(at)), rel=1e-9, abs=1e-11)


def evaluated(found: symbolic.Jacobian, numbers: Numbers) -> tuple[np.ndarray, np.ndarray]:
    """Slopes and matrix as numbers, the abbreviations worked out one after another."""
    short = [one for one, _ in found.where]
    free = set(found.matrix.free_symbols) | set(found.slopes.free_symbols)
    free = sorted(free.union(*(value.free_symbols for _, value in found.where)) - set(short), key=str)
    known = [numbers(one.name) for one in free]
    for k, (_, meaning) in enumerate(found.where):
        known.append(float(sp.lambdify([*free, *short[:k]], meaning, "math", cse=True)(*known)))
    both = sp.lambdify([*free, *short], (found.slopes, found.matrix), "numpy", cse=True)(*known)
    return np.array(both[0], float).ravel(), np.array(both[1], float)
