"""The analyses that a protocol names: mixed model, strata, imputation, crossover and time to an event, on trials that were conducted."""

import dataclasses
import gc
from typing import Any

import numpy as np
import pytest
from scipy import stats

from racemate.evidence.finding import EvidenceError
from racemate.evidence.record import Observation
from racemate.trial.analysis import estimand
from racemate.trial.analysis.compare import completed, event, genotype, repeated
from racemate.trial.analysis.look import Answer, Question, ask, holds, refusal
from racemate.trial.conduct.rate import Data
from racemate.trial.design.protocol import Protocol, build
from racemate.trial.design.scheme import Expect, Pattern, Way
from racemate.trial.published import mirror, questions
from racemate.trial.replicate import conduct
from tests.trial.fake import FakeWorld

DOSE = {"drug": "ketamine", "route": "iv", "amount": "0.5 mg/kg", "over": "40 min"}
DAYS = ["day 8", "day 15", "day 19"]
HOURS = (168.0, 336.0, 432.0)
BOTH = "drug vs control"
LINE = {"outcome": "madrs", "at": DAYS, "arms": ["drug", "control"], "contrasts": [BOTH]}


def protocol(**more: Any) -> Protocol:
    arms = [
        {"name": "drug", "n": 40, "dose": [DOSE], "dropout": 0.3},
        {"name": "control", "n": 40, "sessions": "once", "dropout": 0.2},
    ]
    told = {"arm": arms, "rating": [{"scale": "madrs", "at": DAYS}], "remission": {"madrs": 10}}
    return build({**told, "baseline": {"mean": 30, "sd": 5, "how": "assumed"}, **more})


def crossover(**more: Any) -> Protocol:
    arms = [{"name": "drug", "dose": [DOSE]}, {"name": "control", "sessions": "once"}]
    orders = [{"name": "a", "arms": ["drug", "control"], "n": 6}, {"name": "b", "arms": ["control", "drug"], "n": 7}]
    periods = [{"name": "first"}, {"name": "second", "start": "6 weeks"}]
    return protocol(arm=arms, sequence=orders, period=periods, **more)


def conducted(told: Protocol, replicates: int = 3, effect: float = 0.6) -> Data:
    return conduct(told, FakeWorld(effect=effect), 1, replicates)


def asked(data: Data, statistic: str, arm: str, hour: float | None, **more: Any) -> Answer:
    return ask(data, Question("madrs", statistic, arm, hour, **more))


def people(data: Data, replicate: int, hour: float) -> tuple[Any, Any, Any, Any]:
    """Arm (drug 1), baseline, score and who has both, of everybody of a replicate."""
    (y, seen), (v, have) = (data.at(arm, "madrs", hour) for arm in ("drug", "control"))
    (x, _), (u, _) = (data.at(arm, "madrs", data.protocol.baseline_h) for arm in ("drug", "control"))
    mine = data.member["drug"][replicate]
    known = np.where(mine, seen[replicate], have[replicate])
    return mine, np.where(mine, x, u)[replicate], np.where(mine, y, v)[replicate], known


def slope_of_first(columns: list[Any], y: Any) -> float:
    return float(np.linalg.lstsq(np.stack(columns, axis=1).astype(float), y, rcond=None)[0][0])


def test_with_one_visit_the_mixed_model_is_the_analysis_of_covariance() -> None:
    data, one = conducted(protocol()), Way(hours=HOURS[-1:])
    for statistic in ("ls-difference", "p-value", "test-statistic"):
        model = asked(data, statistic, BOTH, HOURS[-1], test="mmrm", way=one)
        plain = asked(data, statistic, BOTH, HOURS[-1], test="ancova")
        np.testing.assert_allclose(model.value, plain.value, rtol=1e-5)
        np.testing.assert_array_equal(model.n, plain.n)


def test_the_model_is_fitted_once_and_uses_the_ratings_of_those_who_left() -> None:
    data, way = conducted(protocol()), Way(hours=HOURS)
    found = asked(data, "ls-difference", BOTH, HOURS[-1], test="mmrm", way=way)
    assert not np.allclose(found.value, asked(data, "ls-difference", BOTH, HOURS[-1]).value)
    fit = repeated.fitted(data, "madrs", "everyone", way, change=True)
    assert fit is repeated.fitted(data, "madrs", "everyone", way, change=True)
    drug, control = (
        asked(data, "ls-change", arm, HOURS[-1], test="mmrm", way=way).value for arm in ("drug", "control")
    )
    np.testing.assert_allclose(found.value, drug - control)
    held = len(repeated._FITS)
    del data
    gc.collect()
    assert len(repeated._FITS) == held - 1


def test_a_replicate_that_the_model_cannot_fit_is_undefined() -> None:
    arms = [{"name": name, "n": 2, "sessions": "once"} for name in ("drug", "control")]
    data = conducted(protocol(arm=arms))
    answer = asked(data, "ls-difference", BOTH, HOURS[-1], test="mmrm", way=Way(hours=HOURS))
    assert np.isnan(answer.value).all()
    expect = Expect(outcome="madrs", at=(DAYS[0],), contrast=BOTH, significant=False, test="mmrm")
    true, known = holds(data, Pattern(name="x", expect=(expect,), source="s"))
    assert true.sum() <= known.sum()


def test_published_rows_of_a_mixed_model_are_asked_of_one() -> None:
    analysis = {**LINE, "statistics": ["ls-change", "ls-difference", "response", "p-value"], "test": "mmrm", "df": "kr"}
    told = protocol(analysis=[analysis])
    line = {"outcome": "madrs", "value": 1, "unit": "point", "how": "table", "population": "itt", "spread_kind": "none"}
    line |= {"source": "s", "place": "p", "time": 19, "time_unit": "day"}
    every = {one.question for one in questions(told)}
    for statistic, arm in (("ls-change", "drug"), ("ls-difference", BOTH), ("p-value", BOTH)):
        question, why = mirror(told, Observation(**{**line, "arm": arm, "statistic": statistic}))
        assert (why, question.test, question.way) == ("", "mmrm", Way(HOURS, df="kr"))
        assert question in every
    plain, _ = mirror(told, Observation(**{**line, "arm": "drug", "statistic": "observed-change"}))
    assert (plain.test, plain.way) == (None, Way())
    text = estimand.said(told, Question("madrs", "p-value", BOTH, HOURS[0], test="mmrm", way=Way(HOURS, df="kr")))
    assert "as if missing at random" in text
    assert "mixed model for repeated measures (3 visits, covariance us, degrees of freedom kr)" in text


def test_strata_enter_the_analysis_of_covariance() -> None:
    data, way = conducted(protocol(randomise={"block": 4, "strata": ["female"]})), Way(strata=("female",))
    found = asked(data, "ls-difference", BOTH, HOURS[0], test="ancova", way=way)
    assert data.enrolled is not None
    female = data.enrolled.roll.fold(data.enrolled.cohort.covariate("female"))
    for k in range(3):
        mine, x, y, known = people(data, k, HOURS[0])
        columns = [mine[known], np.ones(known.sum()), x[known], female[k][known]]
        assert found.value[k] == pytest.approx(slope_of_first(columns, (y - x)[known]), abs=1e-8)
    gap = np.subtract(*(asked(data, "ls-change", arm, HOURS[0], way=way).value for arm in ("drug", "control")))
    np.testing.assert_allclose(gap, found.value, atol=1e-8)


def test_shares_are_pooled_over_strata() -> None:
    data = conducted(protocol(randomise={"block": 4, "strata": ["female"]}, response=0.2))
    more: dict[str, Any] = {"test": "cochran-mantel-haenszel", "way": Way(strata=("female",))}
    p, ratio = (asked(data, name, BOTH, HOURS[0], **more).value for name in ("p-value", "odds-ratio"))
    assert data.enrolled is not None
    female = data.enrolled.roll.fold(data.enrolled.cohort.covariate("female")) > 0
    for k in range(3):
        mine, x, y, known = people(data, k, HOURS[0])
        met = x - y >= 0.2 * x - 1e-9
        up = down = gap = spread = 0.0
        for who in (known & female[k], known & ~female[k]):
            (a, b), (c, d) = [[float((who & x & y).sum()) for y in (met, ~met)] for x in (mine, ~mine)]
            n = a + b + c + d
            up, down = up + a * d / n, down + b * c / n
            gap += a - (a + b) * (a + c) / n
            spread += (a + b) * (c + d) * (a + c) * (b + d) / (n**2 * (n - 1))
        assert ratio[k] == pytest.approx(up / down)
        assert p[k] == pytest.approx(stats.chi2.sf(gap**2 / spread, 1))


def test_a_missing_rating_takes_the_value_that_the_analysis_names() -> None:
    data = conducted(protocol())
    found = asked(data, "ls-difference", BOTH, HOURS[-1], test="ancova", way=Way(missing="bocf"))
    for k in range(3):
        mine, x, y, known = people(data, k, HOURS[-1])
        change = np.where(known, y - x, 0.0)
        assert found.value[k] == pytest.approx(slope_of_first([mine, np.ones_like(x), x], change), abs=1e-8)
    assert (found.n == 80).all()


def test_the_control_arm_s_course_takes_from_the_difference_and_a_shift_tips_it() -> None:
    data, way = conducted(protocol(), 2), Way(missing="jump-to-reference", reference="control")
    jumped = asked(data, "ls-difference", BOTH, HOURS[-1], test="ancova", way=way).value
    plain = asked(data, "ls-difference", BOTH, HOURS[-1], test="ancova").value
    assert (plain < -3).all()
    assert (np.abs(jumped) < np.abs(plain)).all()
    point = asked(data, "tipping-point", BOTH, HOURS[-1], test="ancova", way=way).value
    assert ((point > 0) | np.isnan(point)).all()


def test_a_crossover_is_adjusted_for_period() -> None:
    data = conducted(crossover())
    assert data.enrolled is not None
    first = data.enrolled.roll.fold(data.enrolled.arm[0]) == 0
    found = {
        name: asked(data, "difference", BOTH, HOURS[0], test=name) for name in ("crossover", "period", "carry-over")
    }
    for k in range(3):
        change = {}
        for arm in ("drug", "control"):
            (y, seen), (x, have) = data.at(arm, "madrs", HOURS[0]), data.at(arm, "madrs", data.protocol.baseline_h)
            change[arm] = np.where(seen & have, y - x, np.nan)[k]
        both = np.isfinite(change["drug"] + change["control"])
        gap, total = (change["drug"] - change["control"]), (change["drug"] + change["control"])
        ab, ba = (both & first[k]), (both & ~first[k])
        assert found["crossover"].value[k] == pytest.approx((gap[ab].mean() + gap[ba].mean()) / 2)
        assert found["period"].value[k] == pytest.approx((gap[ba].mean() - gap[ab].mean()) / 2)
        assert found["carry-over"].value[k] == pytest.approx(total[ab].mean() - total[ba].mean())
        assert found["crossover"].n[k] == both.sum()
    assert "two conditions in two periods" in refusal(
        protocol(), Question("madrs", "p-value", BOTH, HOURS[0], test="period")
    )


RELAPSE = {"name": "relapse", "since": "day 8", "when": [{"scale": "madrs", "at_least": 20}]}
TIMED = {**LINE, "at": ["day 19"], "event": "relapse", "test": "log-rank", "since": "day 1"}


def test_the_time_to_a_decision_is_followed() -> None:
    statistics = ["relapse", "event-free", "median-time", "hazard-ratio", "p-value"]
    told = protocol(decision=[RELAPSE], analysis=[{**TIMED, "statistics": statistics}])
    data, way = conducted(told), Way(event="relapse")
    kept = [one.question for one in questions(told)]
    assert {one.statistic for one in kept} == set(statistics)
    met, until = data.met_h["relapse"], data.until_h
    for arm in ("drug", "control"):
        share = asked(data, "relapse", arm, HOURS[-1], way=way)
        here = data.member[arm]
        expected = [100 * (np.isfinite(m) & (m <= u))[w].mean() for m, u, w in zip(met, until, here, strict=True)]
        np.testing.assert_allclose(share.value, expected)
        free = asked(data, "event-free", arm, HOURS[0], way=way).value
        risk = here & (until >= HOURS[0])
        # Nobody can relapse before the first rating, so the curve is the share of those still followed then.
        still = [100 * (m > HOURS[0])[w].mean() for m, w in zip(met, risk, strict=True)]
        np.testing.assert_allclose(free, still)
    ratio, p = (asked(data, name, BOTH, None, way=way, test="log-rank").value for name in ("hazard-ratio", "p-value"))
    assert (ratio < 1).all()
    assert ((p >= 0) & (p <= 1)).all()
    line = {"arm": "drug", "outcome": "relapse", "statistic": "median-time", "value": 9, "unit": "day", "how": "table"}
    row = Observation(**{**line, "population": "itt", "spread_kind": "none", "source": "s", "place": "p"})
    assert mirror(told, row)[1] == ""
    assert "time from baseline to relapse" in estimand.said(told, mirror(told, row)[0])
    with pytest.raises(ValueError, match="event"):
        event.times(data, Way(event="death"), data.left)


def test_an_event_of_a_later_stage_is_asked_of_those_who_entered_it() -> None:
    arms = [{"name": name, "n": 1, "sessions": "once"} for name in ("drug", "control")]
    enter = {"name": "well", "when": [{"scale": "madrs", "rule": "response", "at": ["day 8"]}]}
    stage = {"name": "later", "start": "day 8", "enter": [enter], "arm": arms, "decision": [RELAPSE]}
    stage |= {
        "rating": [{"scale": "madrs", "at": DAYS}],
        "analysis": [{**TIMED, "statistics": ["relapse"], "since": ""}],
    }
    told = protocol(stage=[stage], response=0.1)
    line = {"arm": "drug", "outcome": "relapse", "statistic": "relapse", "value": 50, "unit": "percent", "how": "table"}
    line |= {"population": "well", "spread_kind": "none", "source": "s", "place": "p"}
    question, why = mirror(told, Observation(**line, period="later"))
    assert (why, question.stage, question.group) == ("", "later", "well")
    assert mirror(told, Observation(**line))[1]
    data = conducted(told)
    found, later = ask(data, question), data.stages["later"]
    inside = later.entered["well"] & later.member["drug"]
    assert 0 < found.n.sum() == (inside & (np.minimum(later.until_h, later.met_h["relapse"]) > 0)).sum()
    assert (found.value[np.isfinite(found.value)] > 0).any()


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"statistics": ["p-value"], "structure": "us"}, "structure"),
        ({"statistics": ["p-value"], "test": "mmrm", "missing": "locf"}, "missing"),
        ({"statistics": ["p-value"], "strata": ["female"]}, "strata"),
        ({"statistics": ["p-value"], "test": "cochran-mantel-haenszel"}, "strata"),
        ({"statistics": ["p-value"], "test": "log-rank"}, "event"),
        ({"statistics": ["p-value"], "event": "relapse"}, "event"),
        ({"statistics": ["hazard-ratio"]}, "event"),
        ({"statistics": ["ls-difference"], "test": "ancova", "missing": "mar"}, "reference"),
        ({"statistics": ["ls-change"], "test": "ancova", "missing": "mar", "reference": "control"}, "missing"),
        ({"statistics": ["tipping-point"], "test": "ancova"}, "missing"),
        ({"statistics": ["relapse"], "over": 20, "since": "day 8"}, "since"),
    ],
)
def test_an_option_without_use_and_one_that_lacks_are_refused(more: dict[str, Any], field: str) -> None:
    with pytest.raises(EvidenceError, match=field):
        protocol(analysis=[{**LINE, **more}])


def test_what_the_protocol_does_not_tell_is_not_asked() -> None:
    told = protocol()
    for question, why in (
        (Question("madrs", "median-time", "drug", None, way=Way(event="death")), "no decision"),
        (Question("madrs", "p-value", BOTH, HOURS[0], test="ancova", way=Way(strata=("site",))), "strata"),
        (Question("madrs", "p-value", BOTH, HOURS[0], test="mmrm", way=Way(HOURS[1:])), "not a visit"),
        (Question("madrs", "relapse", "drug", None, stage="later"), "stage"),
    ):
        assert why in refusal(told, question)


def test_without_an_effect_the_mixed_model_rejects_at_its_level() -> None:
    data = conducted(protocol(), 600, effect=0.0)
    p = asked(data, "p-value", BOTH, HOURS[-1], test="mmrm", way=Way(HOURS)).value
    assert np.isfinite(p).mean() > 0.99
    assert np.mean(p < 0.05) == pytest.approx(0.05, abs=0.027)


def test_an_adjusted_mean_of_a_group_leaves_out_arms_that_nobody_of_it_is_in() -> None:
    arms = [
        *({"name": name, "n": 20, "sessions": "once"} for name in ("drug", "control")),
        {"name": "third", "n": 20, "dose": [DOSE]},
    ]
    group = {"name": "low", "outcome": "madrs", "at": ["day 8"], "rule": "no-response"}
    data = conducted(protocol(arm=arms, group=[group]))
    member = {**data.member, "third": np.zeros_like(data.left)}
    nobody = dataclasses.replace(
        data, member=member, seen={key: seen & member[key[0]] for key, seen in data.seen.items()}
    )
    for statistic, arm in (("ls-change", "drug"), ("ls-difference", BOTH)):
        assert np.isfinite(asked(nobody, statistic, arm, HOURS[0], group="low").value).all()
    assert np.isnan(asked(nobody, "ls-change", "third", HOURS[0], group="low").value).all()


def test_a_slope_on_alleles_is_that_of_scipy() -> None:
    data = conducted(protocol())
    count, (score, seen) = genotype.alleles(data), data.at("drug", "madrs", HOURS[0])
    base, known = data.at("drug", "madrs", data.protocol.baseline_h)
    assert set(np.unique(count)) == {0, 1, 2}
    found = genotype.line(data, "madrs", ("drug",), HOURS[0])
    for k in range(3):
        here = seen[k] & known[k]
        judge: Any = stats.linregress(count[k][here], (score - base)[k][here])
        assert (found.slope[k], found.r[k], found.p[k]) == pytest.approx((judge.slope, judge.rvalue, judge.pvalue))
    slopes = [asked(data, "slope", arm, HOURS[0], group="genotyped").value for arm in ("drug", "control")]
    gap = asked(data, "interaction", BOTH, HOURS[0], group="genotyped").value
    np.testing.assert_allclose(gap, slopes[0] - slopes[1])
    for plain in ("difference", "p-value"):
        assert "by their genotype" in refusal(data.protocol, Question("madrs", plain, BOTH, HOURS[0], "genotyped"))


def test_data_without_people_are_refused_by_what_asks_for_people() -> None:
    data = conducted(protocol(id="mine"))
    bare = dataclasses.replace(data, enrolled=None)
    with pytest.raises(
        ValueError, match=r"^protocol 'mine': analysis\.statistics: found one of the genotype.*allowed: "
    ):
        genotype.alleles(bare)
    way = Way(missing="jump-to-reference", reference="control")
    with pytest.raises(ValueError, match=r"^protocol 'mine': analysis\.missing: found 'jump-to-reference'.*allowed: "):
        completed.tipped(bare, "madrs", HOURS[0], np.ones_like(data.left), way, *BOTH.split(" vs "))
