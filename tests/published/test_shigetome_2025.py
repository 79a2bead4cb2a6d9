"""A slow antidepressant over six weeks: the course has the shape that was seen, the level is far too low, and both are said."""

import pytest

from tests.published.folder import script, unchanged

ROWS = script("shigetome-2025").compare()
DECLARED = {
    ("share of week 6, mean of people", 1),
    ("share of week 6, mean of people", 2),
    ("percent, mean of people", 2),
    ("percent, mean of people", 4),
    ("percent, mean of people", 6),
    *(("percent, median person", week) for week in (1, 2, 4, 6)),
}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['quantity']}-week{row['week']:g}")
def test_improvement_is_within_two_standard_errors(row: dict[str, str | float]) -> None:
    """A declared miss that has healed fails too: then the README and this set say so."""
    missed = (row["quantity"], row["week"]) in DECLARED
    assert row["agrees"] == ("no" if missed else "yes"), row


def test_the_level_is_a_little_more_than_half_of_what_was_seen() -> None:
    """The README says so; it is a difference of populations, and tuning it away would need a trial of its own."""
    last = next(row for row in ROWS if row["quantity"] == "percent, mean of people" and row["week"] == 6)
    assert 0.5 < float(last["here"]) / float(last["print"]) < 0.65


def test_the_committed_table_is_todays() -> None:
    unchanged("shigetome-2025", ROWS)
