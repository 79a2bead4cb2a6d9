"""Calls: every window and every visit is in one call, in order, and none is larger than the compiled program."""

import numpy as np
import pytest

from racemate.simulate.batch.call import JUMPS, READ, SEGMENTS, WINDOWS, pages
from racemate.simulate.timeline import Jump, Segment, Visit
from racemate.simulate.window.collocation import inside
from racemate.simulate.window.kinetics import TICK_H

ONE = np.ones(1)
JUMP = Jump("ketamine_s", 0, ONE, ONE)


def segment(ticks, visits=(), jumps=1):
    return Segment(ticks, (JUMP,) * jumps, (), tuple(Visit(at, (place,)) for at, place in visits), 1)


def told(every):
    """Windows (hours, segment, begins, ends) and visits (place, hours after the start of which window) of all pages."""
    windows, visits = [], []
    for page in every:
        call = page.call
        for k in range(call.windows):
            here = range(call.read[k], call.read[k + 1])
            visits += [(*page.visits[v], len(windows), float(call.after_h[v])) for v in here]
            place = page.segments[call.segment[k]]
            windows.append((float(call.hours[k]), place, bool(call.begins[k]), bool(call.ends[k])))
        assert call.read[call.windows :].tolist() == [len(page.visits)] * (WINDOWS + 1 - call.windows)
    return windows, visits


def test_a_call_holds_several_segments_and_reads_inside_windows_and_at_their_ends():
    segments = [segment(4, [(1, 0), (4, 1)]), segment(6), segment(10, [(10, 2)])]
    (page,) = pages([(8,), (4, 8), (20,)], segments, range(3))
    half = TICK_H / 2
    windows = [(8, 0, True, True), (4, 1, True, False), (8, 1, False, True), (20, 2, True, True)]
    assert told([page]) == (
        [(length * half, *rest) for length, *rest in windows],
        [(0, 0, 2 * half), (1, 0, 8 * half), (2, 3, 20 * half)],
    )
    assert np.array_equal(page.call.weights[:3], [inside(1 / 4), inside(1.0), inside(1.0)])


@pytest.mark.parametrize(
    ("lengths", "segments"),
    [
        ([(2,) * 150], [segment(150, [(150, 0)])]),
        ([(4,)] * 40, [segment(2, [(1, 2 * k), (2, 2 * k + 1)]) for k in range(40)]),
        ([(4,)] * 9, [segment(2, jumps=JUMPS // 2 - 1)] * 9),
        ([(4,), (4,), (4,)], [segment(2), segment(2, jumps=2 * JUMPS), segment(2)]),
    ],
)
def test_what_is_too_much_for_one_call_goes_on_in_the_next(lengths, segments):
    every = list(pages(lengths, segments, range(len(segments))))
    windows, visits = told(every)
    assert len(every) > 1
    assert [place for _, place, *_ in windows] == [k for k, some in enumerate(lengths) for _ in some]
    assert sum(begins for *_, begins, _ in windows) == sum(ends for *_, ends in windows) == len(segments)
    assert [place for place, *_ in visits] == [
        place for one in segments for visit in one.visits for place in visit.places
    ]
    for page in every:
        jumps = [len(segments[k].jumps) for k in page.segments[0 if page.call.begins[0] else 1 :]]
        assert page.call.windows <= WINDOWS
        assert len(page.segments) <= SEGMENTS
        assert len(page.visits) <= READ
        assert sum(jumps) <= JUMPS or sum(map(bool, jumps)) == 1


def test_a_stretch_begins_where_it_is_told():
    segments = [segment(2, [(2, k)]) for k in range(5)]
    (page,) = pages([(4,)] * 5, segments, range(2, 4))
    assert page.segments == (2, 3)
    assert page.visits == ((2,), (3,))


def test_jumps_fill_a_call_to_its_limit():
    segments = [segment(2, jumps=JUMPS // 2 - 1)] * 5 + [segment(2, jumps=3)]
    every = list(pages([(4,)] * 6, segments, range(6)))
    assert [page.segments for page in every] == [(0, 1), (2, 3), (4, 5)]
