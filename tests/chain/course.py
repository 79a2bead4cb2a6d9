"""A course of the slow states of circuit and synapses, solved by scipy apart from the package's engine."""

from collections.abc import Collection, Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from evidence.derive import reference_peaks
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

from racemate.chain import circuit, concentration, occupancy, plasticity
from racemate.chain.laws import slope

Array = NDArray[np.float64]
DISINHIBITION = ("nmda_to_interneuron", "homeostasis", "overblock")
WASHED_OUT_H = 96.0
STEPS = 5760
NOTHING = concentration.Exposure(*[0.0] * len(concentration.Exposure._fields))


class Course(NamedTuple):
    """States and signals over ``hours``, each field an array of its shape."""

    hours: Array
    held: occupancy.Occupancy
    circuit_state: circuit.State
    state: plasticity.State
    circuit: circuit.Circuit
    plasticity: plasticity.Plasticity

    def at(self, hours: float, values: Array) -> float:
        """A signal or state of this course at one time."""
        return float(np.interp(hours, self.hours, values))

    def peak(self, values: Array) -> float:
        """Hours at which a signal or state of this course is highest."""
        return float(self.hours[values.argmax()])


def with_edges(link: Any, edges: Collection[str]) -> Any:
    """Typical values of a link with every edge off that is not named."""
    p = reference_peaks.typical(link)
    return p._replace(**{name: 0.0 for name in link.Par._fields if name.startswith("g_") and name[2:] not in edges})


@cache
def infusion(mg_per_kg: float) -> tuple[Array, concentration.Exposure]:
    """Free concentrations of the typical person over one infusion of racemate and its washout."""
    record = reference_peaks.read()
    record = record | {
        "dose": record["dose"] | {"mg_per_kg": mg_per_kg},
        "watch": {"hours": WASHED_OUT_H, "steps": STEPS},
    }
    return reference_peaks.exposure(record)


def sessions(mg_per_kg: float, starts_h: Sequence[float], hours: Array, **constant: float) -> concentration.Exposure:
    """Exposure at ``hours`` from infusions that start at ``starts_h``, and constant concentrations of other drugs."""
    total = {name: np.zeros_like(hours) for name in concentration.Exposure._fields}
    for start in starts_h:
        grid, one = infusion(mg_per_kg)
        for name, values in one._asdict().items():
            if np.ndim(values):
                total[name] += np.interp(hours - start, grid, values, left=0.0, right=0.0)
    return concentration.Exposure(**total)._replace(**{k: v + np.zeros_like(hours) for k, v in constant.items()})


def live(
    mg_per_kg: float,
    last_h: float,
    edges: Collection[str] = DISINHIBITION,
    starts_h: Sequence[float] = (0.0,),
    circuit_par: circuit.Par | None = None,
    plasticity_par: plasticity.Par | None = None,
    **constant: float,
) -> Course:
    """A course of ``last_h`` hours from rest."""
    held_by = reference_peaks.typical(occupancy)
    pc = circuit_par or with_edges(circuit, edges)
    pp = plasticity_par or with_edges(plasticity, edges)
    split = len(circuit.State._fields)

    def read(hours: Array, y: Any) -> tuple[Any, ...]:
        held = occupancy.signal(sessions(mg_per_kg, starts_h, hours, **constant), held_by, np)
        slow, synapses = circuit.State(*y[:split]), plasticity.State(*y[split:])
        seen = circuit.signal(held, slow, pc, np)
        return held, slow, synapses, seen, plasticity.signal(seen, synapses, pp)

    def right(hour: float, y: Array) -> list[float]:
        held, slow, synapses, seen, _ = read(np.array([hour]), y)
        held, seen = (type(part)(*(float(np.ravel(v)[0]) for v in part)) for part in (held, seen))
        records = (
            *circuit.relaxations(held, slow, pc, np),
            *plasticity.relaxations(seen, held.mtorc1_blocked, synapses, pp),
        )
        return [float(slope(value, record)) for value, record in zip(y, records, strict=True)]

    start = np.zeros(split + len(plasticity.State._fields))
    grid = np.unique(np.concatenate([np.arange(0, min(last_h, 24), 1 / 60), np.arange(0, last_h + 0.25, 0.25)]))
    run = solve_ivp(right, (0, grid[-1]), start, "LSODA", t_eval=grid, rtol=1e-7, atol=1e-10, max_step=0.5)
    assert run.success, run.message
    return Course(grid, *read(grid, run.y))
