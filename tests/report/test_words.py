"""Numbers and words as a person reads them."""

from typing import Any

import pytest

from racemate.report import words

BLANK: dict[str, Any] = dict.fromkeys(("value", "spread", "low", "high", "n", "count"))


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({"value": -14.0, "unit": "point", "spread_kind": "sd", "spread": 9.0}, "-14.0 (sd 9.0)"),
        ({"value": 58.3, "unit": "percent", "spread_kind": "exact95", "low": 27.7, "high": 84.8, "n": 12, "count": 7}, "7/12, 58 % [28, 85]"),
        ({"value": 0.05, "unit": "1", "spread_kind": "range", "low": 0.0, "high": 0.05}, "< 0.05"),
        ({"value": 0.05, "unit": "1", "spread_kind": "range", "low": 0.05, "high": 1.0}, "> 0.05"),
        ({"value": 0.02, "unit": "1", "spread_kind": "none"}, "0.020"),
        ({"value": -4.0, "unit": "point", "spread_kind": "range95", "low": -7.31, "high": -0.64}, "-4.0 [-7.3, -0.6]"),
    ],
)  # fmt: skip
def test_a_published_row_is_told_as_its_paper_tells_it(row: dict[str, Any], told: str) -> None:
    assert words.stated({**BLANK, **row}) == told


@pytest.mark.parametrize(
    ("value", "unit", "told"),
    [(-0.00001, "point", "0.0"), (-0.04, "point", "0.0"), (45.45, "percent", "45 %"), (None, "point", "–"), (0.1234, "1", "0.123"), (float("nan"), "1", "–")],
)  # fmt: skip
def test_a_number_has_the_precision_it_deserves(value: float | None, unit: str, told: str) -> None:
    assert words.number(value, unit) == told


def test_an_interval_drops_decimals_where_it_is_wide() -> None:
    assert words.ends(-20.63, -9.97, "point") == "[-21, -10]"
    assert words.ends(-7.31, 0.64, "point") == "[-7.3, 0.6]"


def test_a_time_is_written_as_the_trial_does() -> None:
    assert words.moment(1.0, "day") == "day 1"
    assert words.moment(40.0, "min") == "40 min"
    assert words.moment(None, "") == ""


def test_a_row_says_outcome_statistic_and_group() -> None:
    assert words.quantity("hamd17", "observed-change", "responders") == "HAM-D17 change, responders"
    assert words.quantity("madrs", "response", "everyone") == "MADRS responders"
