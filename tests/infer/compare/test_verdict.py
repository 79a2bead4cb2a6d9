"""Odds, weights and the rule of no preference, held against arithmetic done by hand."""

import numpy as np
import pytest

from racemate.evidence.finding import EvidenceError
from racemate.infer.compare import verdict

CARDS = ("a", "b", "c")


def test_odds_are_bayes_rule():
    evidence = np.log([0.2, 0.1, 0.1]) - 100
    assert verdict.odds(evidence, np.ones(3)) == pytest.approx([0.5, 0.25, 0.25])
    assert verdict.odds(evidence, np.array([1.0, 2.0, 4.0])) == pytest.approx([0.25, 0.25, 0.5])
    assert verdict.overturn(evidence) == pytest.approx([1, 2, 2])


@pytest.mark.parametrize(("gap", "error", "clear"), [(3.9, 0.1, False), (4.1, 0.1, True), (4.1, 2.0, False)])
def test_a_gap_within_confusion_or_chance_is_no_preference(gap: float, error: float, clear: bool):
    evidence, wrong = np.array([0.0, -gap]), np.array([error, error])
    assert verdict.beaten_by(evidence, wrong, ("a", "b")) == [None, "a" if clear else None]


def test_stacking_gives_all_to_a_card_that_is_better_everywhere_and_shares_where_cards_complete_each_other():
    better = np.array([[-1.0, -3.0], [-2.0, -4.0]])
    assert verdict.stacking(better) == pytest.approx([1, 0], abs=1e-4)
    completing = np.array([[0.0, -5.0], [-5.0, 0.0]])
    assert verdict.stacking(completing) == pytest.approx([0.5, 0.5])


def test_no_other_mixture_predicts_better_than_the_stacked_one():
    rng = np.random.default_rng(3)
    predicted = rng.normal(size=(12, 3))
    weight = verdict.stacking(predicted)

    def total(w: np.ndarray) -> float:
        return float(np.log(np.exp(predicted) @ w).sum())

    others = rng.dirichlet(np.ones(3), 2000)
    assert total(weight) >= max(total(w) for w in others) - 1e-6


def test_evidence_without_a_trial_takes_its_prediction_out():
    evidence, left = np.array([-10.0, -12.0]), np.array([[-1.0, -4.0], [-2.0, -2.0]])
    assert verdict.without(evidence, left) == pytest.approx(np.array([[-9.0, -8.0], [-8.0, -10.0]]))


def test_a_trial_speaks_only_against_cards_that_are_behind_by_more_than_chance():
    rows = verdict.spoken(np.array([[-1.0, -1.5, -4.0]]), np.full((1, 3), 0.1), CARDS)
    assert rows[0]["best"] == "a"
    assert rows[0]["against"] == ["c"]
    assert not verdict.spoken(np.array([[-1.0, -1.5, -4.0]]), np.full((1, 3), 3.0), CARDS)[0]["against"]


def test_prior_odds_are_read_or_refused():
    assert verdict.prior_odds(CARDS, ["b=2.5"]) == {"a": 1, "b": 2.5, "c": 1}
    for word in ("d=2", "a", "a=0", "a=-1", "a=nan", "a=inf", "a=x"):
        with pytest.raises(EvidenceError, match="prior-odds"):
            verdict.prior_odds(CARDS, [word])
