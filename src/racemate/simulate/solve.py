"""Solve: carry a cohort through a plan, in chunks that stay in cache, on all cores, with memory that does not grow with time.

The numbers a person gets depend on the person's parameters, doses and the plan's grid; not on the chunk, the core or the order.
"""

import os
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cache
from os import cpu_count
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from racemate.chain import concentration
from racemate.model import Model
from racemate.readings import numeric
from racemate.simulate.batch.call import READ, Page, pages
from racemate.simulate.batch.carry import See, carry
from racemate.simulate.batch.reader import Reader
from racemate.simulate.check.mend import Again, mend
from racemate.simulate.check.watch import Log
from racemate.simulate.grid import Grid
from racemate.simulate.kept import cache_folder
from racemate.simulate.plan import Plan
from racemate.simulate.share import Batch, Courses, Crowd, batches, course_rows, in_a_row
from racemate.simulate.step import Machine, Precision, Stand, reading_names
from racemate.simulate.timeline import Segment, Timeline, entered, timeline
from racemate.simulate.trajectory import Trajectory

LANES = 256
"""People in one batch, for everybody and always: one compiled program, and so the same bits for a person in any company."""


Progress = Callable[[int, int], None]
Array = NDArray[np.float64]
Places = NDArray[np.intp]
_T = TypeVar("_T")


@cache
def _machine(
    names: tuple[str, ...], layouts: tuple[numeric.Layout, ...], order: numeric.Order, precision: Precision
) -> Machine:
    _prepare()
    return Machine(names, layouts, order, precision)


@cache
def _prepare() -> None:
    """64-bit arithmetic, one thread per program (the chunks fill the cores), and compiled programs kept between processes."""
    import jax

    told = os.environ.get("XLA_FLAGS", "")
    flags = ["--xla_cpu_multi_thread_eigen=false", *(["--xla_cpu_prefer_vector_width=512"] if _wide() else [])]
    os.environ["XLA_FLAGS"] = " ".join([told, *(flag for flag in flags if flag.partition("=")[0] not in told)]).strip()
    update: Any = jax.config.update
    update("jax_enable_x64", True)
    update("jax_cpu_enable_async_dispatch", False)  # a window is too little work to hand to another thread and wait for
    if jax.config.jax_compilation_cache_dir is None:  # pyright: ignore[reportAttributeAccessIssue] jax is partly typed
        update("jax_compilation_cache_dir", str(cache_folder() / "jax"))
        update("jax_persistent_cache_min_compile_time_secs", 0.1)


def _wide() -> bool:
    """True where the processor says that it has vectors of 512 bits, which XLA does not use unless told."""
    with suppress(OSError):
        return "avx512f" in Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace")
    return False


def machine(model: Model, *plans: Plan, precision: Precision = "float64") -> Machine:
    """Compiled functions for the bodies that the doses of any of the plans reach."""
    par = model.typical
    at_once: dict[str, set[str]] = {}
    held: dict[str, set[str]] = {}
    for plan in plans:
        for all_of, one in zip((at_once, held), entered(plan, par.dose), strict=True):
            for body, compartments in one.items():
                all_of.setdefault(body, set()).update(compartments)
    layouts = numeric.layouts(concentration.transfers(par.concentration), at_once, held)
    return _machine(model.rows, layouts, numeric.order(numeric.all_on(par)), precision)


def in_full(built: Machine) -> Machine:
    """The same machine in float64."""
    return _machine(built.names, built.layouts, built.order, "float64")


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
    out, after = carry_on(built, model, courses, people, grid, len(plan.visits_h), names, progress, threads)
    series = {name: out[:, k] for k, name in enumerate(names)}
    check = None if after.check is None else after.check.of(leads)
    return Trajectory(plan.visits_h, series, grid.error, grid.windows, check)


def begun(built: Machine, table: Array, plan: Plan) -> Courses:
    """Courses of which nothing has been carried yet, for parameters (rows, courses) and the plan of each."""
    return Courses(table, plan, np.zeros((built.rows, plan.people)), np.zeros((built.states, plan.people)))


@dataclass(frozen=True)
class Piece:
    """One batch carried over a leg: what was read of its people, where its courses stand, and how they passed the visits."""

    batch: Batch
    read: Array
    """Readings (visits, names, people of the batch)."""
    held: Array
    slow: Array
    passed: Array
    """Slow states (visits, states, lanes) at the visits; empty where nobody wanted them."""
    doubtful: Places
    """Lanes to be looked at again."""

    def put(self, out: Array, after: Courses, lanes: Places) -> None:
        """Write down some of its courses, and everybody who is on them."""
        mine = in_a_row(np.flatnonzero(np.isin(self.batch.lane, lanes)))
        out[:, :, in_a_row(self.batch.read[mine])] = self.read[:, :, mine]
        after.put(self.batch.solved[lanes], self.held[:, lanes], self.slow[:, lanes])


@dataclass(frozen=True)
class Leg:
    """A stretch of time that courses are carried over, cut once for all batches and grids."""

    built: Machine
    courses: Courses
    people: Crowd
    cut: Timeline
    stretch: range
    """Segments from where the courses stand to the end of the last visit."""
    at_visit: Mapping[int, Segment]
    """The people's segment of each visit."""
    names: tuple[str, ...]
    """Readings that are wanted."""
    shared: Places
    """Rows of the parameters that are the course's."""
    visits: int
    """Visits read in it."""
    _pages: dict[Grid, tuple[Page, ...]] = field(default_factory=dict, compare=False, repr=False)

    def carry(self, batch: Batch, grid: Grid, log: Log) -> Piece:
        """Carry one batch over the leg, and read everybody who is on its courses."""
        readers = [self._reader(batch, k) for k in range(0, len(batch.read), LANES)]
        read = np.full((self.visits, len(self.names), len(batch.read)), np.nan)
        first = self.courses.visits

        def see(visits: tuple[tuple[int, ...], ...], stand: Stand) -> None:
            count = len(visits)
            log.add(*(np.array(np.asarray(part)[:count]) for part in (stand.slow, stand.doubt)))
            for reader in readers:
                for places, found in zip(visits, reader([places[0] for places in visits], stand), strict=True):
                    read[np.array(places) - first, :, reader.first : reader.last] = found

        end = self._through(grid, batch.solved, see)
        return Piece(batch, read, end.held, end.slow, log.passed(), log.doubtful(batch.courses))

    def _reader(self, batch: Batch, start: int) -> Reader:
        """What reads LANES of the people of a batch; the last one repeats to fill them."""
        place = np.minimum(np.arange(start, start + LANES), len(batch.read) - 1)
        who, lane = batch.read[place], batch.lane[place]
        rows = self.people.table[:, in_a_row(who)].copy()
        rows[self.shared] = self.courses.table[np.ix_(self.shared, batch.solved[lane])]
        last = min(start + LANES, len(batch.read))
        return Reader(self.built.reader(self.names), self.people, self.at_visit, who, lane, rows, start, last)

    def _through(self, grid: Grid, lanes: Places, see: See) -> Stand:
        """Take some courses through the leg; where they stand at its end."""
        import jax.numpy as jnp

        held, slow = self.courses.held[:, lanes], self.courses.slow[:, lanes]
        if self.cut.opening.visits and not self.courses.visits:
            parts = (np.broadcast_to(part, (READ, *part.shape)) for part in (held, slow, np.zeros_like(slow)))
            see(tuple(visit.places for visit in self.cut.opening.visits), Stand(*parts))
        rows = jnp.asarray(self.courses.table[:, lanes])
        return carry(self.built, rows, self.cut.segments, self.pages(grid), held, slow, see, lanes)

    def pages(self, grid: Grid) -> tuple[Page, ...]:
        """The calls that carry a batch over the leg on a grid."""
        if grid not in self._pages:
            self._pages[grid] = tuple(pages(grid.lengths, self.cut.segments, self.stretch))
        return self._pages[grid]


def _leg(built: Machine, model: Model, courses: Courses, people: Crowd, visits: int, names: tuple[str, ...]) -> Leg:
    """What is to be carried until so many visits are read."""
    cut, seen = (
        timeline(plan, built.layouts, model.unpack(table).dose, model.typical.dose)
        for plan, table in ((courses.plan, courses.table), (people.plan, people.table))
    )
    ends = [k + 1 for k, one in enumerate(cut.segments) if one.visits and one.visits[-1].places[0] < visits]
    stretch = range(courses.segments, max(ends, default=0))
    passed = [*([] if courses.visits else [cut.opening]), *(cut.segments[k] for k in stretch)]
    read = [place for one in passed for visit in one.visits for place in visit.places]
    if read != list(range(courses.visits, visits)):
        raise ValueError(
            f"visits: found a stop after {visits}, allowed: where a segment ends, such as after {len(read)} more"
        )
    at_visit = {place: one for one in (seen.opening, *seen.segments) for visit in one.visits for place in visit.places}
    _known(names)
    shared = course_rows(built.names)
    return Leg(built, courses, people, cut, stretch, at_visit, names, shared, visits - courses.visits)


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

    Returns the readings (visits since, names, people) and the courses as they stand then.  Where the grid has a watch, every course is
    checked over this stretch, and those that are off by more than the tolerance are carried again on finer windows
    (`Courses.check`).  Raises ValueError where a stop lies inside a segment, FloatingPointError naming the first person whose state is
    not finite.
    """
    leg = _leg(built, model, courses, people, visits, names)
    out = np.full((visits - courses.visits, len(names), people.plan.people), np.nan)
    held, slow = np.empty_like(courses.held), np.empty_like(courses.slow)
    after = replace(courses, held=held, slow=slow, visits=visits, segments=leg.stretch.stop)
    every = batches(people.course, LANES)
    told = None if progress is None else lambda done: progress(done, people.plan.people)

    def first(batch: Batch) -> tuple[int, tuple[Places, Array]]:
        piece = leg.carry(batch, grid, Log(grid.watch, False))
        piece.put(out, after, np.arange(batch.courses))
        return len(batch.read), (batch.solved[piece.doubtful], piece.passed[..., piece.doubtful])

    seen = _in_threads(first, every, told, threads)
    if grid.watch is not None:
        doubtful, passed = (np.concatenate(parts, axis=-1) for parts in zip(*seen, strict=True))

        def share(again: Callable[[Batch], Again], some: Iterable[Batch]) -> list[Again]:
            return _in_threads(lambda batch: (0, again(batch)), list(some), None, threads)

        after = replace(after, check=mend(leg, grid, doubtful, passed, (out, after), share))
    _refuse_nan(out, names, people.plan.visits_h[courses.visits :])
    return out, after


def _known(names: tuple[str, ...]) -> None:
    """Refuse readings that there are not."""
    strange = [name for name in names if name not in reading_names()]
    if strange or not names:
        raise ValueError(f"keep: found {strange[0] if strange else 'nothing'!r}, allowed: {', '.join(reading_names())}")


def _in_threads(
    work: Callable[[Batch], tuple[int, _T]],
    every: list[Batch],
    progress: Callable[[int], None] | None,
    threads: int | None,
) -> list[_T]:
    """What ``work`` makes of every batch, in their order; ``progress`` is told the sum of its counts so far."""
    done = 0
    with ThreadPoolExecutor(max_workers=threads or cpu_count()) as pool:
        jobs = [pool.submit(work, batch) for batch in every]
        try:
            for job in as_completed(jobs):
                done += job.result()[0]
                if progress is not None:
                    progress(done)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return [job.result()[1] for job in jobs]


def _refuse_nan(out: Array, names: tuple[str, ...], visits_h: Array) -> None:
    bad = np.argwhere(~np.isfinite(out))
    if len(bad):
        visit, name, person = bad[0]
        where = f"{names[name]} at {visits_h[visit]:g} h"
        raise FloatingPointError(
            f"person {person}: found {out[visit, name, person]} for {where}, allowed: a finite number"
        )
