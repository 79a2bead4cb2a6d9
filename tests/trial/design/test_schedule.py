"""The short texts of a protocol read as numbers, or say what may stand there."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from racemate.trial.design import schedule
from racemate.trial.design.schedule import ProtocolError

TEXTS = st.text(max_size=40) | st.from_regex(
    r"(days? |every |once |twice |weekly |for )*[\d .,and-]{0,12}(weeks|days|mg)?"
)


@pytest.mark.parametrize(
    ("text", "first_day", "days"),
    [
        ("once", 1, [0]),
        ("day 4", 1, [3]),
        ("days 0 and 3", 0, [0, 3]),
        ("days 1, 4 and 8", 1, [0, 3, 7]),
        ("day 1, 4", 1, [0, 3]),
        ("twice weekly for 4 weeks", 1, [0, 3, 7, 10, 14, 17, 21, 24]),
        ("thrice weekly for 2 weeks", 1, [0, 2, 4, 7, 9, 11]),
        ("weekly for 3 weeks", 0, [0, 7, 14]),
        ("daily for 3 days", 0, [0, 1, 2]),
        ("twice daily for 2 days", 0, [0, 0.5, 1, 1.5]),
        ("every 2 days for 3 doses", 0, [0, 2, 4]),
        ("every 12 hours for 3 doses", 0, [0, 0.5, 1]),
        ("twice weekly for 1 week, then weekly for 2 weeks", 1, [0, 3, 7, 14]),
    ],
)
def test_a_schedule_reads_as_days(text: str, first_day: int, days: list[float]) -> None:
    assert np.array(schedule.times(text, first_day)) / 24 == pytest.approx(days)


@pytest.mark.parametrize(
    "text",
    ["", "sometimes", "day 0", "days 4 and 1", "twice weekly for 0 weeks", "6 times weekly for 2 weeks", "day 99999"],
)
def test_a_schedule_that_does_not_parse_is_refused(text: str) -> None:
    with pytest.raises(ProtocolError, match=r"found .*, allowed: .*twice weekly"):
        schedule.times(text, 1)


@pytest.mark.parametrize(
    ("text", "mg", "per_kg"),
    [
        ("84 mg", 84, False),
        ("0.5 mg/kg", 0.5, True),
        ("45 ug/kg", 0.045, True),
        ("0.1 g", 100, False),
        ("2mg / kg", 2, True),
    ],
)
def test_an_amount_reads_as_mg(text: str, mg: float, per_kg: bool) -> None:
    found = schedule.amount(text)
    assert found.mg == pytest.approx(mg)
    assert found.per_kg is per_kg


@pytest.mark.parametrize("text", ["-5 mg", "0 mg", "five mg", "5", "5 ml", "5 mg/m2", "nan mg", "1e3 mg", "inf mg"])
def test_an_amount_nobody_can_give_is_refused(text: str) -> None:
    with pytest.raises(ProtocolError, match="allowed: an amount above zero"):
        schedule.amount(text)


def test_a_day_is_the_trials_own_and_an_hour_everybodys() -> None:
    assert schedule.moment("day 8", 1) == 7 * 24
    assert schedule.moment("day 8", 0) == 8 * 24
    assert schedule.moment("24 h", 0) == schedule.moment("24 h", 1) == 24
    assert schedule.elapsed(8, "day", 1) == 7 * 24
    assert schedule.elapsed(40, "min", 1) == pytest.approx(2 / 3)
    assert schedule.elapsed(1, "mg", 1) is None
    assert schedule.moment("baseline", 1) is None


def attempt(read: Callable[[str], Any], text: str) -> Any:
    try:
        return read(text)
    except ProtocolError as fault:
        return fault


@given(TEXTS, st.sampled_from([0, 1]))
def test_any_text_is_read_or_refused(text: str, first_day: int) -> None:
    for read in (
        schedule.amount,
        schedule.span,
        lambda t: schedule.moment(t, first_day),
        lambda t: schedule.times(t, first_day),
    ):
        found = attempt(read, text)
        if isinstance(found, ProtocolError):
            assert found.found == repr(text)
            assert found.allowed
        else:
            numbers = found if isinstance(found, tuple) else [getattr(found, "mg", found) or 0.0]
            assert np.isfinite(numbers).all()
            assert not isinstance(found, tuple) or all(a < b for a, b in pairwise(found))
