"""A world whose answers are known in closed form, so that a test of the trial is not a test of the chain."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from racemate.chain import dose as dosing
from racemate.people.random import normal, uniform
from racemate.simulate.plan import Plan
from racemate.trial.conduct.world import Floats, Ids, Progress

HEALTHY = 5.0
PARAMETERS = {
    "score.rater_sd": 2.0,
    "score.cadss_occasion": 0.4,
    "score.mood_sd": 4.0,
    "score.tau_mood": 72.0,
    "score.hamd17_per_madrs": 0.77,
    "score.hamd6_per_madrs": 0.47,
    "score.qids_per_madrs": 0.5,
    "severity.healthy": HEALTHY,
    "severity.emax": 0.97,
}


@dataclass(frozen=True)
class FakeCohort:
    ids: Ids
    points: Floats
    weight: Floats
    numbers: Mapping[str, float]

    def parameter(self, name: str) -> Floats:
        if name == "severity.baseline":
            return self.points
        return np.full(self.ids.size, self.numbers[name])

    def covariate(self, name: str) -> Floats:
        if name == "weight":
            return self.weight
        return (uniform(9, name, self.ids) < 0.5).astype(float)

    def with_baseline(self, points: Floats) -> "FakeCohort":
        return replace(self, points=points)


@dataclass(frozen=True)
class FakeWorld:
    """Each mg/kg of ketamine since the first dose of the last 20 days takes away ``effect`` of the severity; naltrexone blocks
    ``block`` of it; everybody loses ``placebo`` points once a session was held."""

    name: str = "fake"
    effect: float = 0.8
    block: float = 0.0
    placebo: float = 0.0
    numbers: Mapping[str, float] = field(default_factory=lambda: PARAMETERS)

    @property
    def dose(self) -> dosing.Par:
        ones = dict.fromkeys(dosing.Par._fields, 1.0)
        return dosing.Par(**{**ones, "device": 28.0, "device_gap": 5 / 60})

    def draw(self, ids: Ids, replicate: Ids, known: Mapping[str, float]) -> FakeCohort:
        del replicate
        weight = known.get("weight_median", 80.0) * np.exp(0.2 * normal(3, "weight", ids))
        return FakeCohort(ids, 30 + 5 * normal(3, "baseline", ids), weight, self.numbers)

    def run(
        self, cohort: FakeCohort, plan: Plan, readings: tuple[str, ...], progress: Progress | None
    ) -> dict[str, NDArray[np.float64]]:
        improved, felt = np.zeros((2, len(plan.visits_h), plan.people))
        for k, hour in enumerate(plan.visits_h):
            ketamine, naltrexone = np.zeros((2, plan.people))
            for dose in plan.doses:
                if dose.time_h < hour < dose.time_h + 480:
                    ketamine += dose.amount_mg / cohort.weight * (dose.drug in ("ketamine", "esketamine"))
                    naltrexone += dose.amount_mg * (dose.drug == "naltrexone")
            improved[k] = np.minimum(self.effect * ketamine * (1 - self.block * (naltrexone > 0)), 0.9)
            felt[k] = 20 * ketamine
        if progress is not None:
            progress(plan.people, plan.people)
        started = plan.visits_h[:, None] > min(
            (c.start_h for c in plan.conditions if c.name == "session"), default=np.inf
        )
        points = HEALTHY + (cohort.points - HEALTHY) * (1 - improved) - self.placebo * started
        link = {"madrs": 1.0, "hamd17": 0.77, "hamd6": 0.47, "qids": 0.5}
        scores = {f"score.{name}": slope * points for name, slope in link.items()}
        return {name: {**scores, "score.cadss": felt, "score.systolic_rise": felt}[name] for name in readings}
