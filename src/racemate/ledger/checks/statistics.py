"""What a document's own statistics give when they are worked out again: P, standard errors, counts, intervals, power."""

from __future__ import annotations

from math import sqrt

from scipy.special import ndtr, stdtr, stdtrit  # pyright: ignore[reportMissingTypeStubs]

from racemate.evidence.arithmetic import rounding
from racemate.ledger.case import Case
from racemate.ledger.record import Reckoned, Ruling, Verdict
from racemate.trial.analysis.statistics import exact_interval

Z = 1.959963984540054
"""Normal quantile of a two-sided test at 5 %."""
_POWERED = Z + 0.8416212335729143
"""Standard errors between nothing and an effect that four of five trials would find."""


def p_from_t(case: Case) -> Ruling:
    """Two-sided P of a t statistic, over the values of t that round to the printed one."""
    t, df, said = case.stated("t"), case.stated("df"), case.stated("p")
    ends = sorted(_two_sided(t + sign * rounding(t), df) for sign in (-1, 1))
    agrees = ends[0] - rounding(said) <= said <= ends[1] + rounding(said)
    return case.rule(
        Verdict.REPRODUCED if agrees else Verdict.INTERNALLY_INCONSISTENT,
        f"t = {t:g} on {df:g} degrees of freedom gives P from {ends[0]:.3f} to {ends[1]:.3f} within the rounding of t; "
        f"printed {said:g}.",
        Reckoned("P from t", _two_sided(t, df), "1", *ends),
    )


def slopes_agree(case: Case) -> Ruling:
    """Share of variance from P and N of each regression, against the share printed."""
    told, wrong, numbers = [], 0, []
    for arm in ("drug_day2", "drug_day28", "placebo_day28"):
        p, n, said = case.stated(f"p_{arm}"), case.stated(f"n_{arm}"), case.stated(f"r2_{arm}") / 100
        share = _explained(p, n)
        below = arm.startswith("drug")
        wrong += share > said if below else abs(share - said) > rounding(case.stated(f"r2_{arm}")) / 100
        told.append(f"{share:.2%} against {'less than ' if below else ''}{said:.1%}")
        numbers.append(Reckoned(f"variance explained, {arm.replace('_', ' ')}", 100 * share, "percent"))
    share, n = case.stated("r2_placebo_day2") / 100, case.stated("n_placebo_day2")
    p = _two_sided(sqrt(share * (n - 2) / (1 - share)), n - 2)
    wrong += p > case.stated("p_placebo_day2")
    return case.rule(
        Verdict.INTERNALLY_INCONSISTENT if wrong else Verdict.REPRODUCED,
        f"From P and N the slopes explain {'; '.join(told)}; the placebo slope of day 2 has P = {p:.1g} from its share of variance.",
        *numbers,
        Reckoned("P of the placebo slope, day 2", p),
    )


def genotype_by_treatment(case: Case) -> Ruling:
    """The test the document leaves out: whether the slopes of the two arms differ."""
    placebo, drug = case.stated("placebo_day2"), case.stated("drug_day2")
    share, n = case.stated("r2_placebo_day2") / 100, case.stated("n_placebo_day2")
    se_placebo = abs(placebo) / sqrt(share * (n - 2) / (1 - share))
    n_drug = case.stated("n_drug_day2")
    se_drug = abs(drug) / t_of_p(case.stated("p_drug_day2"), n_drug - 2)
    z = (drug - placebo) / sqrt(se_placebo**2 + se_drug**2)
    differs = abs(z) > Z
    return case.rule(
        Verdict.CONTRADICTED if differs else Verdict.CONSISTENT,
        f"The slopes differ by {drug - placebo:.1f} points (z = {z:.1f}), so the gain over placebo "
        + (
            "depends on the genotype even though the slope of the drug arm does not differ from zero."
            if differs
            else "is not shown to depend on the genotype."
        ),
        Reckoned("z of genotype by treatment, day 2", z),
        Reckoned("standard error of the placebo slope", se_placebo, "point"),
        Reckoned("standard error of the drug slope", se_drug, "point"),
    )


def groups_add_up(case: Case) -> Ruling:
    """The groups a document counts, against the total it gives."""
    total, groups = case.stated("total"), case.all_stated("groups")
    short = total - sum(groups)
    return case.rule(
        Verdict.REPRODUCED if short == 0 else Verdict.INTERNALLY_INCONSISTENT,
        f"{' + '.join(f'{g:g}' for g in groups)} = {sum(groups):g} of {total:g}"
        + (f"; {short:g} are unaccounted for." if short else "."),
        Reckoned("people accounted for", sum(groups)),
        Reckoned("people unaccounted for", short),
    )


def power_of_two_groups(case: Case) -> Ruling:
    """The smallest difference two groups of this size would find four times in five, against one worth finding."""
    first, second = case.all_stated("groups")
    found = _POWERED * sqrt(1 / first + 1 / second)
    worth = case.bar("effect")
    power = _power(worth / sqrt(1 / first + 1 / second))
    return case.rule(
        Verdict.NOT_TESTABLE if found > worth else Verdict.CONSISTENT,
        f"Groups of {first:g} and {second:g} find a standardised difference of {found:.2f} four times in five; one of {worth:g} they "
        f"find with probability {power:.2f}, so "
        + ("finding none is no evidence of none." if found > worth else "finding none speaks against one."),
        Reckoned("smallest difference found, in SD", found),
        Reckoned("power", power),
    )


def power_of_interaction(case: Case) -> Ruling:
    """The smallest genotype-by-treatment effect a trial of this size finds, against its whole treatment effect."""
    people, frequency = case.stated("people"), case.number("allele_frequency")
    carriers = 1 - (1 - frequency) ** 2
    found = _POWERED * sqrt(2 * (1 / (people / 2 * carriers) + 1 / (people / 2 * (1 - carriers))))
    whole = case.number("whole_effect")
    return case.rule(
        Verdict.CONSISTENT if found > whole else Verdict.CONTRADICTED,
        f"With {carriers:.0%} carriers among {people:g} people, four trials in five find an interaction of {found:.2f} SD or more; the "
        f"whole effect of the drug was {whole:g} SD.",
        Reckoned("smallest interaction found, in SD", found),
        Reckoned("power for an interaction as large as the effect", _power(whole / found * _POWERED)),
    )


def power_of_subgroup(case: Case) -> Ruling:
    """Power of a subgroup for the effect of the whole trial."""
    row = case.row("transform-2", statistic="ls-difference", how="registry")
    drug, placebo = (
        case.row("transform-2", outcome="madrs", statistic="observed-change", arm=f"{name} + antidepressant")
        for name in ("esketamine", "placebo")
    )
    sd = sqrt(((drug.spread or 0) ** 2 + (placebo.spread or 0) ** 2) / 2)
    people = case.bar("share") * ((drug.n or 0) + (placebo.n or 0))
    power = _power(abs(row.value) / (sd * sqrt(4 / people)))
    return case.rule(
        Verdict.NOT_TESTABLE if power < case.bar("power") else Verdict.CONTRADICTED,
        f"A subgroup of {people:.0f} people finds the {abs(row.value):g}-point difference of the whole trial with probability "
        f"{power:.2f}, so a subgroup without significance "
        + ("says nothing of its effect." if power < case.bar("power") else "would be news."),
        Reckoned("power of the subgroup", power),
    )


def shares_from_counts(case: Case) -> Ruling:
    """Each printed percentage from the count and number of people behind it, with its exact interval."""
    numbers, wrong, told = [], [], []
    for name in case.entry.stated:
        count, people = case.number(f"{name}_count"), case.number(f"{name}_people")
        said, share = case.stated(name), 100 * count / people
        low, high = exact_interval(int(count), int(people))
        numbers.append(Reckoned(name.replace("_", " "), share, "percent", 100 * low, 100 * high))
        told.append(f"{count:g}/{people:g} = {share:.1f} % against {said:g} %")
        if abs(share - said) > rounding(said) * (1 + 1e-9):
            wrong.append(name)
    return case.rule(Verdict.CONTRADICTED if wrong else Verdict.REPRODUCED, "; ".join(told) + ".", *numbers)


def misread_outcome(case: Case) -> Ruling:
    """Which outcome the two percentages belong to: the bad one the document names, or the good one in the trial."""
    drug, other = case.stated("drug"), case.stated("comparator")
    good = [100 * case.number(f"{arm}_kept") / case.number(f"{arm}_people") for arm in ("drug", "comparator")]
    kept = all(abs(share - said) <= rounding(said) for share, said in zip(good, (drug, other), strict=True))
    verdict = Verdict.CONTRADICTED if kept else Verdict.INTERNALLY_INCONSISTENT if drug > other else Verdict.CONSISTENT
    return case.rule(
        verdict,
        f"{drug:g} % and {other:g} % are remission at week 8 kept without relapse to week 32 ({good[0]:.1f} % and {good[1]:.1f} %), where "
        "more is better."
        if kept
        else f"{drug:g} % against {other:g} % is read as fewer relapses with the drug.",
        Reckoned("remission kept, drug", good[0], "percent"),
        Reckoned("remission kept, comparator", good[1], "percent"),
        Reckoned("said to be relapses, drug minus comparator", drug - other, "percent"),
    )


def responders_among_those_left(case: Case) -> Ruling:
    """Whether the responders one publication counts are possible among those another letter says stayed or responded."""
    people, gone, said = case.stated("people"), case.stated("left_without_response"), case.number("responders")
    possible = people - gone
    return case.rule(
        Verdict.CONTRADICTED if said > possible else Verdict.CONSISTENT,
        f"If {gone:g} of {people:g} left without a response, at most {possible:g} could respond; the published report counts {said:g}. "
        "The two cannot both hold, and the individual ratings were not seen.",
        Reckoned("most who could respond", possible),
        Reckoned("published responders", said),
    )


def sign_test(case: Case) -> Ruling:
    """Two-sided sign test of everybody improving, the most that so few people can show."""
    from scipy import stats  # pyright: ignore[reportMissingTypeStubs]

    improved, people = case.number("responders"), case.number("people")
    p = float(stats.binomtest(int(improved), int(people), 0.5).pvalue)
    return case.rule(
        Verdict.CONSISTENT if p > case.bar("level") else Verdict.CONTRADICTED,
        f"{improved:g} of {people:g} better gives P = {p:.3f} in a two-sided sign test: with {people:g} people no outcome could be "
        "significant."
        if p > case.bar("level")
        else f"{improved:g} of {people:g} better gives P = {p:.3f}.",
        Reckoned("P of the sign test", p),
    )


def more_events(case: Case) -> Ruling:
    """Fisher's exact test of more events under the drug than under its control."""
    from scipy import stats  # pyright: ignore[reportMissingTypeStubs]

    table = [[case.number(f"{arm}_events"), case.number(f"{arm}_people")] for arm in ("drug", "control")]
    ratio = (table[0][0] / table[0][1]) / (table[1][0] / table[1][1])
    counts = [[int(events), int(people - events)] for events, people in table]
    p = float(stats.fisher_exact(counts)[1])  # pyright: ignore[reportArgumentType, reportIndexIssue]
    more = p < case.bar("level") and ratio > 1
    return case.rule(
        Verdict.CONSISTENT if more else Verdict.NOT_TESTABLE if ratio > 1 else Verdict.CONTRADICTED,
        f"{table[0][0]:g}/{table[0][1]:g} against {table[1][0]:g}/{table[1][1]:g}: {ratio:.1f}-fold, P = {p:.1g}.",
        Reckoned("risk ratio", ratio),
        Reckoned("P, Fisher", p),
    )


def t_of_p(p: float, df: float) -> float:
    """The t whose two-sided P this is."""
    return float(-stdtrit(df, p / 2))


def _two_sided(t: float, df: float) -> float:
    return float(2 * stdtr(df, -abs(t)))


def _explained(p: float, n: float) -> float:
    t = t_of_p(p, n - 2)
    return t**2 / (t**2 + n - 2)


def _power(standard_errors: float) -> float:
    return float(ndtr(standard_errors - Z) + ndtr(-Z - standard_errors))


CHECKS = (
    p_from_t,
    slopes_agree,
    genotype_by_treatment,
    groups_add_up,
    power_of_two_groups,
    power_of_interaction,
    power_of_subgroup,
    shares_from_counts,
    misread_outcome,
    responders_among_those_left,
    sign_test,
    more_events,
)
