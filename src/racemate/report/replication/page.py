"""Page: the report of a replication: agreement in short, then every trial observed beside simulated; one file, no script, no network."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from racemate.report import words
from racemate.report.figure.ink import drawing
from racemate.report.figure.trial import Panels, draw
from racemate.report.replication.agreement import SHARES, USES

if TYPE_CHECKING:
    from racemate.report.replication.every import EveryTrial
    from racemate.report.run.trial import TrialRun

Row = Mapping[str, Any]
_FAR = 2.0
"""A residual beyond this is marked."""
_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #1c2430; background: #fff; max-width: 92rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.7rem; margin-bottom: .2rem; } h2 { font-size: 1.2rem; margin-top: 2.6rem; border-top: 1px solid #dde2e8; padding-top: .8rem; }
h3 { font-size: 1rem; margin-bottom: .3rem; } .quiet { color: #5b6675; font-size: .88rem; } .lead { font-size: 1.05rem; }
table { border-collapse: collapse; font-size: .82rem; } th, td { text-align: left; vertical-align: top; padding: .25rem .6rem; white-space: nowrap; }
th { border-bottom: 2px solid #1c2430; } td { border-bottom: 1px solid #dde2e8; } td.words { white-space: normal; min-width: 14rem; }
.frame { overflow-x: auto; } .far { background: #fde8dc; } .out { color: #5b6675; font-style: italic; }
.use { font-size: .75rem; padding: .05rem .4rem; border-radius: 3px; background: #eef1f5; margin-left: .5rem; }
.hold-out { background: #d9ecff; } .calibration { background: #ffe9cf; }
nav ul { columns: 18rem; font-size: .88rem; } svg { max-width: 100%; height: auto; } pre { font-size: .75rem; overflow-x: auto; }
"""


def html(run: EveryTrial) -> str:
    """The whole page."""
    parts = [
        _head(run),
        _section("agreement", "Agreement by card", _agreement(run)),
        _section("residuals", "Residuals of every trial", _figure(drawing(run.figures()["residuals"]), "residuals")),
        _section("trials", "Trials", _contents(run)),
        *(_section(trial, trial, _trial(run, trial, one)) for trial, one in sorted(run.runs.items())),
        _section("left-out", "Trials and numbers left out", _left_out(run) + _rows_left_out(run)),
        _section("manifest", "Manifest", _manifest(run)),
    ]
    head = f'<meta charset="utf-8">\n<title>racemate: every trial replicated</title>\n<style>{_STYLE}</style>\n'
    return f'<!doctype html>\n<html lang="en">\n<head>\n{head}</head>\n<body>\n{"".join(parts)}</body>\n</html>\n'


def _section(name: str, title: str, body: str) -> str:
    return f'<section id="{escape(name)}">\n<h2>{escape(title)}</h2>\n{body}\n</section>\n'


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells that are HTML already."""
    body = "".join(
        f"<tr>{''.join(cell if cell.startswith('<td') else f'<td>{cell}</td>' for cell in row)}</tr>\n" for row in rows
    )
    heads = "".join(f"<th>{escape(word)}</th>" for word in head)
    return f'<div class="frame"><table>\n<thead><tr>{heads}</tr></thead>\n<tbody>\n{body}</tbody></table></div>\n'


def _head(run: EveryTrial) -> str:
    told = run.manifest
    ran = [row for row in run.status if row.get("cards")]
    size = (
        f"{len(ran)} of {len(run.status)} trials, {len(run.cards)} cards, {told['replicates']} virtual trials each, seed {told['seed']}. "
        f"Treatment courses carried per path: {told['courses']}."
    )
    return (
        f'<h1>Every trial replicated</h1>\n<p class="lead"><b>Parameters: {escape(told["parameters"])}.</b></p>\n'
        f"<p>{escape(size)} {escape(words.DISCLAIMER)}</p>\n"
        '<nav><a href="#agreement">Agreement</a> · <a href="#residuals">Residuals</a> · <a href="#trials">Trials</a> · '
        '<a href="#left-out">Left out</a> · <a href="#manifest">Manifest</a></nav>\n'
    )


def _agreement(run: EveryTrial) -> str:
    head = ["card", "trials", "rows", *(f"inside {share} %" for share in SHARES), "mean residual", "rms residual"]
    note = (
        "The share of published numbers that lie inside the central interval of the virtual trials; in brackets the mean over trials of "
        "that share and its standard error, because numbers of one trial are kin. A share above the interval's own says that the "
        "simulation is less sure than it need be, one below it that it is too sure or wrong. Numbers that were put into a trial "
        "(baseline, leaving), results of tests, bounds, and numbers that nobody read in a source are shown with their trial and not counted."
    )
    blocks = [f'<p class="quiet">{escape(note)}</p>']
    for use in USES:
        rows = [_shares(row) for row in run.agreed if row["use"] == use and row["rows"]]
        blocks.append(f"<h3>{escape(use)}</h3>\n{table(head, rows) if rows else '<p>No counted number.</p>'}")
    return "\n".join(blocks)


def _shares(row: Row) -> list[str]:
    cells = [escape(row["hypothesis"]), str(row["trials"]), str(row["rows"])]
    for share in SHARES:
        error = row.get(f"error{share}")
        spread = "" if error is None else f" ± {100 * error:.0f}"
        cells.append(f"{100 * row[f'inside{share}']:.0f} % ({100 * row[f'by_trial{share}']:.0f}{spread})")
    return [*cells, *(_signed(row.get(name)) for name in ("mean_residual", "rms_residual"))]


def _signed(value: Any) -> str:
    return "–" if words.missing(value) else f"{value:.2f}".replace("-", "−")


def _contents(run: EveryTrial) -> str:
    blocks = []
    for use in (*USES, ""):
        rows = [row for row in run.status if row["use"] == use and row["trial"] in run.runs]
        items = "".join(
            f'<li><a href="#{escape(row["trial"])}">{escape(row["trial"])}</a> <span class="quiet">{row["compared"]} compared</span></li>'
            for row in sorted(rows, key=lambda row: row["trial"])
        )
        blocks += [f"<h3>{escape(use or 'of your own')}</h3>\n<ul>{items}</ul>"] if rows else []
    return f"<nav>{''.join(blocks)}</nav>"


def _trial(run: EveryTrial, trial: str, one: TrialRun) -> str:
    told = one.manifest
    warnings = "".join(f"<li>{escape(line)}</li>" for line in told["warnings"])
    compared = [row for row in run.compared if row["trial"] == trial]
    parts = [
        f'<p>{escape(told["title"])}<span class="use {escape(told["use"])}">{escape(told["use"])}</span></p>',
        f'<p class="quiet">{told["people_simulated"]} people in each virtual trial.</p>',
        f"<p>Before you believe it:</p><ul>{warnings}</ul>" if warnings else "",
        _main_figure(one, trial),
        _beside(compared, list(one.replication.answers)) if compared else "<p>No published number is mirrored.</p>",
        _verdict(one),
        "".join(f"<p>{escape(line)}</p>" for line in words.unfitted(told["mixed_models"])),
        _estimands(told),
        _unasked(one),
    ]
    return "\n".join(part for part in parts if part)


def _main_figure(one: TrialRun, trial: str) -> str:
    every = Panels.all_of(one)
    return _figure(drawing(draw(one, every[0])), trial) if every else ""


def _figure(svg: str, name: str) -> str:
    """A drawing in the page; its names are made its own, as one page holds many drawings."""
    own = re.sub(r'(id="|url\(#|href="#)', rf"\g<1>{name}-", svg)
    return f'<div class="frame">{own}</div>'


def _beside(rows: list[Row], cards: list[str]) -> str:
    by_card: dict[str, list[Row]] = {card: [row for row in rows if row["hypothesis"] == card] for card in cards}
    lines = [_line(same) for same in zip(*by_card.values(), strict=True)]
    head = ("what", "arm", "time", "observed", *cards)
    note = (
        "Simulated: median of the virtual trials [95 % of them]; in brackets the standardised residual; shaded where it is beyond "
        f"{_FAR:g}. In italics: shown, not counted, with the reason."
    )
    return f'<p class="quiet">{escape(note)}</p>\n{table(head, lines)}'


def _line(same: Sequence[Row]) -> list[str]:
    row = same[0]
    what = escape(words.quantity(row["outcome"], row["statistic"], row["population"] or ""))
    what += f", {escape(row['period'])}" if row["period"] else ""
    reason = "" if row["counted"] else f'<br><span class="out">{escape(row["reason"])}</span>'
    cells = [
        f'<td class="words">{what}{reason}</td>',
        escape(row["arm"]),
        escape(words.moment(row["time"], row["time_unit"])),
    ]
    return [*cells, escape(_observed(row)), *(_cell(one) for one in same)]


def _observed(row: Row) -> str:
    unit = str(row["unit"])
    value = words.number(row["observed"], unit)
    if words.missing(row["observed_low"]):
        return value
    if row["observed"] in (row["observed_low"], row["observed_high"]):
        return f"{'<' if row['observed'] == row['observed_high'] else '>'} {row['observed']:g}"
    return f"{value} {words.ends(row['observed_low'], row['observed_high'], unit)}"


def _cell(row: Row) -> str:
    unit = str(row["unit"])
    if "median" not in row:
        return "–"
    text = f"{words.number(row['median'], unit)} {words.ends(row['low95'], row['high95'], unit)}"
    if not row["counted"] or row["residual"] is None:
        return escape(text)
    far = ' class="far"' if abs(row["residual"]) > _FAR else ""
    return f"<td{far}>{escape(text)} ({_signed(row['residual'])})</td>"


def _verdict(one: TrialRun) -> str:
    rows = one.rows("verdict")
    patterns = list(dict.fromkeys(row["pattern"] for row in rows))
    cards = list(one.replication.answers)
    chance = {
        (row["pattern"], row["hypothesis"]): f"{row['probability']:.3f} ± {row['monte_carlo_error']:.3f}"
        for row in rows
    }
    lines = [[f'<td class="words">{escape(name)}</td>', *(chance[name, card] for card in cards)] for name in patterns]
    title = "<h3>Chance of the published pattern ± Monte-Carlo error</h3>"
    return f"{title}\n{table(('pattern', *cards), lines)}" if lines else ""


def _estimands(told: Row) -> str:
    lines = [line["estimand"] for line in told["estimands"]] + list(filter(None, [told["estimand_of_the_trial"]]))
    items = "".join(f"<li>{escape(line)}</li>" for line in lines)
    title = "<summary>What each comparison estimates</summary>"
    return f"<details>\n{title}\n<ul>{items}</ul>\n</details>" if told["estimands"] else ""


def _unasked(one: TrialRun) -> str:
    reasons = [row["reason"] for row in one.rows("observed") if not row["mirrored"]]
    told = "; ".join(f"{escape(reason)} ({reasons.count(reason)})" for reason in sorted(set(reasons)))
    return f'<p class="quiet">Published and not asked of the virtual trials: {told}.</p>' if told else ""


def _rows_left_out(run: EveryTrial) -> str:
    """Published numbers of the trials that ran and that are not asked of them, by reason."""
    rows = [row for one in run.runs.values() for row in one.rows("observed")]
    reasons = Counter(row["reason"] for row in rows if not row["mirrored"])
    lines = ([str(count), f'<td class="words">{escape(reason)}</td>'] for reason, count in reasons.most_common())
    told = f"<p>{len(rows) - reasons.total()} of {len(rows)} published numbers of these trials are asked of the virtual ones.</p>"
    return f"<h3>Published numbers that are not asked</h3>\n{told}\n{table(('rows', 'why'), lines)}" if reasons else ""


def _left_out(run: EveryTrial) -> str:
    rows = [row for row in run.status if row["reason"]]
    lines = (
        [escape(row["trial"]), escape(row["use"]), f'<td class="words">{escape(row["reason"])}</td>'] for row in rows
    )
    return table(("trial", "use", "why"), lines) if rows else "<p>Every trial ran under every card.</p>"


def _manifest(run: EveryTrial) -> str:
    return "".join(_settings(run.manifest))


def _settings(manifest: Row) -> Iterator[str]:
    short = ("command_line", "racemate", "jax", "numpy", "seed", "evidence", "code")
    yield table(("setting", "value"), ([escape(name), escape(str(manifest[name]))] for name in short))
    text = escape(json.dumps(dict(manifest), indent=2, ensure_ascii=False))
    yield f"<details>\n<summary>All of it</summary>\n<pre>{text}</pre>\n</details>"
