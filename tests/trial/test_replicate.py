"""A published trial runs under rival worlds; what is known of the world comes back in the frames and the verdict."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from racemate.evidence.finding import EvidenceError
from racemate.evidence.library import library
from racemate.report import words
from racemate.trial.analysis.mmrm.state import State
from racemate.trial.beside import Replication
from racemate.trial.design.protocol import build
from racemate.trial.published import mirror, observed, protocol_of
from racemate.trial.replicate import replicate
from tests.trial.design.test_protocol import OURS
from tests.trial.fake import FakeWorld

AB = "placebo + ketamine vs naltrexone + ketamine"
WORLDS = {
    "nothing": FakeWorld("nothing", effect=0.0),
    "drug": FakeWorld("drug", effect=1.4),
    "opioid": FakeWorld("opioid", effect=1.4, block=1.0),
}


def run(
    trial: Any = "williams-2018", names: tuple[str, ...] = ("nothing", "drug", "opioid"), **asked: Any
) -> Replication:
    return replicate(trial, names, **{"replicates": 200, "worlds": WORLDS.__getitem__, **asked})


@pytest.fixture(scope="module")
def williams() -> Replication:
    return run()


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [dict(zip(table.columns, row, strict=True)) for row in table.itertuples(index=False, name=None)]


def cell(found: Replication, hypothesis: str, statistic: str, time: float, **where: Any) -> dict[str, Any]:
    asked = {"hypothesis": hypothesis, "statistic": statistic, "time": time, "outcome": "hamd17", **where}
    asked = {"population": "completers", **asked}
    rows = [row for row in records(found.simulated) if all(row[name] == value for name, value in asked.items())]
    assert len(rows) == 1
    return rows[0]


def test_the_frames_have_the_promised_columns(williams: Replication) -> None:
    promised = ["hypothesis", "arm", "outcome", "statistic", "time", "median", "low", "high", "n"]
    assert set(promised) <= set(williams.simulated.columns)
    assert list(williams.verdict.columns[:4]) == ["hypothesis", "pattern", "probability", "monte_carlo_error"]
    assert set(williams.simulated.groupby("hypothesis").size()) == {len(williams.asked)}


def test_a_blocked_drug_is_seen_as_the_difference_it_is(williams: Replication) -> None:
    found = cell(williams, "opioid", "difference", 1, arm=AB)
    assert found["median"] == pytest.approx(-0.7 * (24 - 0.77 * 5), abs=0.6)
    assert found["low"] < found["median"] < found["high"]
    assert cell(williams, "opioid", "observed-change", 1, arm="naltrexone + ketamine")["median"] == pytest.approx(
        0, abs=0.3
    )
    assert cell(williams, "drug", "difference", 1, arm=AB)["median"] == pytest.approx(0, abs=0.3)


def test_choosing_responders_makes_attenuation_where_there_is_none(williams: Replication) -> None:
    chosen = cell(williams, "drug", "difference", 1, population="responders", arm=AB)
    everyone = cell(williams, "drug", "difference", 1, arm=AB)
    assert chosen["median"] < everyone["median"] - 0.2


def test_the_pattern_is_likelier_where_naltrexone_blocks(williams: Replication) -> None:
    table = {(row["hypothesis"], row["pattern"]): row["probability"] for row in records(williams.verdict)}
    early = "attenuated on days 1 and 3"
    assert table["opioid", early] > 0.95
    assert table["drug", early] < 0.1
    assert table["nothing", early] < 0.05
    assert table["opioid", "no difference in dissociation"] > 0.85  # nothing differs: one test in twenty says otherwise
    # The fake world does not fade, so the days that shall show no difference do show one.
    assert table["opioid", "attenuated on days 1 and 3, not on days 5, 7 and 14"] < 0.05
    assert all(row["monte_carlo_error"] > 0 for row in records(williams.verdict))


def test_the_false_alarm_rate_is_the_level_of_the_test() -> None:
    arms = [{"name": name, "n": 20, "sessions": "once"} for name in ("one", "two")]
    asked = {"outcome": "madrs", "at": ["day 8"], "contrasts": ["one vs two"], "statistics": ["p-value"]}
    analyses = [{**asked, "test": test} for test in ("two-sample-t", "ancova")]
    protocol = build({"arm": arms, "rating": [{"scale": "madrs", "at": ["day 8"]}], "analysis": analyses})
    p = run(protocol, ("nothing",), replicates=2000).answers["nothing"]
    assert len(p) == 2
    assert np.mean(p < 0.05, axis=1) == pytest.approx(0.05, abs=0.015)
    assert np.mean(p < 0.5, axis=1) == pytest.approx(0.5, abs=0.035)


def test_replicates_do_not_depend_on_how_many_are_run() -> None:
    few, many = run(names=("drug",), replicates=5), run(names=("drug",), replicates=12)
    np.testing.assert_array_equal(few.answers["drug"], many.answers["drug"][:, :5])


def test_another_seed_is_another_trial() -> None:
    one, two = run(names=("drug",), replicates=5), run(names=("drug",), replicates=5, seed=2)
    assert not np.array_equal(one.answers["drug"], two.answers["drug"], equal_nan=True)


def test_the_manifest_says_what_was_run_and_what_was_guessed(williams: Replication) -> None:
    manifest = williams.manifest
    assert manifest["use"] == "hold-out"
    assert "priors" in manifest["parameters"]
    assert any(line.startswith("baseline: 24") and "assumed" in line for line in manifest["assumptions"])
    assert {"williams-2018", "jnj-mechanism-page"} <= set(manifest["sources"])
    assert set(manifest["sources"]) <= set(library().sources)


def test_people_per_arm_can_be_chosen() -> None:
    found = run("murrough-2013", ("drug",), people=9, replicates=3)
    assert found.manifest["people_simulated"] == 18
    row = found.simulated.query("statistic == 'response' and time == 24 and arm == 'ketamine'").iloc[0]
    assert row["n"] <= 9


def test_a_protocol_of_ones_own_runs_without_a_published_row() -> None:
    arm = {"name": "ketamine", "n": 12, "dose": [{"drug": "ketamine", "route": "im", "amount": "35 mg"}]}
    analysis = {"outcome": "madrs", "at": ["24 h"], "arms": ["ketamine"], "statistics": ["observed-change"]}
    protocol = build({"arm": [arm], "rating": [{"scale": "madrs", "at": ["24 h"]}], "analysis": [analysis]})
    found = run(protocol, ("drug",), replicates=4)
    assert found.observed.empty
    assert found.verdict.empty
    assert found.simulated["replicates"].tolist() == [4]


def test_the_dataset_holds_every_replicate(williams: Replication) -> None:
    cube = williams.to_xarray()["answer"]
    assert cube.sizes == {"hypothesis": 3, "question": len(williams.asked), "replicate": 200}


def test_an_interrupted_run_stops() -> None:
    def stop(hypothesis: str, done: int, total: int) -> None:
        assert (hypothesis, done) == ("nothing", total)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(progress=stop)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"trial": "wiliams-2018"}, "did you mean 'williams-2018'"),
        ({"people": 0}, "people: found 0, allowed: a whole number from 1"),
        ({"replicates": 0}, "replicates: found 0"),
        ({"replicates": 2.5}, "replicates: found 2.5"),
        ({"seed": -1}, "seed: found -1"),
        ({"names": ()}, "hypotheses: found none"),
    ],
)
def test_what_nobody_can_run_is_refused(asked: dict[str, Any], words: str) -> None:
    with pytest.raises(EvidenceError, match=words):
        run(**asked)


@pytest.mark.parametrize("name", OURS)
def test_every_trial_runs_and_mirrors_its_own_rows(name: str) -> None:
    found = run(name, ("drug",), replicates=4)
    seen = found.observed
    assert any(seen["mirrored"])
    assert all(bool(row["reason"]) != row["mirrored"] for row in records(seen))
    asked, record = {a.question for a in found.asked}, library().trial(name)
    mirrored = [mirror(protocol_of(record), row) for row in record.observations]
    assert {question for question, why in mirrored if not why} <= asked
    assert len(mirrored) == len(seen)
    numbers = found.simulated[["median", "low", "high"]].dropna().to_numpy(dtype=float)
    assert np.isfinite(numbers).all()


@pytest.mark.parametrize("name", OURS)
def test_what_a_protocol_cites_is_there(name: str) -> None:
    record = library().trial(name)
    protocol = protocol_of(record)
    figures = [*protocol.population.values(), protocol.baseline, *(arm.baseline for arm in protocol.conditions)]
    flexible = [dose.flexible for arm in protocol.conditions for dose in arm.doses]
    cited = [part.source for part in (*figures, *flexible, *protocol.patterns) if part is not None and part.source]
    assert set(cited) <= set(library().sources)
    assert protocol.patterns


def test_a_share_gets_its_exact_interval() -> None:
    record = library().trial("williams-2018")
    table = observed(protocol_of(record), record.observations)
    row = table[table["statistic"] == "response"].iloc[0]
    assert (row["low"], row["high"]) == pytest.approx((27.7, 84.8), abs=0.1)


def test_a_row_of_a_period_that_is_not_run_says_so() -> None:
    record = library().trial("daly-2018")
    protocol = protocol_of(record)
    both = [mirror(protocol, row)[1] for row in record.observations if row.period == "both" and row.outcome == "madrs"]
    assert set(both) == {"the period 'both' is not simulated"}


def test_rows_of_a_later_stage_are_asked_of_it() -> None:
    found = run("daly-2018", ("drug",), replicates=6)
    rows = [row for row in records(found.simulated) if row["stage"] == "second"]
    assert {row["statistic"] for row in rows} == {
        "observed-mean",
        "ls-change",
        "ls-difference",
        "response",
        "remission",
    }
    assert all(row["undefined"] == 0 for row in rows)
    assert all(row["mirrored"] for row in records(found.observed) if row["period"] == "second")
    fall = {row["arm"]: row["median"] for row in rows if (row["statistic"], row["hours"]) == ("ls-change", 24)}
    assert fall["esketamine 84 mg"] < fall["placebo"] - 5


def test_the_clock_of_a_stage_is_told_from_that_of_the_trial() -> None:
    record = library().trial("daly-2018")
    protocol = protocol_of(record)
    rows = {(row.period, row.statistic, row.arm): row for row in record.observations}
    by_trial, why = mirror(protocol, rows["open label", "remission", "all"])
    assert (by_trial.stage, by_trial.hour, why) == ("open label", 59 * 24.0, "")
    by_stage, why = mirror(protocol, rows["follow-up", "remission", "all"])
    assert (by_stage.stage, by_stage.hour, why) == ("follow-up", 8 * 7 * 24.0, "")
    line = rows["open label", "remission", "all"].model_copy(update={"time": 18.0})
    assert "both know" in mirror(protocol, line)[1], "day 18 of the stage, and day 4 of it counted from the first dose"


def test_a_response_in_a_stage_needs_to_be_told_from_which_baseline() -> None:
    record = library().trial("daly-2018")
    protocol = protocol_of(record)
    told = {row.statistic: mirror(protocol, row)[1] for row in record.observations if row.period == "open label"}
    assert told["response"] == "from which baseline a response counts in the stage 'open label' is not told"
    assert (told["remission"], told["observed-change"]) == ("", "")


def test_the_baseline_of_an_arm_is_not_that_of_some_of_its_people() -> None:
    protocol = protocol_of(library().trial("nimh-crossover"))
    means = {arm.name: arm.baseline.mean for arm in protocol.conditions if arm.baseline is not None}
    assert means == {"ketamine": 27.4, "saline": 27.3}


def test_every_row_that_is_not_asked_says_why_by_what_it_is_about() -> None:
    trials = [library().trial(name) for name in ("transform-2", "china-usa-phase-3")]
    why = {row.outcome: mirror(protocol_of(one), row)[1] for one in trials for row in one.observations}
    assert why["dissociation"] == "an adverse event, which is asked of `racemate safety`"
    assert why["age"] == "it describes the people and is put into the trial"
    assert why["eq-5d"] == "the scale eq-5d is not simulated"


def test_the_slopes_of_a_polymorphism_are_asked() -> None:
    found = run("saad-2020", ("drug",), replicates=5)
    seen = [row for row in records(found.observed) if (row["population"], row["outcome"]) == ("genotyped", "madrs")]
    assert len(seen) == 14
    assert all(row["mirrored"] for row in seen)
    slopes = [row for row in records(found.simulated) if row["population"] == "genotyped"]
    assert {row["statistic"] for row in slopes} == {"slope", "slope-p-value", "variance-explained", "interaction"}
    assert all(row["undefined"] == 0 for row in slopes)


def test_the_least_squares_difference_is_that_of_the_drug() -> None:
    found = run("murrough-2013", ("drug",), replicates=60)
    row = found.simulated.query("statistic == 'ls-difference' and time == 24").iloc[0]
    assert row["median"] == pytest.approx(-0.7 * (32.1 - 5), abs=1.0)


def test_a_mixed_model_that_does_not_converge_is_counted_and_told() -> None:
    arms = [{"name": name, "n": 2, "sessions": "once"} for name in ("one", "two")]
    days = ["day 8", "day 15", "day 19"]
    model = {"outcome": "madrs", "at": days, "contrasts": ["one vs two"], "statistics": ["p-value"], "test": "mmrm"}
    plain = {"outcome": "madrs", "at": ["day 8"], "arms": ["one"], "statistics": ["observed-change"]}
    protocol = build({"arm": arms, "rating": [{"scale": "madrs", "at": days}], "analysis": [model, plain]})
    found = run(protocol, ("nothing",), replicates=7)
    (told,) = found.manifest["mixed_models"]
    assert (told["arms"], told["replicates"], told["not_converged"]) == (["one vs two"], 7, 7)
    assert sum(told["reasons"].values()) == 7
    assert {*told["reasons"]} <= {state.reason for state in State if state}
    columns = found.simulated[["statistic", "replicates", "undefined", "not_converged"]]
    assert columns.to_numpy().tolist() == [["p-value", 0, 7, 7]] * 3 + [["observed-change", 7, 0, 0]]
    assert "did not converge in 7 of 7 virtual trials" in " ".join(words.unfitted(found.manifest["mixed_models"]))


def test_what_each_comparison_estimates_is_in_the_manifest(williams: Replication) -> None:
    told = williams.manifest["estimands"]
    assert {line["arm"] for line in told} == {AB}
    assert any("responders: response on hamd17 at day 1" in line["estimand"] for line in told)
    assert williams.manifest["estimand_of_the_trial"].startswith("The trial set out to estimate: Paired difference")


def test_a_published_test_of_remission_is_one_of_shares() -> None:
    for trial, arm in (("kads-cohort-1", "ketamine"), ("kads-cohort-2", "ketamine")):
        found = run(trial, ("drug",), replicates=4)
        (asked,) = (one.question for one in found.asked if one.question.statistic == "remission-p-value")
        assert (asked.outcome, asked.test) == ("madrs", "chi-squared")
        assert asked.arm.startswith(arm)
        told = [line for line in found.manifest["estimands"] if "remission-p-value" in line["statistics"]]
        assert "two-sided p of the chi-squared test" in told[0]["estimand"]


def test_a_test_that_is_not_the_one_computed_is_not_laid_beside_it() -> None:
    why = {
        (name, row.statistic): mirror(protocol_of(library().trial(name)), row)[1]
        for name in ("murrough-2013", "leal-2023")
        for row in library().trial(name).observations
        if row.note.startswith(("F(", "Interaction"))
    }
    assert why["murrough-2013", "test-statistic"] == "an F, where the virtual trial gives a t"
    assert why["leal-2023", "p-value"] == "an interaction of treatment and time is not computed"
