"""Solve: carry a cohort through a plan, in chunks that stay in cache, on all cores, with memory that does not grow with time.

The numbers a person gets depend on the person's parameters, doses and the plan's grid; not on the chunk, the core or the order.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from functools import cache
from os import cpu_count
from typing import Any

import numpy as np
from numpy.typing import NDArray

from racemate.chain import concentration
from racemate.model import Model
from racemate.readings import numeric
from racemate.simulate.grid import Grid, jumped
from racemate.simulate.kept import cache_folder
from racemate.simulate.plan import Plan
from racemate.simulate.share import Batch, batches, course_rows
from racemate.simulate.step import Machine, reading_names, window_hours
from racemate.simulate.timeline import Timeline, entered, timeline
from racemate.simulate.trajectory import Trajectory

LANES = 256
"""People in one batch, for everybody and always: one compiled program, and so the same bits for a person in any company."""

Progress = Callable[[int, int], None]
Array = NDArray[np.float64]


@cache
def _machine(names: tuple[str, ...], layouts: tuple[numeric.Layout, ...], order: numeric.Order) -> Machine:
    _prepare()
    return Machine(names, layouts, order)


@cache
def _prepare() -> None:
    """64-bit arithmetic, one thread per program (the chunks fill the cores), and compiled programs kept between processes."""
    import jax

    if "xla_cpu_multi_thread_eigen" not in os.environ.get("XLA_FLAGS", ""):
        os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} --xla_cpu_multi_thread_eigen=false".strip()
    update: Any = jax.config.update
    update("jax_enable_x64", True)
    if jax.config.jax_compilation_cache_dir is None:  # pyright: ignore[reportAttributeAccessIssue] jax is partly typed
        update("jax_compilation_cache_dir", str(cache_folder() / "jax"))
        update("jax_persistent_cache_min_compile_time_secs", 0.1)


def machine(model: Model, *plans: Plan) -> Machine:
    """Compiled functions for the bodies that the doses of any of the plans reach."""
    par = model.typical
    at_once: dict[str, set[str]] = {}
    held: dict[str, set[str]] = {}
    for plan in plans:
        for all_of, one in zip((at_once, held), entered(plan, par.dose), strict=True):
            for body, compartments in one.items():
                all_of.setdefault(body, set()).update(compartments)
    layouts = numeric.layouts(concentration.transfers(par.concentration), at_once, held)
    return _machine(model.rows, layouts, numeric.order(numeric.all_on(par)))


def solve(
    built: Machine,
    model: Model,
    table: Array,
    reference: Array,
    plan: Plan,
    grid: Grid,
    keep: Iterable[str] | None = None,
    progress: Progress | None = None,
    threads: int | None = None,
    leader: NDArray[np.intp] | None = None,
) -> Trajectory:
    """Readings of everybody at every visit.

    ``table`` (rows, people) holds the people's parameters, ``reference`` (2, people) the drug signals at 24 h after the reference
    dose under each person's population parameters.  ``keep`` names the readings to keep (default: all), ``leader`` (people,) whose
    course a person shares (default: nobody's).  Raises FloatingPointError naming the first person whose state is not finite.
    """
    typical = model.typical.dose
    cut = timeline(plan, built.layouts, model.unpack(table).dose, typical)
    every = reading_names()
    names = tuple(every if keep is None else keep)
    index = np.array([every.index(name) for name in names])
    out = np.empty((len(plan.visits_h), len(names), plan.people))
    shared = course_rows(built.names)

    def work(batch: Batch) -> int:
        carried = _carry(built, table[:, batch.solved], cut, grid, batch.solved)
        readers = [_reader(batch, k, table, shared, reference) for k in range(0, len(batch.read), LANES)]
        for visit, held, slow, setting in carried:
            for who, lane, rows, scale in readers:
                amounts = {body: np.asarray(values)[:, lane] for body, values in held.items()}
                elapsed = plan.visits_h[visit] - plan.antidepressant_start_h[who]
                seen = built.read(rows, amounts, np.asarray(slow)[:, lane], setting[:, who], scale, elapsed)
                out[visit][:, who] = np.asarray(seen)[index]
        return len(batch.read)

    done = 0
    with ThreadPoolExecutor(max_workers=threads or cpu_count()) as pool:
        jobs = [pool.submit(work, batch) for batch in batches(leader, plan.people, LANES)]
        try:
            for job in as_completed(jobs):
                done += job.result()
                if progress is not None:
                    progress(done, plan.people)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    _refuse_nan(out, names, plan)
    return Trajectory(plan.visits_h, {name: out[:, k] for k, name in enumerate(names)}, grid.error, grid.windows)


def _reader(batch: Batch, start: int, table: Array, shared: NDArray[np.intp], reference: Array) -> tuple[Any, ...]:
    """LANES of those a batch reads (the last one repeats to fill them): people, lanes, parameters and reference."""
    from jax import numpy as jnp

    pick = np.minimum(np.arange(start, start + LANES), len(batch.read) - 1)
    who, lane = batch.read[pick], batch.lane[pick]
    rows = table[:, who]
    rows[shared] = table[np.ix_(shared, batch.solved[lane])]
    return who, lane, jnp.asarray(rows), reference[:, who]


def _carry(
    built: Machine, table: Array, cut: Timeline, grid: Grid, lanes: NDArray[np.intp]
) -> Iterator[tuple[int, Any, Any, Array]]:
    """Carry people from event to event; yields visit, amounts, slow states and everybody's setting at each visit."""
    import jax.numpy as jnp

    rows: Any = jnp.asarray(table)
    steps = built.kinetics.steps(rows, {length for segment in grid.lengths for length in segment})
    held: Any = {layout.body: np.zeros((layout.size, table.shape[1])) for layout in built.layouts}
    slow: Any = np.zeros((len(numeric.SLOW), table.shape[1]))
    if cut.opening_visit is not None:
        yield cut.opening_visit, held, slow, cut.opening_setting
    for segment, lengths in zip(cut.segments, grid.lengths, strict=True):
        held = jumped(held, _of(segment, lanes)) if segment.jumps else held
        setting = jnp.asarray(segment.setting[:, lanes])
        for length in lengths:
            held, slow = built.advance(rows, *steps[length], window_hours(length), held, slow, setting)
        if segment.visit is not None:
            yield segment.visit, held, slow, segment.setting


def _of(segment: Any, lanes: NDArray[np.intp]) -> Any:
    from dataclasses import replace

    return replace(segment, jumps=tuple(replace(jump, value=jump.value[lanes]) for jump in segment.jumps))


def _refuse_nan(out: Array, names: tuple[str, ...], plan: Plan) -> None:
    bad = np.argwhere(~np.isfinite(out))
    if len(bad):
        visit, name, person = bad[0]
        where = f"{names[name]} at {plan.visits_h[visit]:g} h"
        raise FloatingPointError(
            f"person {person}: found {out[visit, name, person]} for {where}, allowed: a finite number"
        )
