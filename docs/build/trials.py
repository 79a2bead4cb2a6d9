"""One page per trial, and the table of what each trial has."""

import re
from collections import Counter

from mark import ROOT, bullets, moment, number, section, spread_of, table, valued, write, yes
from place import PAGES, Atlas

from racemate.evidence.record import Bias, Observation, Trial
from racemate.report.figure import ink, timeline
from racemate.trial.design.protocol import Arm, Dose, Protocol
from racemate.trial.published import protocol_of

INDEX = "evidence/trials.md"


def write_trials(atlas: Atlas) -> None:
    """Every trial's page, and the feature matrix."""
    pairs = [(trial, protocol_of(trial)) for trial in atlas.known.trials.values()]
    for trial, protocol in pairs:
        write(f"page/trial/{trial.id}.md", _page(trial, protocol, atlas))
        write(f"page/trial/{trial.id}.svg", ink.drawing(timeline.draw(trial)))
    head = ("trial", "use", "people", "drugs", "routes", "control", "random", "blind", "blind checked")
    write("trials.md", table((*head, "crossover", "stopped early", "days", "scales", "rows"), _matrix(pairs, atlas)))


def _matrix(pairs: list[tuple[Trial, Protocol]], atlas: Atlas) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for trial, protocol in sorted(pairs, key=lambda pair: pair[0].id):
        bias, doses = trial.bias, [dose for arm in protocol.arms for dose in arm.doses]
        rows.append(
            (
                atlas.to("trial", trial.id, INDEX),
                trial.use,
                number(float(protocol.people)),
                ", ".join(dict.fromkeys(dose.drug for dose in doses)),
                ", ".join(dict.fromkeys(dose.route for dose in doses)),
                bias.control,
                yes(bias.randomised),
                bias.blinded or "not found",
                yes(bias.blinding_checked),
                yes(protocol.crossover),
                yes(bias.early_stop),
                f"{protocol.visit_h[-1] / 24:.3g}",
                ", ".join(protocol.scales),
                str(len(trial.observations)),
            )
        )
    return rows


def _page(trial: Trial, protocol: Protocol, atlas: Atlas) -> str:
    here = f"{PAGES}/trial/{trial.id}.md"
    facts = [
        f"Use: **{trial.use}**",
        f"People in the simulated part: {protocol.people}",
        f"Sources: {atlas.sources(trial.sources, here)}",
        *([f"Registered as {', '.join(trial.registry)}"] if trial.registry else []),
        f"Run it: `racemate replicate {trial.id}`",
    ]
    return (
        f"# {trial.title}\n\n`{trial.id}`, one of the [trials](../../../../{INDEX}).\n\n{bullets(facts)}\n"
        + section("Before you believe it", bullets(trial.warnings))
        + section("Risk of bias", _bias(trial.bias, protocol))
        + section("Design", f"![Design over time]({trial.id}.svg)\n\n{_design(protocol)}")
        + section("What was published", _outcomes(trial, here, atlas))
        + section("How it was read", _readme(trial))
    )


def _bias(bias: Bias, protocol: Protocol) -> str:
    rows = (
        ("randomised", yes(bias.randomised)),
        ("blinded", bias.blinded or "not found"),
        ("blinding checked", yes(bias.blinding_checked)),
        ("control", bias.control or "not found"),
        ("stopped early", yes(bias.early_stop)),
        ("open label", yes(bias.open_label)),
        ("who was blinded, and what may have told", protocol.blinding or "not found"),
    )
    return table(("question", "found"), rows)


def _design(protocol: Protocol) -> str:
    rows = [(a.name, number(a.n), _doses(a), _baseline(a, protocol), _left(a), _remark(a)) for a in protocol.arms]
    facts = [f"The first dose is on day {protocol.first_day}; setting: {protocol.context.replace('_', ' ')}."]
    facts += [f"Period {p.name}: starts {p.start}. {_simulated(p.simulate)}{p.note}".strip() for p in protocol.periods]
    facts += [f"Order {s.name}: {' then '.join(s.arms)} ({s.n} people)" for s in protocol.sequences]
    enter = protocol.eligibility
    if enter.low is not None or enter.high is not None:
        facts.append(f"Who enters: {enter.scale} {_ends(enter.low, enter.high)} at screening, {enter.screened} before")
    if enter.age is not None:
        facts.append(f"Age {enter.age[0]:g} to {enter.age[1]:g}")
    facts += [enter.note] if enter.note else []
    facts += [f"Rated with `{rating.scale}`: {', '.join(rating.at)}" for rating in protocol.ratings]
    aim = protocol.estimand
    if aim is not None:
        facts.append(f"Estimand: {aim.summary} of {aim.variable}. Population: {aim.population}")
        facts += [f"When people leave or change: {event}" for event in aim.intercurrent]
    facts += [f"Pattern asked for by a replication: {p.name} [{p.source}, {p.place}]" for p in protocol.patterns]
    return table(("arm", "n", "doses", "baseline", "left", "note"), rows) + "\n" + bullets(facts)


def _ends(low: float | None, high: float | None) -> str:
    return f"{'' if low is None else f'at least {low:g}'}{'' if high is None else f' at most {high:g}'}".strip()


def _simulated(simulate: bool) -> str:
    return "" if simulate else "Not simulated. "


def _doses(arm: Arm) -> str:
    return "<br>".join(map(_dose, arm.doses)) or "no drug"


def _dose(dose: Dose) -> str:
    length = "" if dose.over == "0 min" else f" over {dose.over}"
    lead = "" if dose.lead == "0 min" else f", {dose.lead} before the session"
    other = dose.flexible
    also = "" if other is None else f"; {other.share:.0%} get {other.amount} after {other.after} [{other.how}]"
    return f"{dose.drug} {dose.amount} {dose.route}{length}, {dose.schedule}{lead}{also}"


def _baseline(arm: Arm, protocol: Protocol) -> str:
    figure = arm.baseline or protocol.baseline
    if figure is None:
        return ""
    return f"{protocol.baseline_scale} {figure.mean:g} (sd {figure.sd:g}) [{figure.how}]"


def _left(arm: Arm) -> str:
    return f"{arm.dropout:.3g} [{arm.dropout_how}]" if arm.dropout else ""


def _remark(arm: Arm) -> str:
    words = [arm.note, "" if arm.awake else "asleep", "new antidepressant" if arm.new_antidepressant else ""]
    return "; ".join(filter(None, [*words, _simulated(arm.simulate).strip(" .").lower()]))


def _outcomes(trial: Trial, here: str, atlas: Atlas) -> str:
    count = Counter(row.how for row in trial.observations)
    said = ", ".join(f"{n} {how}" for how, n in count.most_common())
    head = ("line", "arm", "outcome", "time", "value", "n", "use", "source and place", "how", "note")
    rows = (
        (
            f"`{row.line}`{{ #line-{row.line} }}",
            ", ".join(filter(None, (row.arm, row.period and f"period {row.period}"))),
            " ".join(filter(None, (row.outcome, row.statistic, row.population and f"({row.population})"))),
            moment(row.time, row.time_unit),
            _value(row),
            number(row.n),
            trial.use_of(row),
            f"{atlas.to('source', row.source, here)}{', ' if row.place else ''}{row.place}",
            row.how,
            row.note,
        )
        for row in trial.observations
    )
    return f"{len(trial.observations)} rows: {said}.\n\n{table(head, rows)}" if trial.observations else ""


def _value(row: Observation) -> str:
    spread = spread_of(row.spread_kind, row.spread, row.low, row.high)
    counted = "" if row.count is None else f"[{row.count} people]"
    return " ".join(filter(None, (valued(row.value, row.unit), spread, counted)))


def _readme(trial: Trial) -> str:
    """The trial's own README without its title, headings moved down by one."""
    path = ROOT / trial.folder / "README.md"
    text = path.read_text() if path.is_file() else ""
    return re.sub(r"^(#+ )", r"#\1", re.sub(r"\A# .*\n", "", text), flags=re.MULTILINE)
