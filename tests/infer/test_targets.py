"""Which rows a fit may look at, and that it cannot look at the others."""

import csv
import shutil
from pathlib import Path

import pytest

from racemate.evidence.finding import EvidenceError
from racemate.evidence.library import Library, evidence_root, library, read_library
from racemate.evidence.record import DOUBTFUL
from racemate.infer.likelihood.scan import GAIN
from racemate.infer.targets.read import admitted, again, read
from racemate.infer.targets.rival import REUSED


@pytest.fixture(scope="module")
def poisoned(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """The evidence with every hold-out value replaced by an absurd one."""
    home = tmp_path_factory.mktemp("poison") / "evidence"
    shutil.copytree(evidence_root(), home)
    count = 0
    for name, trial in library().trials.items():
        path = home / "trials" / name / "outcomes.csv"
        if path.is_file():
            count += _poison(path, trial.use)
    assert count > 100
    return read_library(home)


def _poison(path: Path, use: str) -> int:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    if not rows:
        return 0
    count = 0
    for row in rows:
        if (row["use"] or use) == "hold-out":
            row["value"], count = "987.0", count + 1
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return count


def test_poisoned_hold_out_outcomes_change_nothing(poisoned: Library):
    plain, other = read(), read(known=poisoned)
    assert plain.evidence_hash != other.evidence_hash
    assert plain.targets == other.targets
    assert plain.protocols == other.protocols


def test_poison_is_seen_where_hold_out_trials_are_asked_for(poisoned: Library):
    assert any(one.value == 987.0 for one in read("all-trials", known=poisoned).targets)


@pytest.mark.parametrize("name", ["williams-2018", "lii-2023", "jelen-2025"])
def test_a_hold_out_trial_is_refused_by_name(name: str):
    with pytest.raises(EvidenceError, match=r"trial\.use: found hold-out"):
        admitted(name)
    with pytest.raises(EvidenceError, match="hold-out"):
        read(only=(name,))


def test_no_row_of_another_use_is_a_target():
    for one in (o for o in read().targets if o.kind != "scan"):
        trial = library().trial(one.trial)
        row = next(row for row in trial.observations if row.line == one.line)
        assert trial.use_of(row) == "calibration"
        assert row.how not in DOUBTFUL


def test_every_row_is_used_or_left_out_with_a_reason():
    found = read()
    for name in found.trials:
        lines = {row.line for row in admitted(name).observations}
        said = {one.line for one in found.targets if one.trial == name}
        said |= {one.line for one in found.dropped if one.trial == name}
        assert lines == said
    assert all(one.reason for one in found.dropped)


def test_the_same_people_enter_a_mean_once():
    means = [(o.trial, o.terms, o.outcome, o.hour) for o in read().targets if o.kind == "mean"]
    assert len(means) == len(set(means))
    single = {(trial, terms[0][0], outcome, hour) for trial, terms, outcome, hour in means if len(terms) == 1}
    for trial, terms, outcome, hour in means:
        if len(terms) == 2:
            assert not all((trial, arm, outcome, hour) in single for arm, _ in terms)


def test_counts_of_people_whose_mean_is_in_weigh_half_in_all():
    found = read().targets
    for one in (o for o in found if o.kind == "share"):
        here = [o for o in found if (o.trial, o.arm, o.outcome, o.hour) == (one.trial, one.arm, one.outcome, one.hour)]
        mean = any(o.kind == "mean" for o in here)
        assert sum(o.weight for o in here if o.kind == "share") == pytest.approx(REUSED if mean else 1.0)


def test_standard_error_from_the_printed_spread():
    one = next(
        o for o in read().targets if (o.trial, o.arm, o.kind) == ("transform-2", "placebo + antidepressant", "mean")
    )
    assert one.error == pytest.approx(13.88 / 100**0.5)


def test_trials_that_pool_others_stay_out():
    pools = {name for name, trial in library().trials.items() if trial.people_of}
    assert "wilkinson-ipd" in pools
    assert not pools & set(read().trials)


def test_an_unknown_set_of_trials_is_refused():
    with pytest.raises(EvidenceError, match="calibration, all-trials"):
        read("everything")  # pyright: ignore[reportArgumentType] that is the point


def test_a_share_of_arms_taken_together_weighs_each_by_its_people():
    protocols = read().protocols
    pooled = [o for o in read().targets if len(o.arms) > 1]
    assert pooled
    for one in pooled:
        people = {arm.name: arm.n for arm in protocols[one.trial].conditions}
        total = sum(people[arm] or 0 for arm in one.arms)
        assert dict(one.terms) == pytest.approx({arm: (people[arm] or 0) / total for arm in one.arms})


def test_an_arm_that_was_given_what_the_chain_does_not_have_is_no_target():
    found = read("all-trials")
    other = {
        (trial, arm.name): arm.comparator.name
        for trial, protocol in found.protocols.items()
        for arm in protocol.conditions
        if arm.comparator is not None
    }
    assert set(other.values()) >= {"ect", "quetiapine"}
    assert not [o for o in found.targets if any((o.trial, arm) in other for arm, _ in o.terms)]
    said = {o.reason for o in found.dropped if (o.trial, o.arm) in other}
    assert "quetiapine is not in the chain: what it did tells of it, not of the chain" in said


def test_scans_are_targets_once_and_are_no_trial():
    found = read()
    scans = [o for o in found.targets if o.kind == "scan"]
    assert {o.outcome for o in scans} == {"glx"}
    assert not {o.trial for o in scans} & set(found.trials)
    assert all(o.error > 0 for o in scans)
    assert not [o for o in read(only=("murrough-2013",)).targets if o.kind == "scan"]


@pytest.mark.parametrize("only", [None, ("murrough-2013",)])
def test_what_a_manifest_names_is_read_again(only: tuple[str, ...] | None):
    found = read(only=only)
    told = {"trials": found.scope, "only": None if found.only is None else list(found.only)}
    assert again(told) == found


def test_a_manifest_that_does_not_say_whether_trials_were_chosen_is_refused():
    with pytest.raises(EvidenceError, match=r"only: found nothing, allowed: .*fit the card again"):
        again({"trials": "calibration", "fitted": ["murrough-2013"]})


def test_a_scan_that_formed_a_prior_is_left_out_and_says_so():
    left = {(o.statistic, o.reason) for o in read().dropped}
    assert ("imaging.naltrexone_50_mg", "already the prior of occupancy.kd_mor_naltrexone") in left
    used = {o.trial for o in read().targets if o.kind == "scan"}
    for parameter in library().parameters.values():
        # The one gain that a scan sets is free in a fit.
        if parameter.name != GAIN:
            assert not used & {name for claim in parameter.pooled for name in claim.sources}


def test_relapse_is_a_target_only_with_people_a_time_and_a_rule():
    found = read()
    courses = [o for o in found.targets if o.course]
    assert {(o.trial, o.arm) for o in courses} == {
        ("fava-2020", f"ketamine {dose} mg/kg") for dose in ("0.1", "0.5", "1.0")
    }
    assert all(o.n and o.course and o.course.entered < min(o.course.hours) for o in courses)
    reasons = {o.trial: o.reason for o in found.dropped if o.outcome == "relapse"}
    assert {"sustain-1", "ibrahim-2012", "murrough-2013b", "ketect-2022", "fava-2020"} <= set(reasons)
