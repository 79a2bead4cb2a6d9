"""Table: an event table read strictly, row by row, and written back as the same table.

One row is one event of one person, as NONMEM has it: EVID 0 observation, 1 dose, 2 other, 3 reset, 4 reset and dose.  Names of columns
are upper or lower case throughout, as mrgsolve asks; ``.`` is a missing number; a column ``C`` or a line that starts with ``#`` comments
a row out.  Everything else in the file is carried along untouched.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from io import StringIO
from math import isfinite
from pathlib import Path
from typing import NoReturn

from racemate.evidence.finding import EvidenceError
from racemate.exchange.dosing.sidecar import Sidecar

EVENT = ("ID", "TIME", "EVID", "AMT", "RATE", "CMT", "ADDL", "II", "SS", "MDV", "DV")
COVARIATE = ("WT", "AGE", "SEX", "RACE")
RESERVED = (*EVENT, *COVARIATE)
MISSING = "."
COMMENT = "C"
DOSING, RESETTING = (1, 4), (3, 4)
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,4})?")


@dataclass(frozen=True)
class Row:
    """One event: the reserved columns as numbers (None: missing), by upper-case name, and every other cell as it stands."""

    number: Mapping[str, float | None]
    carried: Mapping[str, str] = field(default_factory=dict)
    line: int = field(default=0, compare=False)

    def get(self, name: str, default: float = 0.0) -> float:
        """A number of the row, the default where it is missing."""
        value = self.number.get(name)
        return default if value is None else value

    @property
    def person(self) -> int:
        """Who."""
        return int(self.get("ID"))

    @property
    def evid(self) -> int:
        """Kind of event; without the column a row with an amount is a dose."""
        found = self.number.get("EVID")
        return int(found) if found is not None else int(self.get("AMT") > 0)

    @property
    def doses(self) -> bool:
        """True when something is given."""
        return self.evid in DOSING


@dataclass(frozen=True)
class Table:
    """An event table: names of the columns as written, rows in order, and what the sidecar says."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    sidecar: Sidecar
    file: str = field(default="table", compare=False)

    @property
    def lower(self) -> bool:
        """True when reserved names are in lower case."""
        return any(name.islower() for name in self.columns if name.upper() in RESERVED)

    def named(self, name: str) -> str:
        """A reserved or new name in the case of this table."""
        return name.lower() if self.lower else name.upper()

    def people(self) -> dict[int, list[Row]]:
        """Rows of each person, in order of appearance."""
        found: dict[int, list[Row]] = {}
        for row in self.rows:
            found.setdefault(row.person, []).append(row)
        return found

    def covariate(self, name: str) -> dict[int, float]:
        """A covariate of those whose rows state it: kg, years, or the code as written."""
        stated = {row.person: value for row in self.rows if (value := row.number.get(name)) is not None}
        quantity = {"WT": "weight", "AGE": "age"}.get(name)
        size = self.sidecar.inside(quantity) if stated and quantity else 1.0
        return {person: value * size for person, value in stated.items()}

    def refuse(self, row: Row, name: str, found: object, allowed: str) -> NoReturn:
        """Refuse a cell of the table."""
        raise EvidenceError(self.file, f"line {row.line}, {self.named(name)}", _shown(found), allowed)


def read_table(place: str | Path, sidecar: Sidecar) -> Table:
    """Read an event table; raises EvidenceError with file, line, field, found and allowed."""
    path = Path(place)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise EvidenceError(
            str(path), "the file", str(error), "a text file in UTF-8 with one event per line"
        ) from error
    return parse(text, sidecar, str(path))


def parse(text: str, sidecar: Sidecar, file: str = "table") -> Table:
    """Read the text of an event table; raises EvidenceError as `read_table` does."""
    lines = _lines(text, file)
    head = next(lines, None)
    if head is None:
        raise EvidenceError(file, "the file", "no line", "a line of column names, then one event per line")
    columns = _columns(head[1], file)
    rows = [_row(columns, cells, line, file) for line, cells in lines if not _commented(columns, cells)]
    if not rows:
        raise EvidenceError(file, "the file", "no event", "at least one event")
    from racemate.exchange.dosing.rules import check

    table = Table(columns, tuple(rows), sidecar, file)
    check(table)
    return table


def written(table: Table) -> str:
    """The text of a table: `parse` of it gives the same table."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(table.columns)
    for row in table.rows:
        writer.writerow([_cell(row, name) for name in table.columns])
    return out.getvalue()


def _cell(row: Row, name: str) -> str:
    if name.upper() not in RESERVED:
        return row.carried[name]
    value = row.number[name.upper()]
    return MISSING if value is None else number_text(value)


def number_text(value: float) -> str:
    """Shortest text that reads as the same number; whole numbers without a point."""
    return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)


def _lines(text: str, file: str) -> Iterator[tuple[int, list[str]]]:
    if "\x00" in text:
        raise EvidenceError(file, "the file", "a zero byte", "text")
    kept = ((k, line) for k, line in enumerate(text.splitlines(), 1) if line.strip() and not line.startswith("#"))
    for line, content in kept:
        try:
            cells = next(csv.reader([content], strict=True))
        except csv.Error as error:
            raise EvidenceError(file, f"line {line}", str(error), "cells separated by commas") from error
        yield line, [cell.strip() for cell in cells]


def _columns(cells: list[str], file: str) -> tuple[str, ...]:
    def fault(found: object, allowed: str) -> NoReturn:
        raise EvidenceError(file, "the column names", _shown(found), allowed)

    known = [name for name in cells if name.upper() in RESERVED]
    for name in cells:
        if not name:
            fault("an empty name", "a name for each column")
        if [other.upper() for other in cells].count(name.upper()) > 1:
            fault(f"{name!r} twice", "each name once, whatever its case")
    mixed = [name for name in known if not name.isupper()]
    if (mixed and len(mixed) < len(known)) or any(not name.islower() for name in mixed):
        fault(mixed[0], "reserved names all in upper case or all in lower case")
    given = {name.upper() for name in known}
    for needed in ("ID", "TIME"):
        if needed not in given:
            fault(f"no column {needed}", f"a column {needed}, and EVID or AMT")
    if not given & {"EVID", "AMT", "DV"}:
        fault("neither EVID nor AMT nor DV", "a column that says what an event is")
    return tuple(cells)


def _commented(columns: tuple[str, ...], cells: list[str]) -> bool:
    return any(name.upper() == COMMENT and cell == COMMENT for name, cell in zip(columns, cells, strict=False))


def _row(columns: tuple[str, ...], cells: list[str], line: int, file: str) -> Row:
    if len(cells) != len(columns):
        raise EvidenceError(file, f"line {line}", f"{len(cells)} cells", f"{len(columns)}, as there are column names")
    number: dict[str, float | None] = {}
    carried: dict[str, str] = {}
    for name, cell in zip(columns, cells, strict=True):
        if name.upper() in RESERVED:
            number[name.upper()] = _number(cell, f"line {line}, {name}", file)
        else:
            carried[name] = cell
    return Row(number, carried, line)


def _number(cell: str, place: str, file: str) -> float | None:
    if cell in (MISSING, "", "NA"):
        return None
    value = float(cell) if _NUMBER.fullmatch(cell) else float("nan")
    if not isfinite(value):
        raise EvidenceError(file, place, _shown(cell), "a number, or . where there is none")
    return value


def _shown(found: object, longest: int = 60) -> str:
    text = found if isinstance(found, str) and " " in found else repr(found)
    return text if len(text) <= longest else text[: longest - 3] + "..."
