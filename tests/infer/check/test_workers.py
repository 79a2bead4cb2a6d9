"""Work spread over processes: the same answers, in whatever order."""

from racemate.infer.workers import spread


def add(held: int, job: int) -> int:
    return held + job


def test_other_processes_give_what_this_one_gives():
    assert dict(spread(add, 10, range(5), 2)) == dict(spread(add, 10, range(5), 1)) == {k: 10 + k for k in range(5)}


def test_no_work_is_no_trouble():
    assert not list(spread(add, 10, []))
