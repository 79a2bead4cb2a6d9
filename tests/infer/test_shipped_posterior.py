"""The posteriors that come with the package: whole, accepted, and found again by a short fit."""

import numpy as np
import pytest

from racemate.cli import run
from racemate.evidence.library import library
from racemate.hypothesis import all_names, default
from racemate.infer.fit import problem
from racemate.infer.sample import nuts
from racemate.model import bind
from racemate.posterior import ALL_TRIALS, BETWEEN, PROSPECTIVE, load

LEARNED = ("between:severity.responsiveness", "between:severity.antidepressant_person", "severity.context_midazolam")
"""What the trials say most about: a fit that has gone wrong shows here first."""


@pytest.mark.parametrize("card", all_names())
def test_every_card_comes_with_draws_that_were_accepted(card: str) -> None:
    found = load(PROSPECTIVE, card)
    told = found.manifest
    assert told["card"] == card
    assert told["trials"] == "calibration"
    assert told["refused"] == []
    assert told["diagnostics"]["rhat"] < 1.01
    assert {library().trial(name).use for name in told["fitted"]} == {"calibration"}
    bound = bind(card, posterior=found).bound
    for name in found.names:
        if name.startswith(BETWEEN):
            assert (found.draws[:, found.names.index(name)] > 0).all()
            continue
        low, high = (bound[name].quantile(np.array(end)) for end in (0.0, 1.0))
        column = found.column(name)
        assert column is not None
        assert (column >= low * (1 - 1e-6)).all()
        assert (column <= high * (1 + 1e-6)).all()


def test_the_posterior_of_all_trials_has_seen_what_is_held_out_and_may_not_predict_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    told = load(ALL_TRIALS, default()).manifest
    assert (told["trials"], told["only"], told["refused"]) == ("all-trials", None, [])
    assert told["diagnostics"]["rhat"] < 1.01
    assert {library().trial(name).use for name in told["fitted"]} == {"calibration", "hold-out"}
    before = load(PROSPECTIVE, default()).manifest
    assert set(before["fitted"]) < set(told["fitted"])
    assert run(["predict", "--hold-out", "--posterior", ALL_TRIALS, "--hypothesis", default()]) == 2
    assert "it saw what it predicts" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # numpyro and arviz on a newer jax and xarray
def test_a_short_fit_finds_the_shipped_numbers_again() -> None:
    target = problem("composite", draws=256)
    chains = nuts(target, seed=7, chains=2, warmup=150, draws=150)
    unknowns = target.predictor.unknowns
    place = chains.place.reshape(-1, target.size)[:, : len(unknowns.names)].T
    again = dict(zip(unknowns.names, unknowns.natural(place, np), strict=True))
    shipped = load(PROSPECTIVE, "composite")
    for name in LEARNED:
        mine, theirs = np.log(again[name]), np.log(shipped.draws[:, shipped.names.index(name)])
        assert abs(np.median(mine) - np.median(theirs)) < 0.5 * theirs.std(), name
        assert mine.std() == pytest.approx(theirs.std(), rel=0.35), name
