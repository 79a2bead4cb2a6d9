"""Export: a card, a person and a regimen as one SBML file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from importlib.metadata import version
from importlib.util import find_spec
from os import getpid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from racemate.chain import severity, whole
from racemate.evidence.finding import EvidenceError
from racemate.evidence.library import library
from racemate.exchange.sbml import ids
from racemate.hypothesis import EDGE
from racemate.model import Model, bind
from racemate.people.cohort import Cohort
from racemate.people.population import typical_person
from racemate.readings import independent
from racemate.readings.names import leaves
from racemate.report.words import DISCLAIMER
from racemate.simulate.plan import Plan
from racemate.trial.world import ChainWorld, People

if TYPE_CHECKING:
    from racemate.exchange.sbml.given import Given

EXTRA = "exchange"
"""The extra that brings libSBML."""


@dataclass(frozen=True)
class Course:
    """One person under one card and one regimen: own parameters, those of the reference dose, and the place in the plan."""

    model: Model
    plan: Plan
    par: whole.Par
    typical: whole.Par
    person: int = 0

    def reference(self) -> severity.Reference:
        """Fast strength and number of synapses 24 h after the reference dose in the typical person, as scipy solves them."""
        from racemate.simulate.run import reference_plan

        seen = independent.solve(self.typical, reference_plan(1)).slow
        return severity.Reference(float(seen["severity.fast"][-1]), float(seen["severity.number"][-1]))


def export(
    hypothesis: str | None,
    drug: str,
    route: str,
    dose: str,
    schedule: str = "once",
    duration: str | None = None,
    person: int | None = None,
    seed: int = 1,
) -> str:
    """SBML Level 3 Version 2 of a card under a regimen, told as `racemate.simulate` takes it.

    ``person`` is a number from 1: that person of `racemate.simulate` with this ``seed``; without it the typical person, every parameter
    at its median.  Raises EvidenceError and HypothesisError for what cannot be exported.
    """
    needed()
    return text(followed(bind(hypothesis), drug, route, dose, schedule, duration, person, seed))


def writable(place: Path, force: bool) -> None:
    """Refuse a place where a file cannot or shall not be written; raises EvidenceError."""
    if place.is_dir() or not place.absolute().parent.is_dir():
        raise EvidenceError("export-sbml", "--out", f"{place}", "the name of a file in a folder that is there")
    if place.exists() and not force:
        raise EvidenceError("export-sbml", "--out", f"{place}, which is there", "a new file, or --force")


def write(text: str, place: Path) -> None:
    """Write a file at once or not at all."""
    made = place.with_name(f".{place.name}.{getpid()}")
    try:
        made.write_text(text, encoding="utf-8")
        made.replace(place)
    finally:
        made.unlink(missing_ok=True)


def needed() -> None:
    """Refuse to go on without libSBML; raises EvidenceError that says how to get it."""
    if find_spec("libsbml") is None:
        raise EvidenceError("export-sbml", "libSBML", "not installed", f"pip install 'racemate[{EXTRA}]'")


def followed(
    model: Model, drug: str, route: str, dose: str, schedule: str, duration: str | None, person: int | None, seed: int
) -> Course:
    """The course of one person under a regimen, as `racemate.simulate` would carry it out."""
    from racemate.report.run.course import course
    from racemate.trial.conduct.enrol import enrol
    from racemate.trial.conduct.treat import plan

    _allow(person, seed)
    protocol = course(drug, route, dose, schedule, duration)
    world = (TypicalWorld if person is None else ChainWorld)(model.hypothesis.name, model, seed)
    enrolled = enrol(protocol, world, seed, person or 1, 1)
    drawn: Any = enrolled.cohort
    last = (person or 1) - 1
    par, typical = (_floats(model, table[:, last]) for table in (drawn.drawn.table, drawn.drawn.population))
    return Course(model, plan(protocol, world, enrolled, seed), par, typical, last)


def _allow(person: int | None, seed: int) -> None:
    most = 100_000
    for name, value, low, high in (("person", 1 if person is None else person, 1, most), ("seed", seed, 0, 2**63 - 1)):
        if isinstance(value, bool) or not low <= value <= high:
            raise EvidenceError("export-sbml", name, repr(value), f"a whole number from {low} to {high}")


def _floats(model: Model, column: Any) -> whole.Par:
    return model.unpack([float(value) for value in column])


def typical(model: Model) -> whole.Par:
    """Parameters of the typical person: medians, with the covariates of the reference dose."""
    return whole.individual(model.typical, typical_person(), independent.Plain)


class TypicalWorld(ChainWorld):
    """A world in which everybody is the typical person."""

    def draw(self, ids: Any, replicate: Any, known: Mapping[str, float]) -> People:
        """The typical person, as often as asked; a course tells nothing of its population."""
        del known
        one = np.array([*leaves(typical(self.model)).values()], dtype=float)
        table = np.repeat(one[:, None], len(ids), axis=1)
        who = type(typical_person())(*(np.full(len(ids), float(value)) for value in typical_person()))
        return People(Cohort(self.model, self.seed, ids, replicate, who, table, table))


def text(course: Course) -> str:
    """The SBML file of a course.  Raises EvidenceError where libSBML is not installed."""
    needed()
    from racemate.exchange.sbml.given import given

    start = float(course.plan.antidepressant_start_h[course.person]) - course.plan.start_h
    return written(course, given(course.plan, course.person), start)


def written(course: Course, regimen: Given, treatment_start: float) -> str:
    """The SBML file of the person of a course under another regimen, with the natural course from an hour of the file on."""
    needed()
    from racemate.exchange.sbml.document import Document, Number
    from racemate.exchange.sbml.equations import read

    equations, card = read(), course.model.hypothesis
    symbols, values = equations.parameters, leaves(course.par)
    numbers = {ids.of(symbols[name]): Number(float(values[name]), name) for name in symbols}
    reference = course.reference()
    numbers |= {f"reference_{name}": Number(value) for name, value in reference._asdict().items()}
    document = Document(ids.plain(f"racemate.{card.name}"), _notes(course), equations, library())
    document.describe(card.sources)
    document.numbers(numbers, treatment_start=treatment_start)
    document.kinetics()
    document.algebra()
    document.regimen(regimen)
    return document.text()


def _notes(course: Course) -> str:
    card = course.model.hypothesis
    off = [
        name
        for name, bound in course.model.bound.items()
        if name.rpartition(".")[2].startswith(EDGE) and bound.typical == 0.0
    ]
    lines = (
        f"Card {card.name}: {card.claim}",
        f"racemate {version('racemate')}, evidence {course.model.evidence_hash}. {DISCLAIMER}",
        "Time is in hours since the plan began. Readings have the names of the engine, with _ for the dot: score_madrs is the expected MADRS.",
        "Edges are gains: an edge that this card leaves out is zero here: " + ", ".join(off) + ".",
        "reference_fast and reference_number were computed by racemate: the drug signals 24 h after the reference dose in the typical "
        "person under this card. They must be computed anew where a parameter that moves them is changed.",
        "Addresses of publications come from the evidence; those of UniProt were found in public files, not read in UniProt.",
    )
    paragraphs = "".join(f"<p>{escape(line)}</p>" for line in lines)
    return f'<body xmlns="http://www.w3.org/1999/xhtml">{paragraphs}</body>'
