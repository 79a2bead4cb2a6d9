"""Page: what was measured, as tables and figures of the docs: `python -m benchmarks.page FOLDER`."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from math import ceil
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.chart import converged, grown, ranked
from benchmarks.measure.equal import TARGET
from benchmarks.part.paper import Cost, cost, serial_s
from benchmarks.part.random_cards import AIM, distribution
from benchmarks.peer import PEERS
from benchmarks.results import FOLDER
from racemate.report.figure.ink import drawing

NAMES = {"W1": "W1", "composite": "The whole model"}
BUSY = 1.0
"""Load for each processor above which a machine counts as busy."""
PEOPLE, MANY = (10**6, 10**9), (16, 128, 1000)
"""People and workers that are asked about on paper."""
Data = Mapping[str, Any]


def main() -> int:
    """Write the fragment of the page and its figures."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/reference/generated")
    (folder / "figure").mkdir(parents=True, exist_ok=True)
    told = [json.loads(place.read_text(encoding="utf-8"))["parts"] for place in sorted(FOLDER.glob("*.json"))]
    (folder / "benchmarks.md").write_text(
        "\n".join(machine(parts, folder) for parts in told) or "Nothing yet.\n", encoding="utf-8"
    )
    return 0


def machine(parts: Data, folder: Path) -> str:
    """All that one machine measured."""
    latest = max(parts.values(), key=lambda part: part["when"])
    own = latest["machine"]
    versions = ", ".join(f"{name} {number}" for name, number in own["versions"].items())
    head = f"## {own['processor']}, {own['cpus']} processors, {own['memory_gib']} GiB\n\n"
    stem = f"{own['processor']}-{own['cpus']}".lower().replace(" ", "-")
    said = f"{own['system']}, Python {own['python']}; {versions}.\n\n"
    written = [write(parts[name], folder, f"{stem}-{name}") for name, write in _WRITERS.items() if name in parts]
    return head + said + "\n".join(written)


def when(part: Data) -> str:
    """When a part was measured and how busy the machine was; a warning where it was busy."""
    before, after = part["load_before"], part["load_after"]
    size = "quick" if part["quick"] else "full"
    text = f"Measured {part['when']} ({size}), load {before:g} before and {after:g} after."
    if busy(part):
        text += (
            " **Other programs used the machine**, so wall times tell of them as well, and ratios of wall times on all processors are"
            " left out here (the file has them). Processor times and their paired ratios are sounder, and still not a quiet machine's."
        )
    return text + "\n\n"


def busy(part: Data) -> bool:
    """True where more programs wanted to run than there are processors, before or after."""
    return max(part["load_before"], part["load_after"]) > BUSY * part["machine"]["cpus"]


def versus(part: Data, folder: Path, stem: str) -> str:
    """One problem: the table at equal error, first costs, and the figure of error against time."""
    data = part["data"]
    ours = next(row for row in data["solvers"] if row["solver"] == "racemate")
    title = f"### {NAMES[data['problem']]}\n\n"
    about = (
        f"{data['states']} states, {data['outputs']} output times in {data['days']:g} days, {data['changes']} stretches between changes."
        f" Error: largest over {data['judged_people']} people, all times and states, relative to a value plus a thousandth of the largest;"
        f" the reference itself is within {data['reference_error']:.0e}. Each solver at its loosest tolerance with an error of at most"
        f" {TARGET:g}; racemate in cohorts of {data['size']['ours']}.\n\n"
    )
    rows = [_row(row, busy(part), data) for row in data["solvers"]]
    head = ("solver", "error", "ms a person, one processor", "times racemate's", "times racemate's, all processors")
    first = [_first(row) for row in data["solvers"] if "method" in row]
    costs = table(("solver", "method", "import, s", "build and compile, s", "memory, MiB"), first)
    (folder / "figure" / f"{stem}.svg").write_text(drawing(converged(data, NAMES[data["problem"]])), encoding="utf-8")
    figure = f"![Error against time on {NAMES[data['problem']]}](../reference/generated/figure/{stem}.svg)\n\n"
    return title + about + when(part) + table(head, rows) + "\n" + _missed(data, ours) + figure + costs + "\n"


def _row(row: Data, busy: bool, data: Data) -> tuple[str, ...]:
    if "tolerance" not in row or ("one_core_ratio" not in row and row["solver"] != "racemate"):
        return row["solver"], row.get("failed", ""), "", "", ""
    if "one_core_ratio" not in row:
        return row["solver"], f"{row['error']:.1e}", _ours(data), "1", "1"
    ratios = ranged(row["one_core_ratio"]), "" if busy else ranged(row["all_cores_ratio"])
    return row["solver"], f"{row['error']:.1e}", f"{row['one_core_s']['middle'] * 1e3:.3g}", *ratios


def _ours(data: Data) -> str:
    """Racemate's own times beside each peer: the middle one, and how far they went apart."""
    beside = [row["one_core_ours_s"]["middle"] * 1e3 for row in data["solvers"] if "one_core_ours_s" in row]
    return f"{median(beside):.3g} ({min(beside):.3g} to {max(beside):.3g} beside one peer or another)" if beside else ""


def _first(row: Data) -> tuple[str, ...]:
    memory = f"{row['rss_mib']:.0f}" if "rss_mib" in row else "not kept"
    return row["solver"], row["method"], f"{row['import_s']:.1f}", f"{row['compile_s']:.1f}", memory


def ranged(one: Data) -> str:
    """A ratio with the range of its rounds."""
    return f"{one['middle']:.1f} ({one['low']:.1f} to {one['high']:.1f})"


def _missed(data: Data, ours: Data) -> str:
    """Who was not there, and whether what was aimed at was reached."""
    rows = {row["solver"]: row for row in data["solvers"]}
    absent = [peer for peer in PEERS if peer not in rows]
    text = f"Not measured: {', '.join((*absent, 'mrgsolve and rxode2 (which need R)'))}.\n\n"
    rival = rows.get("numbalsoda", {})
    if "one_core_ratio" not in rival or "tolerance" not in ours:
        return text
    aim, found = (25 if data["problem"] == "W1" else AIM), rival["one_core_ratio"]
    reached = "reached" if found["middle"] >= aim else "**not reached**"
    return text + f"The aim, {aim:g} times numbalsoda on one processor, is {reached}: {ranged(found)}.\n\n"


def random_cards(part: Data, folder: Path, stem: str) -> str:
    """How the ratio to a peer spreads over random cards."""
    data, head = part["data"], "### Random cards\n\n"
    if "failed" in data:
        return head + data["failed"] + ".\n"
    rows, peer = data["cards"], data["peer"]
    about = (
        f"{len(rows)} random cards with {min(row['edges'] for row in rows)} to {max(row['edges'] for row in rows)} edges, the same regimen and"
        f" {data['states']} states as the whole model. racemate and {peer}, each at its loosest tolerance with an error of at most"
        f" {data['target']:g} over {data['judged_people']} people of that card, in turn on one processor, {data['size']['rounds']} rounds; the"
        f" references of {data['checked']} cards were held against a second method and are within {data['reference_error']:.0e}.\n\n"
    )
    failed = "".join(f"- {row['card']}: {row['failed']}\n" for row in rows if "failed" in row)
    failed = f"Not compared:\n\n{failed}\n" if failed else ""
    compared = [row for row in rows if "ratio" in row]
    if not compared:
        return head + about + when(part) + failed
    shares = distribution(data)
    spread = table(
        ("times racemate's", *shares), [(f"{len(compared)} cards", *(f"{one:.1f}" for one in shares.values()))]
    )
    (folder / "figure" / f"{stem}.svg").write_text(drawing(ranked(compared, peer, data["aim"])), encoding="utf-8")
    figure = f"\n![{peer} beside racemate, card by card](../reference/generated/figure/{stem}.svg)\n\n"
    return head + about + when(part) + spread + figure + _below(compared, data["aim"]) + failed


def _below(compared: Sequence[Data], aim: float) -> str:
    """Cards under which the aim was missed, one by one; a sentence where there is none."""
    rows = [
        (
            row["card"],
            f"{row['edges']}",
            *(f"{row[whose]['middle'] * 1e3:.3g}" for whose in ("ours_s", "theirs_s")),
            ranged(row["ratio"]),
        )
        for row in compared
        if row["ratio"]["middle"] < aim
    ]
    if not rows:
        return f"Under no card is it less than the {aim:g} times asked for.\n\n"
    names = ("card", "edges", "ms a person", "peer, ms a person", "times racemate's")
    return (
        f"The {aim:g} times asked for are **not reached** under {len(rows)} of {len(compared)} cards:\n\n"
        + table(names, rows)
        + "\n"
    )


def scaling(part: Data, folder: Path, stem: str) -> str:
    """People, processors, slow states and doses."""
    data = part["data"]
    people = [
        (
            f"{row['people']}",
            _seconds(row["wall_s"]),
            _seconds(row["cpu_s"]),
            f"{row['rss_mib']:.0f}",
            f"{row['load']:g}",
        )
        for row in data["people"]
    ]
    cores = [
        (f"{row['cores']}", f"{row['people']}", _seconds(row["wall_s"]), f"{row['load']:g}") for row in data["cores"]
    ]
    sizes = [
        (
            f"{row['number']} {row['what']}",
            _thousandths(row.get("ours_s")),
            _thousandths(row.get("peer_s")),
            ranged(row["ratio"]) if "ratio" in row else row.get("failed", ""),
            f"{row['load']:g}",
        )
        for row in data["sizes"]
    ]
    (folder / "figure" / f"{stem}.svg").write_text(drawing(grown(data["people"])), encoding="utf-8")
    return (
        "### How it grows\n\n"
        + when(part)
        + "Cohorts of the composite card, drawn and run on all processors, one reading kept; memory is the most so far:\n\n"
        + table(("people", "wall, s", "processor, s", "memory, MiB", "load"), people)
        + f"\n![Time against people](../reference/generated/figure/{stem}.svg)\n\nThe same cohort on fewer processors:\n\n"
        + table(("processors", "people", "wall, s", "load"), cores)
        + "\nW1 with other numbers of slow states and doses, on one processor, beside a peer in turn:\n\n"
        + table(("W1 with", "ms a person", "peer, ms a person", "times racemate's", "load"), sizes)
        + "\n"
    )


def gradient(part: Data, _folder: Path, _stem: str) -> str:
    """Derivatives beside the run they are of."""
    rows = [
        (
            row["solver"],
            *(_thousandths(row.get(f"{way}_s")) for way in ("run", "forward", "reverse")),
            f"{row['reverse_first_s']:.0f}" if "reverse_first_s" in row else "",
            f"{row['reverse_value']:.9f}" if "reverse_value" in row else "",
            f"{row['load']:g}",
        )
        for row in part["data"]
    ]
    head = (
        "solver",
        "run",
        "forward, one parameter",
        "reverse, all 48",
        "first reverse, s",
        "derivative found",
        "load",
    )
    return "### Derivatives\n\nms a person, W1, one processor. " + when(part) + table(head, rows) + "\n"


def jobs(part: Data, _folder: Path, _stem: str) -> str:
    """What a user waits for."""
    return _timed("Jobs", part)


def crowd(part: Data, _folder: Path, _stem: str) -> str:
    """Time and memory of a crowd."""
    return _timed("A crowd", part)


def cluster(part: Data, _folder: Path, _stem: str) -> str:
    """A crowd on some workers as measured, and on more of them on paper."""
    data, head = part["data"], "### A cluster\n\n"
    if "failed" in data:
        return head + data["failed"] + ".\n"
    first = data["rows"][0]["again"]["wall_s"]
    rows = [
        (
            f"{row['workers']}",
            f"{row['again']['wall_s']:.1f}",
            f"{row['fresh']['wall_s']:.1f}",
            f"{first / (row['workers'] * row['again']['wall_s']):.0%}",
            f"{median(row['again']['chunks_s']):.2f}",
            f"{row['again']['before_s'] + row['again']['after_s']:.1f}",
            f"{row['again']['sent'] / 1e6:.2f}",
            f"{row['load']:g}",
        )
        for row in data["rows"]
    ]
    known, plain, serial = cost(data), data["plain"], serial_s(data)
    names = (
        "workers",
        "wall, s",
        "workers just started, s",
        "efficiency",
        "s a chunk",
        "one process alone, s",
        "MB sent",
        "load",
    )
    text = (
        f"{data['people']:,} people of TRANSFORM-2 in {data['chunks']} chunks, counts alone, on workers of one thread each on this machine; the"
        f" same by processes without a cluster (--jobs {plain['processes']}): {plain['wall_s']:.1f} s. " + when(part)
    )
    shares = (
        f"\nNearest to these times is {serial:.1f} s + {first - serial:.1f} s / workers: {max(serial, 0.0) / first:.0%} of one worker's time is"
        f" not shortened by more of them. A job that does nothing takes {known.task_s * 1e3:.2f} ms of whoever asks and the scheduler ({data['empty']}"
        f" of them); a worker that has just started needs {known.start_s:.1f} s more for its first chunk; each is told {known.told_bytes / 1e6:.2f} MB"
        f" once, and a sum is {known.sum_bytes / 1e3:.0f} kB, however many people are in it.\n\n"
    )
    return head + text + table(names, rows) + shares + _on_paper(data, known) + "\n"


def _on_paper(data: Data, known: Cost) -> str:
    """What more workers would take, as a table."""
    each = data["people"] / data["chunks"]
    asked = [(row["workers"], data["chunks"]) for row in data["rows"]]
    asked += [(workers, ceil(people / each)) for people in PEOPLE for workers in MANY]
    measured = {row["workers"]: row["again"]["wall_s"] for row in data["rows"]}
    rows = [
        (
            f"{chunks * each:,.0f}",
            f"{workers}",
            f"{known.wall_s(workers, chunks):,.1f}",
            f"{measured[workers]:.1f}" if chunks == data["chunks"] else "",
            *(f"{part:,.1f}" for part in known.parts(workers, chunks)),
            f"{known.efficiency(workers, chunks):.0%}",
        )
        for workers, chunks in asked
    ]
    names = (
        "people",
        "workers",
        "on paper, s",
        "measured, s",
        "alone",
        "handing out",
        "chunks",
        "sending",
        "efficiency",
    )
    return "On paper, from the last row above:\n\n" + table(names, rows)


def _timed(title: str, part: Data) -> str:
    rows = [
        (
            row["name"],
            f"{row['middle']:.2f} {row['unit']}",
            f"{min(row['times']):.2f} to {max(row['times']):.2f}",
            f"{len(row['times'])}",
            "" if row["aim"] is None else f"{row['aim']:g} {row['unit']}",
            f"{row['load']:g}",
        )
        for row in part["data"]
    ]
    return f"### {title}\n\n" + when(part) + table(("job", "median", "range", "runs", "aim", "load"), rows) + "\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; nothing when there are no rows."""
    body = list(rows)
    lines = [head, ["---"] * len(head), *body] if body else []
    return "".join("| " + " | ".join(one.replace("|", "\\|") for one in line) + " |\n" for line in lines)


def _seconds(one: Data) -> str:
    return f"{one['middle']:.3g}"


def _thousandths(one: Data | None) -> str:
    return "" if one is None else f"{one['middle'] * 1e3:.3g}"


_WRITERS = {
    "w1": versus,
    "composite": versus,
    "random": random_cards,
    "scaling": scaling,
    "gradient": gradient,
    "jobs": jobs,
    "crowd": crowd,
    "cluster": cluster,
}

if __name__ == "__main__":
    sys.exit(main())
