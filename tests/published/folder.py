"""A folder under ``validation/``: its pinned reference, its comparison table, and the script that makes the table anew."""

import csv
from collections.abc import Mapping, Sequence
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

VALIDATION = Path(__file__).resolve().parents[2] / "validation"
Row = Mapping[str, str | float]


def script(name: str) -> ModuleType:
    """The ``regenerate.py`` of a folder, as a module; importing it computes nothing."""
    spec = spec_from_file_location(f"regenerate_{name.replace('-', '_')}", VALIDATION / name / "regenerate.py")
    assert spec is not None, name
    assert spec.loader is not None, name
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def read(path: Path) -> list[dict[str, str]]:
    """Rows of a CSV file as text."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def write(path: Path, rows: Sequence[Row]) -> None:
    """Write rows as CSV, numbers to four digits."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(rows[0])
        writer.writerows([spelled(value) for value in row.values()] for row in rows)


def spelled(value: str | float) -> str:
    """A number to four digits, text as it is."""
    return value if isinstance(value, str) else f"{value:.4g}"


def unchanged(name: str, rows: Sequence[Row]) -> None:
    """Fail when the committed comparison table is not what the script makes today (0.2 %, the last printed digit)."""
    kept = read(VALIDATION / name / "comparison.csv")
    made = [{key: spelled(value) for key, value in row.items()} for row in rows]
    assert [list(row) for row in kept] == [list(row) for row in made], f"validation/{name}: run regenerate.py"
    for old, new in zip(kept, made, strict=True):
        for key, value in new.items():
            assert _same(old[key], value), (
                f"validation/{name}: {old} is now {new}; run regenerate.py and read the README"
            )


def _same(old: str, new: str) -> bool:
    try:
        return abs(float(old) - float(new)) <= 0.002 * abs(float(new)) + 1e-9
    except ValueError:
        return old == new
