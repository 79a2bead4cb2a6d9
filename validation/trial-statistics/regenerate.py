"""Compares the statistics of trials with statsmodels and lifelines: ``PYTHONPATH=. python <this file>`` writes comparison.csv.

``PYTHONPATH=. python <this file> judges``, where both judges are installed (neither is a dependency), writes input.csv and
reference.csv anew.  The people are made up by a fixed seed: what is judged is arithmetic, not medicine.
"""

import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq, minimize_scalar
from scipy.special import xlogy
from scipy.stats import chi2

from racemate.trial.analysis import covariance, crossover, survival
from racemate.trial.analysis.categorical import interval, table
from tests.published.folder import read, write

HERE = Path(__file__).parent
SEED = 1985
PEOPLE = 90
AT = 6.0
TABLES = ((56, 70, 48, 80), (9, 10, 3, 10), (10, 10, 0, 20), (2, 8, 1, 7), (37, 101, 13, 100))
"""Events and people of two arms; the first three are rows of table II of Newcombe 1998 (Stat Med 17:873)."""
STRATA = ((12, 20, 6, 18), (8, 25, 9, 30), (15, 22, 10, 24), (1, 5, 0, 6))
Columns = dict[str, NDArray[Any]]
Row = dict[str, str | float]


def people() -> Columns:
    """The people of input.csv, one row each."""
    rows = read(HERE / "input.csv")
    return {name: np.array([float(row[name]) for row in rows]) for name in rows[0]}


def made_up() -> list[Row]:
    """People with a baseline, an age, a stratum, an outcome, a time to an event with ties, and two periods."""
    rng = np.random.default_rng(SEED)
    arm, site = rng.integers(0, 3, PEOPLE), rng.integers(0, 4, PEOPLE)
    baseline, age = rng.normal(32, 5, PEOPLE), rng.normal(45, 12, PEOPLE)
    change = -8 - 3 * arm + 0.4 * (baseline - 32) + 0.05 * age + site + rng.normal(0, 8, PEOPLE)
    time = np.ceil(rng.exponential(6 + 4 * arm))
    event = rng.random(PEOPLE) < 0.7
    first, second = rng.normal(20, 6, PEOPLE) - 2 * (arm == 1), rng.normal(18, 6, PEOPLE)
    columns = {"arm": arm, "site": site, "baseline": baseline, "age": age, "change": change, "time": time}
    columns |= {"event": event.astype(float), "first": first, "second": second}
    return [{name: float(np.round(x[k], 3)) for name, x in columns.items()} for k in range(PEOPLE)]


def ours() -> dict[str, float]:
    """Every statistic by its name, as racemate computes it."""
    return dict([*_linear(), *_survival(), *_crossover(), *_shares(), *_stratified()])


def _row(x: NDArray[Any]) -> NDArray[Any]:
    return x[None, :]


def _linear() -> Iterator[tuple[str, float]]:
    c = people()
    arm, site = _row(c["arm"]).astype(int), _row(c["site"]).astype(int)
    mask, covariates = np.ones_like(arm, dtype=bool), [_row(c["baseline"]), _row(c["age"])]
    fit = covariance.analysed(_row(c["change"]), arm, mask, covariates, [site])
    for k in (1, 2):
        found = covariance.compared(fit, k, 0)
        for name in ("difference", "se", "t", "p"):
            yield f"ancova arm {k} {name}", float(getattr(found, name)[0])
    one = covariance.analysed(_row(c["change"]), arm, mask, [_row(c["baseline"])])
    many = covariance.analysed(_row(c["change"]), arm, mask, [_row(c["baseline"])], slopes=True)
    ratio = covariance.larger_fits_better(one, many)
    yield "ancova slopes F", float(ratio.f[0])
    yield "ancova slopes p", float(ratio.p[0])


def _survival() -> Iterator[tuple[str, float]]:
    c = people()
    time, event = _row(c["time"]), _row(c["event"] > 0)
    first, second = _row(c["arm"] == 1), _row(c["arm"] == 0)
    curve = survival.kaplan_meier(time, event, first, AT)
    for name in ("share", "low", "high"):
        yield f"kaplan-meier {name}", float(getattr(curve, name)[0])
    yield "kaplan-meier median", float(survival.median_time(time, event, first)[0])
    rank = survival.log_rank(time, event, first, second)
    yield "log-rank chi-squared", float(rank.chi_squared[0])
    yield "log-rank p", float(rank.p[0])
    site = _row(c["site"]).astype(int)
    for label, strata in (("cox", None), ("cox by site", site)):
        hazard = survival.hazard_ratio(time, event, first, second, strata)
        for name in ("ratio", "se", "p"):
            yield f"{label} {name}", float(getattr(hazard, name)[0])


def _crossover() -> Iterator[tuple[str, float]]:
    c = people()
    two = c["arm"] < 2
    found = crossover.effects(*(_row(x) for x in (c["first"], c["second"], c["arm"] == 0, two)))
    for effect in ("treatment", "period"):
        for name in ("difference", "se", "p"):
            yield f"crossover {effect} {name}", float(getattr(getattr(found, effect), name)[0])


def _shares() -> Iterator[tuple[str, float]]:
    for k, a, h, b in TABLES:
        name = f"{k}/{a} and {h}/{b}"
        for method in ("exact", "wilson"):
            low, high = getattr(interval, method)(k, a)
            yield f"{method} {k}/{a} low", float(low)
            yield f"{method} {k}/{a} high", float(high)
        for method in ("newcombe", "miettinen_nurminen"):
            low, high = getattr(interval, method)(k, a, h, b)
            yield f"{method} {name} low", float(low)
            yield f"{method} {name} high", float(high)


def _stratified() -> Iterator[tuple[str, float]]:
    k, a, h, b = (np.array([column]) for column in np.array(STRATA, dtype=float).T)
    yield "cochran-mantel-haenszel", float(table.cochran_mantel_haenszel(k, a, h, b).chi_squared[0])
    ratio = table.odds_ratio(k, a, h, b)
    for name in ("estimate", "low", "high"):
        yield f"mantel-haenszel odds ratio {name}", float(getattr(ratio, name)[0])


def judged() -> dict[str, float]:
    """The same statistics by statsmodels and lifelines."""
    return dict([*_judged_linear(), *_judged_survival(), *_judged_shares()])


def _frame() -> Any:
    import pandas as pd

    return pd.DataFrame(people())


def _judged_linear() -> Iterator[tuple[str, float]]:
    formula = import_module("statsmodels.formula.api")
    frame = _frame()
    fit = formula.ols("change ~ C(arm) + baseline + age + C(site)", frame).fit()
    for k in (1, 2):
        name = f"C(arm)[T.{k}.0]"
        yield f"ancova arm {k} difference", fit.params[name]
        yield f"ancova arm {k} se", fit.bse[name]
        yield f"ancova arm {k} t", fit.tvalues[name]
        yield f"ancova arm {k} p", fit.pvalues[name]
    one = formula.ols("change ~ C(arm) + baseline", frame).fit()
    f, p, _ = formula.ols("change ~ C(arm) * baseline", frame).fit().compare_f_test(one)
    yield "ancova slopes F", f
    yield "ancova slopes p", p
    import pandas as pd

    two = frame[frame.arm < 2].reset_index()
    long = pd.concat(
        two.assign(y=two[name], period=period, a=((two.arm == 0) == (period == 0)).astype(float))
        for period, name in enumerate(("first", "second"))
    )
    fit = formula.ols("y ~ C(index) + a + period", long).fit()
    for effect, name in (("treatment", "a"), ("period", "period")):
        yield f"crossover {effect} difference", fit.params[name]
        yield f"crossover {effect} se", fit.bse[name]
        yield f"crossover {effect} p", fit.pvalues[name]


def _judged_survival() -> Iterator[tuple[str, float]]:
    lifelines, tests = import_module("lifelines"), import_module("lifelines.statistics")
    frame = _frame()
    one, zero = frame[frame.arm == 1], frame[frame.arm == 0]
    curve = lifelines.KaplanMeierFitter().fit(one.time, one.event)
    bounds = curve.confidence_interval_survival_function_.loc[AT]
    yield "kaplan-meier share", float(curve.predict(AT))
    yield "kaplan-meier low", bounds.iloc[0]
    yield "kaplan-meier high", bounds.iloc[1]
    yield "kaplan-meier median", curve.median_survival_time_
    rank = tests.logrank_test(one.time, zero.time, one.event, zero.event)
    yield "log-rank chi-squared", rank.test_statistic
    yield "log-rank p", rank.p_value
    two = frame.loc[frame.arm < 2, ["arm", "time", "event", "site"]]
    for label, strata in (("cox", None), ("cox by site", ["site"])):
        columns = two if strata else two.drop(columns="site")
        fit = lifelines.CoxPHFitter().fit(columns, "time", "event", strata=strata, fit_options={"precision": 1e-10})
        yield f"{label} ratio", fit.hazard_ratios_["arm"]
        yield f"{label} se", fit.standard_errors_["arm"]
        yield f"{label} p", fit.summary.loc["arm", "p"]


def _judged_shares() -> Iterator[tuple[str, float]]:
    proportion = import_module("statsmodels.stats.proportion")
    for k, a, h, b in TABLES:
        for method, name in (("exact", "beta"), ("wilson", "wilson")):
            low, high = proportion.proportion_confint(k, a, method=name)
            yield f"{method} {k}/{a} low", low
            yield f"{method} {k}/{a} high", high
        low, high = proportion.confint_proportions_2indep(k, a, h, b, method="newcomb")
        yield f"newcombe {k}/{a} and {h}/{b} low", low
        yield f"newcombe {k}/{a} and {h}/{b} high", high
        low, high = _inverted(k, a, h, b)
        yield f"miettinen_nurminen {k}/{a} and {h}/{b} low", low
        yield f"miettinen_nurminen {k}/{a} and {h}/{b} high", high
    tables = import_module("statsmodels.stats.contingency_tables")
    cells = np.array([[[k, a - k], [h, b - h]] for k, a, h, b in STRATA], dtype=float).transpose(1, 2, 0)
    strata = tables.StratifiedTable(cells)
    yield "cochran-mantel-haenszel", strata.test_null_odds().statistic
    yield "mantel-haenszel odds ratio estimate", strata.oddsratio_pooled
    low, high = strata.oddsratio_pooled_confint()
    yield "mantel-haenszel odds ratio low", low
    yield "mantel-haenszel odds ratio high", high


def _inverted(k: int, a: int, h: int, b: int) -> tuple[float, float]:
    """Where the score test of a difference rejects at 5 %, the likelihood maximised numerically: no closed root is used."""
    limit, edge = float(chi2.ppf(0.95, 1)), 1 - 1e-9

    def excess(delta: float) -> float:
        def cost(q: float) -> float:
            return -float(xlogy([k, a - k, h, b - h], [q + delta, 1 - q - delta, q, 1 - q]).sum())

        bounds = (max(0.0, -delta), min(1.0, 1 - delta))
        found: Any = minimize_scalar(cost, bounds=bounds, method="bounded", options={"xatol": 1e-13})
        q = float(found.x)
        p, n = q + delta, a + b
        return (k / a - h / b - delta) ** 2 / ((p * (1 - p) / a + q * (1 - q) / b) * n / (n - 1)) - limit

    gap = k / a - h / b
    low = float(np.asarray(brentq(excess, -edge, min(gap, edge))))
    return low, float(np.asarray(brentq(excess, gap, edge))) if gap < edge else 1.0


def compare() -> list[Row]:
    """Per statistic: the judge's number, racemate's, and their difference over the judge's number (at least one)."""
    found, rows = ours(), []
    for row in read(HERE / "reference.csv"):
        judge, here = float(row["judge"]), found[row["statistic"]]
        gap = (here - judge) / max(abs(judge), 1.0)
        rows.append({"statistic": row["statistic"], "judge": judge, "here": here, "gap": round(gap, 5) + 0.0})
    return rows


if __name__ == "__main__":
    if sys.argv[1:] == ["judges"]:
        write(HERE / "input.csv", made_up())
        exactly = [{"statistic": name, "judge": f"{value:.10g}"} for name, value in judged().items()]
        write(HERE / "reference.csv", exactly)
    write(HERE / "comparison.csv", compare())
