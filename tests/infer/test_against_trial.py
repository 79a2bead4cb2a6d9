"""The fit's formulas against the virtual trial itself: the same protocol on thousands of people at the medians of all numbers."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pytest

from racemate.infer.fit import problem
from racemate.infer.targets.read import read
from racemate.model import Model, bind
from racemate.people.cohort import draw
from racemate.people.population import Population
from racemate.trial.analysis.look import Question, ask
from racemate.trial.conduct.world import Floats, Ids
from racemate.trial.replicate import conduct
from racemate.trial.world import ChainWorld, People

PEOPLE = 2500


@dataclass(frozen=True)
class MedianWorld(ChainWorld):
    """Population numbers at their medians, in an average study; people differ."""

    def draw(self, ids: Ids, replicate: Ids, known: Mapping[str, float]) -> People:
        average = {f"severity.study_{name}": np.ones(len(ids)) for name in ("drug", "control")}
        model: Model = self.model
        return People(draw(model, 1, ids, replicate, Population.typical(**known), average, uncertain=False))


def at(name: str, arm: str, statistic: str, hour: float, data) -> tuple[float, Floats | None]:
    answer = ask(data, Question(name, statistic, arm, hour))
    return float(answer.value[0]), answer.sd


@pytest.mark.slow
def test_formulas_are_the_virtual_trial_s():
    goal = read(only=("murrough-2013", "transform-2"))
    fit = problem("composite", goal, draws=512)
    seen = fit.predictor(np.zeros(fit.size))
    for trial in goal.trials:
        data = conduct(goal.protocols[trial], MedianWorld("composite", bind("composite"), 1), 1, 1, PEOPLE)
        for k, cell in enumerate(fit.predictor.cells.cells):
            if cell.trial != trial:
                continue
            change, sd = at("madrs", cell.arm, "observed-change", cell.hour, data)
            # Chance among 2500 people is 0.2 points; the surrogate's centre is off by less than a tenth of the drug effect.
            assert float(seen.change[k]) == pytest.approx(change, abs=0.6), cell
            assert sd is not None
            assert float(seen.sd_change[k]) == pytest.approx(float(sd[0]), abs=0.5), cell
            for what, share in (("response", seen.response), ("remission", seen.remission)):
                percent, _ = at("madrs", cell.arm, what, cell.hour, data)
                assert 100 * float(share[k]) == pytest.approx(percent, abs=3.5), (cell, what)
