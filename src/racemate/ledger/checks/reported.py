"""What a document says of the literature, against the estimates published there."""

from __future__ import annotations

from math import sqrt

from racemate.evidence.arithmetic import rounding
from racemate.ledger.case import Case
from racemate.ledger.checks.statistics import Z
from racemate.ledger.record import Reckoned, Ruling, Verdict
from racemate.trial.analysis.statistics import exact_interval


def below_share(case: Case) -> Ruling:
    """Every published share against the ceiling the document gives."""
    ceiling = case.stated("ceiling")
    shares = {name: case.number(name) for name in case.entry.published}
    most = max(shares.values())
    return case.rule(
        Verdict.CONSISTENT if most < ceiling else Verdict.CONTRADICTED,
        ", ".join(f"{share:g} % ({name.replace('_', ' ')})" for name, share in shares.items())
        + f"; stated below {ceiling:g} %.",
        *(Reckoned(name.replace("_", " "), share, "percent") for name, share in shares.items()),
    )


def left_over(case: Case) -> Ruling:
    """What is left of a published cumulative share, against the fraction stated."""
    rest, said = 1 - case.number("cumulative") / 100, case.stated("fraction")
    near = abs(rest - said) < case.bar("near")
    return case.rule(
        Verdict.CONSISTENT if near else Verdict.CONTRADICTED,
        f"After up to four steps {rest:.0%} had not remitted, by a cumulative rate that assumes nobody left; stated {said:.0%}.",
        Reckoned("not remitted after four steps", rest),
    )


def larger_effect(case: Case) -> Ruling:
    """Difference of two pooled estimates, and of the two drugs in one trial."""
    first, second = case.number("first"), case.number("second")
    errors = [(high - low) / (2 * Z) for low, high in (case.ends("first"), case.ends("second"))]
    gap, error = first - second, sqrt(errors[0] ** 2 + errors[1] ** 2)
    direct, direct_error = _means(case, "drug", "comparator")
    holds = gap > 0 and direct < -Z * direct_error
    return case.rule(
        Verdict.CONSISTENT if holds else Verdict.NOT_TESTABLE if gap > 0 else Verdict.CONTRADICTED,
        f"Across trials {first:g} against {second:g} points (z = {gap / error:.1f}, not randomised against each other); in one trial "
        f"{direct:.1f} points ({direct - Z * direct_error:.1f} to {direct + Z * direct_error:.1f}).",
        Reckoned("difference across trials", gap, "point", gap - Z * error, gap + Z * error),
        Reckoned("difference in one trial", direct, "point", direct - Z * direct_error, direct + Z * direct_error),
    )


def means_differ(case: Case) -> Ruling:
    """Difference of two mean changes with its interval."""
    gap, error = _means(case, "drug", "comparator")
    return case.rule(
        Verdict.CONSISTENT if gap < -Z * error else Verdict.CONTRADICTED,
        f"The change with the drug is {-gap:.1f} points larger ({-gap - Z * error:.1f} to {-gap + Z * error:.1f}), last observation carried forward.",
        Reckoned("difference of mean changes", gap, "point", gap - Z * error, gap + Z * error),
    )


def interval_excludes_none(case: Case) -> Ruling:
    """Whether the published interval leaves out the value that would mean nothing."""
    nothing = case.bar("nothing")
    outside, told, numbers = [], [], []
    for name in case.entry.published:
        low, high = case.ends(name)
        outside.append(not low <= nothing <= high)
        told.append(f"{case.number(name):g} ({low:g} to {high:g}, {name.replace('_', ' ')})")
        numbers.append(Reckoned(name.replace("_", " "), case.number(name), case.fact(name).unit, low, high))
    verdict = Verdict.CONSISTENT if all(outside) else Verdict.CONTRADICTED if not any(outside) else Verdict.NOT_TESTABLE
    return case.rule(verdict, "; ".join(told) + f"; nothing would be {nothing:g}.", *numbers)


def head_to_head_later(case: Case) -> Ruling:
    """Year of the first large direct trial against the year of the document that says there is none."""
    written, trial = case.stated("written"), case.number("published")
    return case.rule(
        Verdict.CONSISTENT if trial > written else Verdict.CONTRADICTED,
        f"A direct trial of {case.number('people'):g} people was published in {trial:g}, the document in {written:g}: "
        + ("true when written, no longer." if trial > written else "it overlooks that trial."),
        Reckoned("year of the direct trial", trial, "year"),
    )


def rate_today(case: Case) -> Ruling:
    """Exact interval of a rate in recent trials against the range stated."""
    low_said, high_said = case.all_stated("range")
    numbers = []
    for name in sorted(fact.removesuffix("_count") for fact in case.entry.published if fact.endswith("_count")):
        count, people = case.number(f"{name}_count"), case.number(f"{name}_people")
        low, high = (100 * end for end in exact_interval(int(count), int(people)))
        numbers.append(Reckoned(name, 100 * count / people, "percent", low, high))
    highest = max(number.high or 0.0 for number in numbers)
    return case.rule(
        Verdict.CONTRADICTED if highest < low_said else Verdict.CONSISTENT,
        "; ".join(str(number) for number in numbers)
        + f"; stated {low_said:g} to {high_said:g} %. Settings and definitions differ.",
        *numbers,
    )


def noninferior(case: Case) -> Ruling:
    """Difference of two rates with its interval, against the margin."""
    counts = {arm: (case.number(f"{arm}_count"), case.number(f"{arm}_people")) for arm in ("drug", "comparator")}
    rates = {arm: count / people for arm, (count, people) in counts.items()}
    gap = 100 * (rates["drug"] - rates["comparator"])
    error = 100 * sqrt(sum(rate * (1 - rate) / counts[arm][1] for arm, rate in rates.items()))
    low, margin = gap - Z * error, -case.number("margin")
    return case.rule(
        Verdict.REPRODUCED if low > margin else Verdict.CONTRADICTED,
        f"{gap:.1f} points ({low:.1f} to {gap + Z * error:.1f}) against a margin of {margin:g}, in an open trial.",
        Reckoned("difference of rates", gap, "percent", low, gap + Z * error),
    )


def pooled_from_studies(case: Case) -> Ruling:
    """People of the pool, and its estimate beside a later pool of randomised trials only."""
    sizes = case.all_stated("groups")
    wrong = abs(sum(sizes) - case.stated("people")) > rounding(case.stated("people"))
    low, high = case.ends("pool")
    strict_low, strict_high = case.ends("randomised_only")
    verdict = (
        Verdict.INTERNALLY_INCONSISTENT
        if wrong
        else Verdict.CONSISTENT
        if high < 0 and strict_high < 0
        else Verdict.NOT_TESTABLE
        if high < 0
        else Verdict.CONTRADICTED
    )
    return case.rule(
        verdict,
        f"{' + '.join(f'{size:g}' for size in sizes)} = {sum(sizes):g}. The pool gives {case.number('pool'):g} SD ({low:g} to {high:g}) with one trial that was not "
        f"randomised; randomised trials alone {case.number('randomised_only'):g} ({strict_low:g} to {strict_high:g}). Study sizes of effect were not found, so the pool "
        "itself could not be worked out again.",
        Reckoned("people", sum(sizes)),
        Reckoned("pooled difference, SD", case.number("pool"), "1", low, high),
        Reckoned("randomised only, SD", case.number("randomised_only"), "1", strict_low, strict_high),
    )


def domains_move(case: Case) -> Ruling:
    """Change of each cognitive test in standard deviations, better counted as positive."""
    better, worse, numbers = [], [], []
    for name in sorted(fact for fact in case.entry.published if not fact.endswith("_sign")):
        fact = case.fact(name)
        sd, people = fact.spread.value or 1.0, fact.n or 1
        size = case.number(f"{name}_sign") * case.number(name) / sd
        half = Z / sqrt(people)
        numbers.append(Reckoned(name.replace("_", " "), size, "1", size - half, size + half))
        better += [name] if size - half > 0 else []
        worse += [name] if size < -case.bar("worse") else []
    wants_better = case.stated("wants_improvement") > 0
    holds = len(better) == len(numbers) if wants_better else not worse
    none = not better if wants_better else len(worse) == len(numbers)
    verdict = Verdict.CONSISTENT if holds else Verdict.CONTRADICTED if none else Verdict.NOT_TESTABLE
    return case.rule(
        verdict,
        f"{len(better)} of {len(numbers)} changes are better than nothing and {len(worse)} are worse by more than {case.bar('worse'):g} SD, "
        "without a control arm, so practice cannot be told from improvement.",
        *numbers,
    )


def direct_activation(case: Case) -> Ruling:
    """Publications that report direct activation of mu by ketamine, against a document that says there are none."""
    found = {name: case.number(name) for name in case.entry.published}
    yes = [name for name, value in found.items() if value]
    return case.rule(
        Verdict.CONTRADICTED if yes else Verdict.CONSISTENT,
        f"{len(yes)} of {len(found)} publications report it ({', '.join(sorted({case.fact(name).source for name in yes}))})"
        + (", at micromolar concentration or in rats." if yes else "."),
        Reckoned("publications that report it", len(yes)),
    )


def two_failures(case: Case) -> Ruling:
    """Fewest failed antidepressants each trial asked for, against the definition."""
    least = {name: case.number(name) for name in case.entry.published}
    below = [name for name, number in least.items() if number < case.stated("least")]
    return case.rule(
        Verdict.CONTRADICTED if len(below) == len(least) else Verdict.CONSISTENT,
        f"{len(least) - len(below)} of {len(least)} trials asked for at least {case.stated('least'):g} failures; "
        f"{', '.join(name for name, number in least.items() if number > case.stated('least')) or 'none'} asked for more.",
        Reckoned("trials that keep the definition", len(least) - len(below)),
    )


def _means(case: Case, first: str, second: str) -> tuple[float, float]:
    facts = [case.fact(name) for name in (first, second)]
    gap = case.number(first) - case.number(second)
    return gap, sqrt(sum((fact.spread.value or 0.0) ** 2 / (fact.n or 1) for fact in facts))


CHECKS = (
    below_share,
    left_over,
    larger_effect,
    means_differ,
    interval_excludes_none,
    head_to_head_later,
    rate_today,
    noninferior,
    pooled_from_studies,
    domains_move,
    direct_activation,
    two_failures,
)
