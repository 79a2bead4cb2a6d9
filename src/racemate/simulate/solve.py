"""Solve: carry a cohort through a plan, in chunks that stay in cache, on all cores, with memory that does not grow with time.

The numbers a person gets depend on the person's parameters, doses and the plan's grid; not on the chunk, the core or the order.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace
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
from racemate.simulate.share import Batch, Courses, Crowd, batches, course_rows
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
    leads, share = np.unique(np.arange(plan.people) if leader is None else leader, return_inverse=True)
    courses = begun(built, table[:, leads], plan.of(leads))
    names = reading_names() if keep is None else tuple(keep)
    people = Crowd(table, reference, plan, share.ravel())
    out, _ = carry_on(built, model, courses, people, grid, len(plan.visits_h), names, progress, threads)
    series = {name: out[:, k] for k, name in enumerate(names)}
    return Trajectory(plan.visits_h, series, grid.error, grid.windows)


def begun(built: Machine, table: Array, plan: Plan) -> Courses:
    """Courses of which nothing has been carried yet, for parameters (rows, courses) and the plan of each."""
    held = {layout.body: np.zeros((layout.size, plan.people)) for layout in built.layouts}
    return Courses(table, plan, held, np.zeros((len(numeric.SLOW), plan.people)))


def carry_on(
    built: Machine,
    model: Model,
    courses: Courses,
    people: Crowd,
    grid: Grid,
    visits: int,
    names: tuple[str, ...],
    progress: Progress | None = None,
    threads: int | None = None,
) -> tuple[Array, Courses]:
    """Carry courses from where they stand until so many ``visits`` of the plan are read.

    Returns the readings (visits since, names, people) and the courses as they stand then.  Raises FloatingPointError naming the first
    person whose state is not finite.
    """
    index = np.array([reading_names().index(name) for name in names])
    cut, seen = (
        timeline(plan, built.layouts, model.unpack(table).dose, model.typical.dose)
        for plan, table in ((courses.plan, courses.table), (people.plan, people.table))
    )
    stretch = _stretch(cut, courses, visits)
    settings = {one.visit: one for one in seen.segments} | {seen.opening_visit: seen.opening}
    out = np.empty((visits - courses.visits, len(names), people.plan.people))
    held = {body: np.empty_like(values) for body, values in courses.held.items()}
    after = replace(courses, held=held, slow=np.empty_like(courses.slow), visits=visits, segments=stretch.stop)
    shared = course_rows(built.names)

    def work(batch: Batch) -> int:
        readers = [_reader(batch, k, people, courses.table, shared) for k in range(0, len(batch.read), LANES)]
        for visit, now, slow in _carry(built, courses, cut, stretch, grid, batch.solved):
            if visit is None:
                after.put(batch.solved, now, slow)
                break
            for who, lane, rows, scale in readers:
                amounts = {body: np.asarray(values)[:, lane] for body, values in now.items()}
                elapsed = people.plan.visits_h[visit] - people.plan.antidepressant_start_h[who]
                setting = settings[visit].setting(who)
                found = built.read(rows, amounts, np.asarray(slow)[:, lane], setting, scale, elapsed)
                out[visit - courses.visits][:, who] = np.asarray(found)[index]
        return len(batch.read)

    done = 0
    with ThreadPoolExecutor(max_workers=threads or cpu_count()) as pool:
        jobs = [pool.submit(work, batch) for batch in batches(people.course, LANES)]
        try:
            for job in as_completed(jobs):
                done += job.result()
                if progress is not None:
                    progress(done, people.plan.people)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    _refuse_nan(out, names, people.plan.visits_h[courses.visits :])
    return out, after


def _stretch(cut: Timeline, courses: Courses, visits: int) -> range:
    """Segments from where the courses stand to the end of the last visit wanted."""
    ends = [k + 1 for k, one in enumerate(cut.segments) if one.visit is not None and one.visit < visits]
    return range(courses.segments, max(ends, default=0))


def _reader(batch: Batch, start: int, people: Crowd, table: Array, shared: NDArray[np.intp]) -> tuple[Any, ...]:
    """LANES of those a batch reads (the last one repeats to fill them): people, lanes, parameters and reference."""
    from jax import numpy as jnp

    pick = np.minimum(np.arange(start, start + LANES), len(batch.read) - 1)
    who, lane = batch.read[pick], batch.lane[pick]
    rows = people.table[:, who]
    rows[shared] = table[np.ix_(shared, batch.solved[lane])]
    return who, lane, jnp.asarray(rows), people.reference[:, who]


def _carry(
    built: Machine, courses: Courses, cut: Timeline, stretch: range, grid: Grid, lanes: NDArray[np.intp]
) -> Iterator[tuple[int | None, Any, Any]]:
    """Carry courses from event to event; yields visit, amounts and slow states at each visit, and at the end without a visit."""
    import jax.numpy as jnp

    rows: Any = jnp.asarray(courses.table[:, lanes])
    steps = built.kinetics.steps(rows, {length for k in stretch for length in grid.lengths[k]})
    held: Any = {body: values[:, lanes] for body, values in courses.held.items()}
    slow: Any = courses.slow[:, lanes]
    if cut.opening_visit is not None and not courses.visits:
        yield cut.opening_visit, held, slow
    for k in stretch:
        segment = cut.segments[k]
        held = jumped(held, segment, lanes) if segment.jumps else held
        setting = jnp.asarray(segment.setting(lanes))
        for length in grid.lengths[k]:
            held, slow = built.advance(rows, *steps[length], window_hours(length), held, slow, setting)
        if segment.visit is not None:
            yield segment.visit, held, slow
    yield None, held, slow


def _refuse_nan(out: Array, names: tuple[str, ...], visits_h: Array) -> None:
    bad = np.argwhere(~np.isfinite(out))
    if len(bad):
        visit, name, person = bad[0]
        where = f"{names[name]} at {visits_h[visit]:g} h"
        raise FloatingPointError(
            f"person {person}: found {out[visit, name, person]} for {where}, allowed: a finite number"
        )
