"""Problem: model, arms, printed means and priors put together as a PEtab 2 problem.

A printed mean is measured on the typical person of its arm, with its printed standard error as noise: PEtab knows neither averages over
people nor errors that go together.  So spreads, counts and contrasts stay outside, and so does the adjustment of an adjusted mean.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any

from racemate.chain.severity import Setting
from racemate.evidence.finding import EvidenceError
from racemate.exchange.petab import numbers
from racemate.exchange.petab.courses import Course, Moment, courses
from racemate.exchange.petab.numbers import Number
from racemate.exchange.sbml import ids
from racemate.exchange.sbml.export import Course as Person
from racemate.exchange.sbml.export import typical, written
from racemate.exchange.sbml.given import Given, port
from racemate.infer.targets.target import Target, Targets
from racemate.model import Model
from racemate.simulate.run import reference_plan
from racemate.trial.design.arm import CONTEXTS, Arm
from racemate.trial.design.protocol import Protocol

_NEVER_H = 1e6
"""When the natural course begins in the model as it stands: after everything; each experiment sets its own hour."""


@dataclass(frozen=True)
class Stated:
    """What a PEtab problem of a card says: the targets in it, the model, the courses by experiment, and the parameter table."""

    targets: Targets
    model: str
    experiments: dict[str, tuple[Moment, ...]]
    measured: tuple[tuple[Target, str, float], ...]
    """Each target with its experiment and its hour."""
    rows: tuple[Number, ...]


def overlap(targets: Targets) -> Targets:
    """The targets that a PEtab problem can state: means of one arm.  Raises EvidenceError where none is left."""
    kept = tuple(one for one in targets.targets if one.kind == "mean" and len(one.terms) == 1)
    if not kept:
        raise EvidenceError("export-petab", "trials", ", ".join(targets.trials), "trials with a mean of one arm")
    protocols = {name: targets.protocols[name] for name in dict.fromkeys(one.trial for one in kept)}
    return replace(targets, targets=kept, protocols=protocols)


def stated(model: Model, targets: Targets) -> Stated:
    """What of the targets a PEtab problem of this card says."""
    kept = overlap(targets)
    found = {
        (trial, arm): course
        for trial in kept.trials
        for arm, course in courses(
            model, kept.protocols[trial], tuple(one for one in kept.targets if one.trial == trial)
        ).items()
    }
    scales = dict.fromkeys(one.outcome for one in kept.targets)
    entries = dict.fromkeys(protocol.baseline_scale for protocol in kept.protocols.values())
    estimated = numbers.estimated(model, [*scales, *entries], _contexts(found))
    effects, by_trial = numbers.studies(model, kept.trials)
    experiments = {
        _id(trial, arm): _set(
            course,
            kept.protocols[trial],
            arm,
            estimated.formulas | by_trial[trial],
            model,
            {r.id for r in estimated.rows},
        )
        for (trial, arm), course in found.items()
    }
    if len(experiments) < len(found):
        raise EvidenceError(
            "export-petab", "arms", ", ".join(arm for _, arm in found), "names that differ by letters or digits"
        )
    measured = tuple(
        (one, _id(one.trial, arm), found[one.trial, arm].first_session + one.hour)
        for one in kept.targets
        for arm, _ in one.terms
    )
    return Stated(kept, _model(model, found), experiments, measured, (*estimated.rows, *effects))


def _contexts(found: Mapping[Any, Course]) -> list[str]:
    turned = {name for course in found.values() for moment in course.moments for name in moment.changes}
    return [name for name in CONTEXTS if f"setting_{name}" in turned]


def _id(trial: str, arm: str) -> str:
    return ids.plain(f"{trial}__{arm}")


def _model(model: Model, found: Mapping[Any, Course]) -> str:
    """The typical person, to whom nothing happens by itself; every input that an arm uses is there, at zero."""
    ports = dict.fromkeys(
        name for course in found.values() for moment in course.moments for name in moment.changes if "input_" in name
    )
    inputs = {name.replace("input_", "amount_", 1): name for name in ports}
    regimen = Given(tuple(map(port, ports)), inputs, dict.fromkeys(Setting._fields, 0.0), ())
    par = typical(model)
    return written(Person(model, reference_plan(1), par, par), regimen, _NEVER_H)


def _set(
    course: Course, protocol: Protocol, arm: str, formulas: dict[str, str], model: Model, rows: set[str]
) -> tuple[Moment, ...]:
    """The moments of an arm, the first of which also says who was let in and what depends on the parameter table."""
    first, *later = course.moments
    said = {
        "treatment_start": repr(course.natural),
        "severity_baseline": _entry(protocol, protocol.arm(arm), model, rows),
        **formulas,
    }
    return (Moment(first.hour, {**first.changes, **said}), *later)


def _entry(protocol: Protocol, arm: Arm, model: Model, rows: set[str]) -> str:
    """Mean severity of those let in, in points of the MADRS; the evidence's typical person where the report gives none."""
    figure = arm.baseline or protocol.baseline
    if figure is None:
        return repr(float(model.bound["severity.baseline"].typical))  # pyright: ignore[reportArgumentType]
    if protocol.baseline_scale == "madrs":
        return repr(float(figure.mean))
    name = f"score.{protocol.baseline_scale}_per_madrs"
    link = ids.plain(name)
    return f"{figure.mean!r}/{link if link in rows else float(model.bound[name].typical)!r}"  # pyright: ignore[reportArgumentType]


def observable(scale: str, change: bool) -> str:
    """Id of what is measured: the score on a scale, or its change from baseline."""
    return f"{'change' if change else 'level'}_{scale}"


def _formula(scale: str, change: bool) -> str:
    entry = "severity_baseline" if scale == "madrs" else f"score_{scale}_per_madrs*severity_baseline"
    return f"score_{scale} - {entry}" if change else f"score_{scale}"


def build(one: Stated) -> Any:
    """The petab problem of what is stated, with the names of its files."""
    petab, models = import_module("petab.v2"), import_module("petab.v2.models.sbml_model")
    problem: Any = petab.Problem()
    problem.config = petab.ProblemConfig(format_version="2.0.0", filepath="problem.yaml")
    problem.model = models.SbmlModel.from_string(one.model, model_id="racemate")
    problem.model.rel_path = "model.xml"
    known: dict[tuple[tuple[str, str], ...], str] = {}
    for name, moments in one.experiments.items():
        periods: list[Any] = []
        for moment in moments:
            changes = tuple(moment.changes.items())
            if changes not in known:
                known[changes] = f"change_{len(known) + 1}"
                problem.add_condition(known[changes], **moment.changes)
            periods += [moment.hour, known[changes]]
        problem.add_experiment(name, *periods)
    for scale, change in dict.fromkeys((target.outcome, target.from_baseline) for target, _, _ in one.measured):
        name = observable(scale, change)
        error = f"error_of_{name}"
        problem.add_observable(name, _formula(scale, change), error, "normal", noise_placeholders=[error])
    for target, experiment, hour in one.measured:
        problem.add_measurement(
            observable(target.outcome, target.from_baseline),
            experiment_id=experiment,
            time=hour,
            measurement=target.value,
            noise_parameters=[target.error],
        )
    for row in one.rows:
        problem.add_parameter(
            row.id,
            nominal_value=row.nominal,
            lb=row.low,
            ub=row.high,
            prior_dist=row.law,
            prior_pars=[row.location, row.scale],
            parameterName=row.known,
        )
    for kind in ("condition", "experiment", "observable", "measurement", "parameter"):
        (table,) = getattr(problem, f"{kind}_tables")
        table.rel_path = f"{kind}s.tsv"
    return problem
