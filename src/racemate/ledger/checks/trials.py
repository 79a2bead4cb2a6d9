"""What a document says of a trial, against the trial's own protocol and rows."""

from __future__ import annotations

from math import sqrt
from typing import Any

from racemate.evidence.record import Bias, Observation
from racemate.ledger.case import Case
from racemate.ledger.checks.statistics import Z
from racemate.ledger.record import Reckoned, Ruling, Verdict
from racemate.trial.design.schedule import span
from racemate.trial.published import protocol_of

_LEVEL = 0.05


def days_that_differ(case: Case) -> Ruling:
    """The days on which the record has a significant difference and those on which it has none, against those stated."""
    rows = {row.time: row for row in _williams(case) if row.population == "responders"}
    differ = {day: _significant(rows[day]) for day in rows}
    said = {**dict.fromkeys(case.all_stated("differ"), True), **dict.fromkeys(case.all_stated("same"), False)}
    wrong = [day for day, sign in said.items() if differ.get(day) != sign]
    own = [day for day in case.all_stated("differ") if rows[day].source == "williams-2018"]
    response = case.row("williams-2018", statistic="response", arm="placebo + ketamine")
    return case.rule(
        Verdict.CONTRADICTED if wrong else Verdict.REPRODUCED,
        f"Days {_listed(day for day in differ if differ[day])} differ in the record, days {_listed(day for day in differ if not differ[day])} "
        f"do not; {response.count} of {response.n} responded. Days {_listed(own)} are in the abstract, the rest only in this document; with "
        f"{response.count} responders, no difference is no equality.",
        Reckoned("days that disagree", len(wrong)),
        Reckoned("responders", response.count or 0),
    )


def difference_on_day(case: Case) -> Ruling:
    """Whether the record has a difference on the one day stated."""
    (row,) = [row for row in _williams(case) if row.population == "responders" and row.time == case.stated("day")]
    differ = [other.time for other in _williams(case) if other.population == "responders" and _significant(other)]
    return case.rule(
        Verdict.REPRODUCED if _significant(row) else Verdict.CONTRADICTED,
        f"On day {row.time:g} P is between {row.low:g} and {row.high:g}; the abstract, which the document prints, has days "
        f"{_listed(differ)} only.",
        Reckoned("least P on that day", row.low or 0.0),
        Reckoned("last day that differs", max(day or 0.0 for day in differ)),
    )


def items_attenuated(case: Case) -> Ruling:
    """P of every suicidality item in the record."""
    rows = [case.row("williams-2018", outcome=outcome, statistic="p-value") for outcome in case.entry.looks]
    most = max(row.high or row.value for row in rows)
    return case.rule(
        Verdict.REPRODUCED if most <= _LEVEL else Verdict.CONTRADICTED,
        f"{len(rows)} scales have P below {most:g}; people were not chosen for suicidality, and all had the same few participants.",
        Reckoned("largest P", most),
    )


def missing_arms(case: Case) -> Ruling:
    """Arms without ketamine, people analysed, and whether the trial stopped early, as the record has them."""
    trial = case.trial("williams-2018")
    protocol = protocol_of(trial)
    free = sum(all(dose.drug != "ketamine" for dose in arm.doses) for arm in protocol.conditions)
    finished = case.row("williams-2018", statistic="response").n or 0
    seen = case.see("session", "composite")
    carried = float(
        max(seen.at("ketamine + naltrexone", "occupancy.mor_blocked", protocol.period_h(protocol.live_periods[-1])))
    )
    holds = free == 0 and trial.bias.early_stop is True and finished < case.bar("small")
    return case.rule(
        Verdict.CONSISTENT if holds else Verdict.CONTRADICTED,
        f"{free} arms go without ketamine, {finished} people finished, stopped early: {trial.bias.early_stop}. A gate on the drug and a "
        f"mu-dependent placebo response cannot be told apart without such an arm. Of the receptor block at most {carried:.1%} is left at the "
        "second session.",
        Reckoned("arms without ketamine", free),
        Reckoned("people who finished", finished),
        Reckoned("mu still held at the second session, largest", carried),
    )


def two_groups(case: Case) -> Ruling:
    """Whether people were parted into groups or had both conditions."""
    protocol = protocol_of(case.trial("williams-2018"))
    both = sum(len(set(sequence.arms)) > 1 for sequence in protocol.sequences)
    finished = case.row("williams-2018", statistic="response").n or 0
    return case.rule(
        Verdict.INTERNALLY_INCONSISTENT if both else Verdict.CONSISTENT,
        f"The same {finished} people had both conditions in {both} orders; the abstract that the document prints says crossover."
        if both
        else "Each person had one condition.",
        Reckoned("orders of conditions", both),
        Reckoned("people who had both", finished if both else 0),
    )


def lead_time(case: Case) -> Ruling:
    """Minutes from naltrexone to the infusion in the protocol, against those stated."""
    arms: list[dict[str, Any]] = case.trial("williams-2018").protocol["arm"]
    leads = {60 * span(dose["lead"]) for arm in arms for dose in arm["dose"] if "lead" in dose}
    (lead,) = leads
    said = case.stated("lead")
    return case.rule(
        Verdict.REPRODUCED if abs(lead - said) < 1 else Verdict.CONTRADICTED,
        f"The registry has {lead:g} min, the document {said:g}.",
        Reckoned("lead", lead, "min"),
    )


def counts_of_the_record(case: Case) -> Ruling:
    """People studied, finished and responding in the record."""
    left = case.row("williams-2018", outcome="dropout")
    response = case.row("williams-2018", statistic="response", arm="placebo + ketamine")
    found = {"studied": left.n or 0, "finished": (left.n or 0) - (left.count or 0), "responded": response.count or 0}
    wrong = [name for name, count in found.items() if count != case.stated(name)]
    return case.rule(
        Verdict.CONTRADICTED if wrong else Verdict.REPRODUCED,
        ", ".join(f"{name} {count} (stated {case.stated(name):g})" for name, count in found.items()) + ".",
        *(Reckoned(name, count) for name, count in found.items()),
    )


def schedules_alike(case: Case) -> Ruling:
    """Difference of the two schedules in the trial's rows, with the numbers of people its response rows give."""
    arms = ("ketamine twice weekly", "ketamine thrice weekly")
    change = [case.row("singh-2016", statistic="observed-change", time=15.0, arm=arm) for arm in arms]
    people = [case.row("singh-2016", statistic="response", arm=arm).n or 0 for arm in arms]
    gap = change[0].value - change[1].value
    error = sqrt(sum((row.spread or 0) ** 2 / n for row, n in zip(change, people, strict=True)))
    inside = abs(gap) < Z * error
    return case.rule(
        Verdict.CONSISTENT if inside else Verdict.CONTRADICTED,
        f"Twice minus thrice weekly is {gap:.1f} points ({gap - Z * error:.1f} to {gap + Z * error:.1f}) with {people[0]} and {people[1]} people: "
        "no difference shown, and a large one not excluded.",
        Reckoned("twice minus thrice weekly", gap, "point", gap - Z * error, gap + Z * error),
    )


def routes_compared(case: Case) -> Ruling:
    """Arms of the trial cited for a comparison of routes, by route."""
    protocol = protocol_of(case.trial("singh-2016"))
    routes = [{dose.route for dose in arm.doses if "ketamine" in dose.drug} for arm in protocol.conditions]
    nasal = sum("intranasal" in arm for arm in routes)
    return case.rule(
        Verdict.CONSISTENT if nasal else Verdict.CONTRADICTED,
        f"{nasal} of {len(routes)} arms of the trial cited took anything by the nose, so it cannot compare the routes; reviews across trials "
        "disagree.",
        Reckoned("intranasal arms", nasal),
    )


def masked_difference(case: Case) -> Ruling:
    """What the interval of the masked trial excludes, and what its own table gives."""
    estimate = case.row("lii-2023", statistic="ls-difference")
    awake = case.row("murrough-2013", statistic="ls-difference")
    low, high = estimate.low or 0.0, estimate.high or 0.0
    gaps = []
    for day in (1.0, 2.0, 3.0):
        drug, control = (
            case.row("lii-2023", outcome="madrs", statistic="observed-mean", arm=arm, time=day)
            for arm in ("ketamine", "placebo")
        )
        gaps.append(drug.value - control.value)
    table = sum(gaps) / len(gaps)
    return case.rule(
        Verdict.CONSISTENT if low < 0 < high else Verdict.CONTRADICTED,
        f"The interval {low:g} to {high:g} holds nothing and "
        + ("also" if low < awake.value < high else "not")
        + f" the {awake.value:g} of an awake trial: no difference shown, none of that size excluded. The trial's table gives {table:.1f} over days 1 to 3 "
        f"where its abstract gives {estimate.value:g}.",
        Reckoned("difference reported", estimate.value, "point", low, high),
        Reckoned("difference of the table's means, days 1 to 3", table, "point"),
    )


def regimen_works(case: Case) -> Ruling:
    """Published differences from placebo at day 28, each interval and all together."""
    arms = {name: (case.number(name), *case.ends(name)) for name in case.entry.published}
    clear = [name for name, (_, _, high) in arms.items() if high < 0]
    weights = {name: (2 * Z / (high - low)) ** 2 for name, (_, low, high) in arms.items()}
    total = sum(weights.values())
    mean = sum(weights[name] * value for name, (value, _, _) in arms.items()) / total
    half = Z / sqrt(total)
    return case.rule(
        Verdict.CONSISTENT if mean + half < 0 else Verdict.CONTRADICTED,
        f"{len(clear)} of {len(arms)} intervals exclude nothing ({', '.join(clear)}); together {mean:.1f} points ({mean - half:.1f} to "
        f"{mean + half:.1f}, placebo of the fixed doses counted twice).",
        Reckoned("pooled difference, day 28", mean, "point", mean - half, mean + half),
        Reckoned("arms whose interval excludes nothing", len(clear)),
    )


def control_improves(case: Case) -> Ruling:
    """Share of the drug arm's change that the control arm shows."""
    drug, control = (
        case.row("transform-2", outcome="madrs", statistic="observed-change", arm=f"{name} + antidepressant")
        for name in ("esketamine", "placebo")
    )
    share = control.value / drug.value
    return case.rule(
        Verdict.CONSISTENT if share > case.bar("share") else Verdict.CONTRADICTED,
        f"The control arm, with its new antidepressant, changed by {control.value:g} points and the drug arm by {drug.value:g}: {share:.0%}.",
        Reckoned("control over drug", share),
        Reckoned("change of the control arm", control.value, "point"),
    )


def unequal_evidence(case: Case) -> Ruling:
    """Safeguards of two trials, counted."""
    first, second = (_safeguards(case.trial(name).bias) for name in ("williams-2018", "yoon-2019"))
    hours = case.row("yoon-2019", outcome="madrs", statistic="response").time
    return case.rule(
        Verdict.CONSISTENT if first > second else Verdict.CONTRADICTED,
        f"Randomised, blinded, controlled: {first} of 3 against {second} of 3. The outcome at {hours:g} h lies inside the acute effect "
        "and is not that of day 1.",
        Reckoned("safeguards, first trial", first),
        Reckoned("safeguards, second trial", second),
    )


def _safeguards(bias: Bias) -> int:
    return sum((bias.randomised is True, bias.blinded in ("double", "triple"), bias.control not in ("", "none")))


def _williams(case: Case) -> tuple[Observation, ...]:
    return case.rows("williams-2018", outcome="hamd17", statistic="p-value")


def _significant(row: Observation) -> bool:
    return (row.high if row.high is not None else row.value) <= _LEVEL


def _listed(days: Any) -> str:
    return ", ".join(f"{day:g}" for day in sorted(days))


CHECKS = (
    days_that_differ,
    difference_on_day,
    items_attenuated,
    missing_arms,
    two_groups,
    lead_time,
    counts_of_the_record,
    schedules_alike,
    routes_compared,
    masked_difference,
    regimen_works,
    control_improves,
    unequal_evidence,
)
