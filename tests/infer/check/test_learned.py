"""What was learned, told from draws whose law is known."""

from pathlib import Path

import numpy as np
import pytest

from racemate.evidence.finding import EvidenceError
from racemate.infer import tree
from racemate.infer.check import learned
from racemate.infer.check.named import labels

NAMES = ("a", "b", "c", "rest upstream 1", "drug effect in t", "setting effect in t")
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # numpyro on a newer jax


@pytest.fixture(scope="module")
def found() -> learned.Draws:
    z = np.random.default_rng(1).normal(size=(2, 4000, 6))
    z[..., 0] *= 0.5
    z[..., 1] = 0.8 * z[..., 1] + 1.0
    z[..., 3] = 0.7 * z[..., 2] + np.sqrt(1 - 0.49) * z[..., 3]
    return learned.Draws("card", z, NAMES, {})


def test_labels_follow_the_order_of_the_draws():
    assert labels(("a", "b", "c"), 1, ("t",)) == NAMES


def test_spreads_are_read_against_the_prior_s(found: learned.Draws):
    table = learned.unknowns(found).set_index("unknown")
    assert list(table["reading"]) == ["learned", "partly learned", "prior", "prior", "prior", "prior"]
    assert table["sd_ratio"].to_numpy()[:2] == pytest.approx([0.5, 0.8], abs=0.02)
    assert table["moved"].to_numpy()[1] == pytest.approx(1.0, abs=0.04)
    assert np.all(table["sd_ratio_error"].to_numpy() < 0.02)


def test_only_the_pair_that_goes_together_is_a_ridge(found: learned.Draws):
    table = learned.ridges(found)
    assert table[["first", "second"]].to_numpy().tolist() == [["c", "rest upstream 1"]]
    assert table["correlation"].to_numpy()[0] == pytest.approx(0.7, abs=0.03)


def test_a_ridge_is_one_number_known_well_and_one_not_at_all(found: learned.Draws):
    table = learned.directions(found)
    assert table["sd_ratio"].to_numpy()[0] == pytest.approx(0.5, abs=0.02)
    assert "a" in table["made_of"].to_numpy()[0]
    ridge = table.loc[np.isclose(np.asarray(table["sd_ratio"]), np.sqrt(0.3), atol=0.02), "made_of"]
    assert len(ridge) == 1
    assert "c" in ridge.to_numpy()[0]
    assert learned.worth(found) == pytest.approx(0.75 + 0.36, abs=0.15)


def test_draws_come_back_from_the_file_of_a_fit(found: learned.Draws, tmp_path: Path):
    import xarray

    place = found.place[:, :50]
    dims = ("chain", "draw")
    named = {name: (dims, np.exp(place[..., k])) for k, name in enumerate("abc")}
    studies = ((*dims, "trial"), np.ones((2, 50, 1)))
    groups = {
        "posterior": xarray.Dataset(
            {**named, "severity.study_drug": studies, "severity.study_control": studies}, {"trial": ["t"]}
        ),
        "unconstrained_posterior": xarray.Dataset({"place": ((*dims, "unknown"), place)}),
    }
    kept = xarray.DataTree.from_dict(groups)
    kept.attrs = {"manifest": '{"card": "card"}'}
    tree.save(tmp_path / "tree.npz", kept)
    again = learned.draws(tmp_path / "tree.npz")
    assert again.labels == NAMES
    assert again.place == pytest.approx(place, abs=1e-6)
    with pytest.raises(EvidenceError):
        learned.draws(tmp_path / "no.npz")


def test_a_pair_is_told_apart_when_either_card_is_recognised():
    told = np.array([[0.0, 0.1, 0.9], [0.2, 0.0, 0.3], [0.1, 0.4, 0.0]])
    assert learned.inseparable(["x", "y", "z"], told) == [("x", "y", 0.1, 0.2), ("y", "z", 0.3, 0.4)]
