"""The two sides of a PEtab problem: its own tables carried out on libRoadRunner, and our likelihood of the same targets."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from racemate.exchange.petab.problem import Stated
from racemate.exchange.sbml.export import TypicalWorld
from racemate.infer.likelihood.cells import Sheet, sheet
from racemate.infer.likelihood.predict import Answer
from racemate.infer.likelihood.total import Likelihood, likelihood
from racemate.model import Model
from racemate.simulate.run import run
from racemate.trial.conduct.enrol import enrol
from racemate.trial.conduct.treat import plan

RTOL, ATOL = 1e-10, 1e-12


def simulated(problem: Any) -> pd.DataFrame:
    """The measurement table with what libRoadRunner says under the experiments, conditions and nominal values of the problem."""
    import roadrunner as rr

    rr.Logger.setLevel(rr.Logger.LOG_ERROR)
    runner = rr.RoadRunner(problem.model.to_sbml_str())
    states = len(runner.model.getFloatingSpeciesIds()) + len(runner.getRateRuleIds())
    runner.integrator.relative_tolerance = RTOL
    runner.integrator.absolute_tolerance = [ATOL] * states
    table = problem.measurement_df.copy()
    found: dict[tuple[str, str, float], float] = {}
    for experiment in problem.experiments:
        wanted = problem.get_measurements_for_experiment(experiment)
        for hour, observable, value in _followed(problem, runner, experiment, wanted):
            found[experiment.id, observable, hour] = value
    table["simulation"] = [found[one.experimentId, one.observableId, one.time] for one in table.itertuples()]
    return table.drop(columns="measurement")


def _followed(problem: Any, runner: Any, experiment: Any, wanted: list[Any]) -> list[tuple[float, str, float]]:
    """Observables of one experiment at the times they were measured."""
    runner.resetToOrigin()
    nominal = problem.get_x_nominal_dict()
    for name, value in nominal.items():
        if problem.model.has_entity_with_id(name):
            runner[name] = value
    moments = [(period.time, 0, period) for period in experiment.sorted_periods]
    looks = [(hour, 1, None) for hour in dict.fromkeys(one.time for one in wanted)]
    now, found = 0.0, []
    for hour, _, period in sorted(moments + looks, key=lambda one: one[:2]):
        if hour > now:
            runner.simulate(times=[now, hour])
            now = hour
        if period is not None:
            _change(problem, runner, period, nominal)
            continue
        found += [
            (hour, one.observable_id, _value(problem[one.observable_id].formula, runner, nominal))
            for one in wanted
            if one.time == hour
        ]
    return found


def _change(problem: Any, runner: Any, period: Any, nominal: dict[str, float]) -> None:
    """Every new value is made from the old ones; then all are set."""
    values = {
        change.target_id: _value(change.target_value, runner, nominal)
        for change in problem.get_changes_for_period(period)
    }
    for name, value in values.items():
        runner[name] = value


def _value(formula: Any, runner: Any, nominal: dict[str, float]) -> float:
    """Value of a formula: what the parameter table holds comes from there, all else from the model as it is now."""
    known = {one: nominal[str(one)] if str(one) in nominal else runner[str(one)] for one in formula.free_symbols}
    return float(formula.subs(known))


@dataclass(frozen=True)
class Typical:
    """A predictor in whose trials everybody is the typical person, let in at the mean of the arm, as the engine carries them."""

    cells: Sheet
    level: NDArray[np.float64]

    def __call__(self, place: Any) -> Answer:
        del place
        nothing = np.zeros(len(self.cells.cells))
        change = self.level - self.cells.entry_mean
        one = np.eye(len(self.cells.cells))
        return Answer(self.level, change, nothing, nothing, nothing, nothing, nothing, one)


def ours(model: Model, stated: Stated) -> Likelihood:
    """Our likelihood of the targets in the problem, had every arm one typical person and every mean its own error."""
    cells = sheet(stated.targets)
    level = np.zeros(len(cells.cells))
    world = TypicalWorld(model.hypothesis.name, model, 0)
    for trial, protocol in stated.targets.protocols.items():
        enrolled = enrol(protocol, world, 0, 1, len(protocol.conditions) if protocol.crossover else 1)
        done, names = plan(protocol, world, enrolled, 0), [arm.name for arm in protocol.conditions]
        start = protocol.period_h(protocol.live_periods[0])
        entered = np.full(done.people, float("nan"))
        mine = [(k, cell) for k, cell in enumerate(cells.cells) if cell.trial == trial]
        people = {cell.arm: int(np.argmax(enrolled.arm[0] == names.index(cell.arm))) for _, cell in mine}
        for k, cell in mine:
            entered[people[cell.arm]] = cells.entry_mean[k]
        drawn: Any = enrolled.cohort.with_baseline(np.nan_to_num(entered, nan=30.0))
        seen = run(drawn.drawn, done, tuple({f"score.{cell.scale}" for _, cell in mine}))
        for k, cell in mine:
            visit = int(np.searchsorted(done.visits_h, start + cell.hour))
            level[k] = seen[f"score.{cell.scale}"][visit, people[cell.arm]]
    predictor: Any = Typical(cells, level)
    return likelihood(stated.targets, predictor)
