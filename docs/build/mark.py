"""Pieces of Markdown that every generated page is made of, and the folder they are written to."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from racemate.evidence.record import Spread

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
GENERATED = DOCS / "reference" / "generated"


def write(name: str, text: str) -> None:
    """Write one generated file."""
    path = GENERATED / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; bars and line breaks in a cell are escaped. Nothing when there are no rows."""
    body = list(rows)
    if not body:
        return ""
    lines = [head, ["---"] * len(head), *body]
    return "".join("| " + " | ".join(map(_cell, line)) + " |\n" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


def section(title: str, body: str, level: int = 2) -> str:
    """A headed part of a page; nothing when the part is empty."""
    return f"{'#' * level} {title}\n\n{body.rstrip()}\n\n" if body.strip() else ""


def bullets(lines: Iterable[str]) -> str:
    """A list."""
    return "".join(f"- {line}\n" for line in lines)


def yes(answer: bool | None) -> str:
    """A fact that may not have been found."""
    return "not found" if answer is None else "yes" if answer else "no"


def number(value: float | tuple[float, ...] | None) -> str:
    """A number or a list of them as it was entered; empty for none."""
    if value is None:
        return ""
    return ", ".join(f"{one:g}" for one in value) if isinstance(value, tuple) else f"{value:g}"


def valued(value: float | tuple[float, ...], unit: str) -> str:
    """A value with its unit; a plain number has none."""
    return f"{number(value)}{'' if unit in ('', '1') else f' {unit}'}"


def wide(spread: Spread) -> str:
    """A spread in brackets; empty for none."""
    return spread_of(spread.kind, spread.value, spread.low, spread.high)


def spread_of(kind: str, value: float | None, low: float | None, high: float | None) -> str:
    """A spread in brackets, by its kind and its value or its ends; empty for none."""
    if kind == "none":
        return ""
    return f"({kind} {number(value) if low is None or high is None else f'{low:g} to {high:g}'})"


def moment(time: float | None, unit: str) -> str:
    """A time as the publication writes it; empty for none."""
    if time is None:
        return ""
    return f"day {time:g}" if unit == "day" else f"{time:g} {unit}"
