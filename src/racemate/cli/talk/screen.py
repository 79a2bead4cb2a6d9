"""Screen: how data and messages reach a terminal: columns, progress, colour only where it is wanted."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from shutil import get_terminal_size
from signal import SIGINT, signal
from textwrap import fill
from threading import current_thread, main_thread
from typing import Any, TextIO

_WIDEST, _NARROWEST = 118, 60


def width() -> int:
    """Columns to write in: the terminal's, within reason; a fixed number where there is none."""
    return max(_NARROWEST, min(_WIDEST, get_terminal_size((_WIDEST, 24)).columns))


def bold(text: str, stream: TextIO | None = None) -> str:
    """Text that stands out on a terminal, unless NO_COLOR asks for none."""
    shown = stream or sys.stdout
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" or not shown.isatty():
        return text
    return f"\x1b[1m{text}\x1b[0m"


def paragraph(text: str, indent: str = "") -> str:
    """Text folded to the width of the screen."""
    return fill(text, width(), initial_indent=indent, subsequent_indent=indent)


def columns(head: Sequence[str], rows: Iterable[Sequence[object]], indent: str = "") -> str:
    """A table in columns; the last column is folded to what room is left."""
    every = [list(head), *(list(map(str, row)) for row in rows)]
    sizes = [max(len(row[k]) for row in every) for k in range(len(head))]
    room = max(24, width() - len(indent) - sum(sizes[:-1]) - 2 * (len(head) - 1))
    lines: list[str] = []
    for number, row in enumerate(every):
        first = "  ".join(cell.ljust(size) for cell, size in zip(row[:-1], sizes[:-1], strict=True))
        start = f"{indent}{first}{'  ' if len(row) > 1 else ''}"
        folded = fill(row[-1], room + len(start), initial_indent=start, subsequent_indent=" " * len(start)) or start
        lines.append(bold(folded.rstrip()) if number == 0 else folded.rstrip())
    return "\n".join(lines)


def tell(text: str, quiet: bool = False) -> None:
    """A message for the person, on standard error."""
    if not quiet:
        print(text, file=sys.stderr)


class Stop:
    """An interrupt that cannot be lost.

    Python raises it wherever the main thread happens to be; where that is a library's callback it may be swallowed, with a traceback
    that Python prints of its own.  So it is also remembered, raised again at the next sign of progress, and swallowed in silence.
    """

    def __init__(self) -> None:
        self.asked = False
        self._hook = sys.unraisablehook
        if current_thread() is main_thread():
            signal(SIGINT, self._remember)
            sys.unraisablehook = self._swallowed

    def _remember(self, *_: object) -> None:
        self.asked = True
        raise KeyboardInterrupt

    def _swallowed(self, unraisable: Any) -> None:
        if not (self.asked and unraisable.exc_type is KeyboardInterrupt):
            self._hook(unraisable)

    def heed(self, *_: object) -> None:
        """Raise the interrupt again if there was one."""
        if self.asked:
            raise KeyboardInterrupt


@contextmanager
def steps(quiet: bool, about: str = "", parts: int = 10) -> Iterator[Any]:
    """What work in several steps tells its progress to: a line for each part of a step; an interrupt is heeded in any case."""
    said: set[tuple[str, int]] = set()
    with progress(False) as heed:

        def follow(step: str, ready: int, total: int) -> None:
            heed()
            part = parts * ready // max(total, 1)
            if (step, part) not in said:
                said.add((step, part))
                tell(f"racemate: {about}{step}, {100 * part // parts} %", quiet)

        yield follow


@contextmanager
def progress(shown: bool) -> Iterator[Any]:
    """What a run tells its progress to: a bar on standard error where somebody watches; an interrupt is heeded in any case."""
    stop = Stop()
    if not shown or not sys.stderr.isatty():
        yield stop.heed
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    layout = (
        TextColumn("{task.description:24}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("people"),
        TimeElapsedColumn(),
    )
    with Progress(*layout, console=Console(stderr=True), transient=True) as bar:
        tasks: dict[str, Any] = {}

        def follow(name: str, done: int, total: int) -> None:
            stop.heed()
            if name not in tasks:
                tasks[name] = bar.add_task(name, total=total)
            bar.update(tasks[name], completed=done)

        yield follow
