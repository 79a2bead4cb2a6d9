"""Tables: what `dose`, `export`, `safety` and predictions made again print when they are done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from racemate.cli.talk.screen import columns, paragraph

if TYPE_CHECKING:
    from racemate.exchange.run import TablesRun
    from racemate.infer.holdout.frozen import Frozen


def sealed(done: Frozen) -> str:
    """How many predictions there are, and their seal."""
    size = f"{len(done.predictions)} predictions of {len(done.trials)} trials, {len(done.cards)} cards"
    return f"{size}\nSHA-256 {done.hash}"


def doses(run: TablesRun) -> str:
    """The rows of an event table with what was simulated, as CSV."""
    return run.frames["simulated"].to_csv(index=False, na_rep=".")


def data_sets(run: TablesRun) -> str:
    """Which data sets there are, and their variables."""
    rows = [(name.upper(), len(table), ", ".join(map(str, table.columns))) for name, table in run.frames.items()]
    return columns(("data set", "records", "variables"), rows) + f"\n\nParameters: {run.manifest['parameters']}.\n"


def side_effects(run: TablesRun) -> str:
    """The tables that a person reads first: who had what, and how peaks change over sessions."""
    from racemate.report.words import DISCLAIMER

    events = [
        (
            row["hypothesis"],
            _arm(row),
            row["event"],
            f"{row['people']}/{row['n']}",
            _interval(row),
            _interval(row, "exact_", ""),
            _published(row),
            row["basis"],
        )
        for row in run.rows("events")
    ]
    peaks = [
        (row["hypothesis"], _arm(row), str(row["session"]), row["outcome"], _interval(row), _interval(row, "ratio_"))
        for row in run.rows("sessions")
        if row["median"] and row["outcome"] in ("cadss", "systolic_rise")
    ]
    urinary = [
        (row["hypothesis"], _arm(row), f"{row['sessions']:.1f}", f"{row['weeks']:.1f}", _interval(row))
        for row in run.rows("urinary")
    ]
    blocks = (
        ("People with an event, percent: median of the virtual trials [95 % of them], the exact interval of one such trial, and what its "
         "report says (in brackets: the rates were made of it too)",
         ("card", "arm", "event", "people", "percent", "one trial", "published", "from"), events),
        ("Mean peak in a session, and over the first one", ("card", "arm", "session", "of", "peak", "over the first"), peaks),
        ("Urinary symptoms, percent of people", ("card", "arm", "sessions", "weeks", "percent"), urinary),
    )  # fmt: skip
    parts = [f"{paragraph(title)}\n{columns(head, rows, '  ')}" for title, head, rows in blocks if rows]
    return "\n\n".join((*parts, f"Parameters: {run.manifest['parameters']}.", DISCLAIMER)) + "\n"


def _arm(row: dict[str, Any]) -> str:
    return f"{row['stage']}: {row['arm']}" if row["stage"] else row["arm"]


def _published(row: dict[str, Any]) -> str:
    if row["published"] is None:
        return ""
    return f"({row['published']:.3g})" if row["published_put_in"] else f"{row['published']:.3g}"


def _interval(row: dict[str, Any], prefix: str = "", middle: str = "median") -> str:
    low, high = row[f"{prefix}low"], row[f"{prefix}high"]
    if low is None or high is None:
        return "-"
    ends = f"[{low:.2g}, {high:.2g}]"
    return f"{row[prefix + middle]:.2g} {ends}" if middle else ends
