"""From files to records and back: TOML and CSV in, records or findings out."""

from __future__ import annotations

import csv
import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from racemate.evidence.finding import Finding, nearest
from racemate.evidence.record import Observation, Parameter, Quantity, Record, Stated, Trial

R = TypeVar("R", bound=Record)
S = TypeVar("S", bound=Stated)
Table = dict[str, Any]

COLUMNS = tuple(name for name in Observation.model_fields if name != "line")
"""The columns of an `outcomes.csv`, in order."""

_NUMBERS = {"time", "value", "spread", "low", "high"}
_COUNTS = {"n", "count"}
_WORDS = {
    "finite_number": "a finite number",
    "float_type": "a number",
    "int_type": "a whole number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "string_type": "text",
    "string_too_short": "some text",
    "missing": "a value; the field is required",
    "tuple_type": "a list",
    "too_long": "fewer items",
    "too_short": "at least one item",
}


def read_toml(path: Path, file: str) -> tuple[Table, list[Finding]]:
    """Read a TOML file; a file that does not read gives an empty table and one finding."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8")), []
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        place = re.search(r"line \d+", str(error))
        return {}, [Finding(file, place.group() if place else "the file", str(error), "TOML, each name once")]


def read_record(model: type[R], data: Mapping[str, Any], file: str, under: str = "") -> tuple[R | None, list[Finding]]:
    """Make a record of a table; a table that does not fit gives None and a finding per field."""
    try:
        return model.model_validate(data), []
    except ValidationError as error:
        return None, list(_findings(error, model, file, under))


def read_parameters(data: Mapping[str, Any], link: str) -> tuple[list[Parameter], list[Finding]]:
    """Make the parameters of one link from the tables of its file."""
    allowed = "a table with label, unit, range, pool, vary and claims"
    return _read_stated(Parameter, data, f"evidence/parameters/{link}.toml", link, allowed)


def read_quantities(data: Mapping[str, Any], topic: str) -> tuple[list[Quantity], list[Finding]]:
    """Make the quantities of one topic from the tables of its file."""
    allowed = "a table with label, unit, link and claims"
    return _read_stated(Quantity, data, f"evidence/quantities/{topic}.toml", topic, allowed)


def _read_stated(
    model: type[S], data: Mapping[str, Any], file: str, stem: str, allowed: str
) -> tuple[list[S], list[Finding]]:
    """Make the numbers of a file of tables `[<stem>.<field>]`, the stem being the file's own."""
    stated: list[S] = []
    findings = [Finding(file, name, f"table {name!r}", f"[{stem}.<field>] only") for name in data if name != stem]
    fields = data.get(stem, {})
    if not isinstance(fields, Mapping):
        return [], [*findings, Finding(file, stem, repr(fields), f"tables [{stem}.<field>]")]
    for field, table in dict[str, Any](fields).items():  # pyright: ignore[reportUnknownArgumentType]
        name = f"{stem}.{field}"
        if not isinstance(table, dict):
            findings.append(Finding(file, name, repr(table), allowed))
            continue
        record, faults = read_record(model, {"name": name, **table}, file, name)
        findings += faults
        stated += [record] if record else []
    return stated, findings


def read_named(
    data: Mapping[str, Any], models: Mapping[str, type[Record]], file: str
) -> tuple[list[Record], list[Finding]]:
    """Make the records of a file of tables `[<word>.<id>]`, where each word has its model."""
    records: list[Record] = []
    findings = [Finding(file, word, f"table {word!r}", nearest(word, models)) for word in data if word not in models]
    for word, model in models.items():
        tables = data.get(word, {})
        for name, table in dict[str, Any](tables).items() if isinstance(tables, Mapping) else ():  # pyright: ignore[reportUnknownArgumentType]
            if not isinstance(table, dict):
                findings.append(Finding(file, f"{word}.{name}", repr(table), f"a table [{word}.<id>]"))
                continue
            record, faults = read_record(model, {**table, "id": name, "file": file}, file, f"{word}.{name}")
            findings += faults
            records += [record] if record else []
    return records, findings


def read_trial(folder: Path) -> tuple[Trial | None, list[Finding]]:
    """Make a trial from the two files of its folder; `outcomes.csv` may be missing, `protocol.toml` may not."""
    file = f"evidence/trials/{folder.name}/protocol.toml"
    path = folder / "protocol.toml"
    if not path.is_file():
        return None, [Finding(file, "the file", "nothing", "a protocol for every folder of evidence/trials")]
    protocol, findings = read_toml(path, file)
    rows: list[Observation] = []
    outcomes = folder / "outcomes.csv"
    if outcomes.is_file():
        rows, faults = read_observations(
            outcomes.read_text(encoding="utf-8"), f"evidence/trials/{folder.name}/outcomes.csv"
        )
        findings += faults
    if not protocol:
        return None, findings
    header: Table = {
        "id": folder.name,
        "arms": list(_names(protocol, "arm")),
        "periods": list(_names(protocol, "period")),
        "observations": rows,
        "protocol": protocol,
    }
    trial, faults = read_record(Trial, {**header, **protocol.get("trial", {})}, file, "trial")
    return trial, findings + faults


def read_observations(text: str, file: str) -> tuple[list[Observation], list[Finding]]:
    """Make the rows of an `outcomes.csv`; blank cells are left out, and every column must be there."""
    reader = csv.DictReader(StringIO(text), restkey="", strict=True)
    header = reader.fieldnames or []
    findings = [
        Finding(file, "header", f"column {name!r}", nearest(name, COLUMNS)) for name in header if name not in COLUMNS
    ]
    findings += [
        Finding(file, "header", "no such column", f"column {name!r}") for name in COLUMNS if name not in header
    ]
    rows: list[Observation] = []
    if findings:
        return rows, findings
    for cells in reader:
        line = f"line {reader.line_num}"
        if "" in cells or None in cells.values():
            findings.append(
                Finding(file, line, "too many or too few cells", f"{len(COLUMNS)} cells; quote text with commas")
            )
            continue
        data = {name: _cell(name, cell.strip()) for name, cell in cells.items() if cell.strip()}
        row, faults = read_record(Observation, {"line": reader.line_num, **data}, file, line)
        findings += faults
        rows += [row] if row else []
    return rows, findings


def _cell(name: str, text: str) -> str | float | int:
    try:
        return float(text) if name in _NUMBERS else int(text) if name in _COUNTS else text
    except ValueError:
        return text


def _names(protocol: Table, table: str) -> Iterator[str]:
    entries: list[Any] = protocol.get(table, [])
    for entry in entries:
        yield entry.get("name", "") if isinstance(entry, dict) else repr(entry)  # pyright: ignore[reportUnknownMemberType]


def _findings(error: ValidationError, model: type[BaseModel], file: str, under: str) -> Iterator[Finding]:
    """One finding per field; a list is not blamed for its items, nor a number for not being a list."""
    faults = {tuple(part for part in fault["loc"] if not _tag(part)): fault for fault in reversed(error.errors())}
    for place, fault in faults.items():
        if any(other[: len(place)] == place and len(other) > len(place) for other in faults):
            continue
        field = _path(under, place)
        found = "nothing" if fault["type"] == "missing" else _short(fault["input"])
        if fault["type"] == "extra_forbidden":
            words = _fields(model, place[:-1])
            yield Finding(file, field, f"field {place[-1]!r}", nearest(str(place[-1]), words))
        elif fault["type"] == "value_error":
            yield Finding(file, field or "the record", found, str(fault.get("ctx", {}).get("error", fault["msg"])))
        else:
            allowed = str(fault.get("ctx", {}).get("expected", "")) or _WORDS.get(fault["type"], fault["msg"])
            yield Finding(file, field, found, allowed)


def _tag(part: str | int) -> bool:
    return isinstance(part, str) and (part in ("float", "str") or part.startswith("tuple["))


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def _path(under: str, place: Sequence[str | int]) -> str:
    text = under
    for part in place:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}"
    return text.removeprefix(".")


def _fields(model: type[BaseModel], place: Sequence[str | int]) -> list[str]:
    """The names that may stand in the record found at a place."""
    for part in place:
        if isinstance(part, str):
            known = {info.alias or name: info.annotation for name, info in model.model_fields.items()}
            model = next(_models(known.get(part)), model)
    return [info.alias or name for name, info in model.model_fields.items()]


def _models(hint: Any) -> Iterator[type[BaseModel]]:
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        yield hint
    for inner in get_args(hint):
        yield from _models(inner)


def record_text(record: Record) -> str:
    """Write one record as the TOML it is read from."""
    return "\n".join(_table(record.model_dump(by_alias=True, exclude_defaults=True), ())) + "\n"


def stated_text(numbers: Iterable[Stated]) -> str:
    """Write parameters or quantities as the TOML of their files."""
    blocks: list[str] = []
    for one in numbers:
        data = one.model_dump(by_alias=True, exclude_defaults=True)
        stem, _, field = data.pop("name").partition(".")
        blocks += [f"[{_key(stem)}.{_key(field)}]", *_table(data, (stem, field)), ""]
    return "\n".join(blocks)


def observations_text(rows: Iterable[Observation]) -> str:
    """Write observations as the CSV they are read from."""
    text = StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for row in rows:
        data = row.model_dump(exclude={"line"}, exclude_none=True)
        writer.writerow({**data, "spread_kind": "" if row.spread_kind == "none" else row.spread_kind})
    return text.getvalue()


def _table(data: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[str]:
    """Plain entries first, then lists of tables under their dotted name."""
    lists = {key: entries for key, value in data.items() if (entries := _entries(value))}
    for key, value in data.items():
        if key not in lists:
            yield f"{_key(key)} = {_value(value)}"
    for key, entries in lists.items():
        for entry in entries:
            yield f"[[{'.'.join(_key(part) for part in (*path, key))}]]"
            yield from (f"{_key(name)} = {_value(value)}" for name, value in entry.items())


def _entries(value: Any) -> list[Table]:
    """A list of tables, or nothing when the value is anything else."""
    items = list[Any](value) if isinstance(value, tuple | list) else []  # pyright: ignore[reportUnknownArgumentType]
    return [item for item in items if isinstance(item, dict)]


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _value(name)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        items = dict[str, Any](value)  # pyright: ignore[reportUnknownArgumentType]
        return "{ " + ", ".join(f"{_key(key)} = {_value(item)}" for key, item in items.items()) + " }"
    if isinstance(value, tuple | list):
        return "[" + ", ".join(_value(item) for item in list[Any](value)) + "]"  # pyright: ignore[reportUnknownArgumentType]
    return repr(value)
