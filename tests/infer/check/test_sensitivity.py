"""Sobol indices against a function whose indices are known, and typical people through the chain."""

from typing import Any, cast

import numpy as np
import pytest
from scipy.stats import sobol_indices, uniform

from racemate.infer.check import sensitivity
from racemate.infer.check.ridge import ridge, summary
from racemate.infer.check.typical import follow, protocol
from racemate.model import bind
from racemate.people.cohort import draw, typical
from racemate.posterior import Posterior

KETAMINE = {"drug": "ketamine", "route": "iv", "amount": "0.5 mg/kg", "over": "40 min"}


def ishigami(x: np.ndarray) -> np.ndarray:
    return np.sin(x[0]) + 7 * np.sin(x[1]) ** 2 + 0.1 * x[2] ** 4 * np.sin(x[0])


def test_indices_of_ishigami_s_function_are_the_known_ones():
    kept: dict[str, np.ndarray] = {}

    def keep(f_A: np.ndarray, f_B: np.ndarray, f_AB: np.ndarray) -> Any:  # noqa: N803
        kept.update(a=f_A, b=f_B, ab=f_AB)
        return sensitivity.estimate(f_A, f_B, f_AB)

    law = uniform(-np.pi, 2 * np.pi)
    sobol_indices(func=ishigami, n=4096, dists=[law] * 3, method=cast(Any, keep), rng=np.random.default_rng(1))
    first, total = sensitivity.estimate(**kept)
    assert first[:, 0] == pytest.approx([0.314, 0.442, 0.0], abs=0.02)
    assert total[:, 0] == pytest.approx([0.558, 0.442, 0.244], abs=0.02)


def test_what_nothing_moves_has_no_index():
    first, total = sensitivity.estimate(np.zeros((1, 8)), np.zeros((1, 8)), np.zeros((2, 1, 8)))
    assert not first.any()
    assert not total.any()


def test_a_typical_person_is_the_one_of_the_reference_dose():
    model, ids = bind("composite"), np.arange(3)
    one, drawn = typical(model, ids, {}), draw(model, 1, ids, ids, uncertain=False)
    same = [k for k, name in enumerate(model.rows) if "study_" not in name]
    assert one.table[same] == pytest.approx(drawn.population[same])
    assert {one.table[model.rows.index(f"severity.study_{name}"), 0] for name in ("drug", "control")} == {1.0}


def test_typical_people_differ_by_their_parameters_alone():
    model = bind("composite")
    trial = protocol({"drug": [KETAMINE]}, (1,), context="midazolam", session="2 h")
    values = {"severity.drug_at_24h": np.array([0.3, 0.9, 0.3])}
    seen = follow(trial, model, values, ("score.madrs",))["score.madrs"]
    assert seen.shape == (1, 2, 3)
    assert seen[0, 1, 0] == seen[0, 1, 2] > seen[0, 1, 1]
    assert np.ptp(seen[0, 0]) == 0


def test_naltrexone_takes_the_drug_s_part_where_only_the_drug_needs_mu():
    names = ("circuit.g_mor_gate_downstream",)
    told = Posterior("own", "opioid-permissive", names, np.ones((2, 1)), {})
    table = ridge(told, draws=4)
    assert set(table["day"]) == {1, 3, 5, 7, 14}
    assert np.all(table["hope_lost"].to_numpy() == 0)
    assert np.all(table["drug_lost"].to_numpy() > 0.2)
    assert np.all(table["change_lost"].to_numpy() < table["drug_lost"].to_numpy())
    assert np.isnan(summary(table)["along"]).all()


def test_shares_that_make_up_for_each_other_are_a_ridge():
    import pandas as pd

    drug, hope = np.random.default_rng(2).uniform(size=(2, 500))
    made = pd.DataFrame({"day": 1, "drug_lost": drug, "hope_lost": hope, "change_lost": drug / 2 + hope / 2})
    row = summary(made).iloc[0]
    assert row["along"] == pytest.approx(-1, abs=1e-6)
    assert row["drug_lost"] == pytest.approx(np.median(drug))
