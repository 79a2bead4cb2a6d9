"""Document: equations, numbers and regimen written as SBML Level 3 Version 2, and what libSBML's own checks find in it."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from racemate.evidence.library import Library
from racemate.exchange.sbml import ids, meaning
from racemate.exchange.sbml.equations import SINCE, Equations, Moved, per_hour
from racemate.exchange.sbml.formula import Part
from racemate.exchange.sbml.given import Given, Happening
from racemate.exchange.sbml.units import PLAIN, Powers, bases, named, powers

_LEVEL, _VERSION = 3, 2
_BODY, _START = "body", "treatment_start"
_MG, _HOUR, _LITRE = powers("mg"), powers("h"), powers("L")


class Number(NamedTuple):
    """A constant of the file: value, and the dotted name in the evidence if it has one."""

    value: float
    known: str = ""


class SBMLError(RuntimeError):
    """libSBML refuses what was written: a fault of this program."""


class Document:
    """An SBML document in the making."""

    def __init__(self, name: str, notes: str, equations: Equations, known: Library) -> None:
        import libsbml

        self._sbml, self._equations, self._known = libsbml, equations, known
        self._document = libsbml.SBMLDocument(_LEVEL, _VERSION)
        self._model = self._document.createModel()
        self._units: set[str] = set()
        self._computed = {part.symbol for part in equations.algebra}
        self._named(self._model, name, name.replace("_", " "))
        self._ok(self._model.setNotes(notes), "notes")
        self._ok(self._model.setSBOTerm(meaning.sbo("framework")), "SBO term")
        self._ok(self._model.setSubstanceUnits(self._unit(_MG)), "units of substance")
        self._ok(self._model.setExtentUnits(self._unit(_MG)), "units of extent")
        self._ok(self._model.setTimeUnits(self._unit(_HOUR)), "units of time")
        self._ok(self._model.setVolumeUnits(self._unit(_LITRE)), "units of volume")

    def describe(self, sources: Iterable[str]) -> None:
        """Say that this is about humans, and on which publications the card leans."""
        self._annotate(self._model, ((meaning.TAXON, meaning.HUMAN), *meaning.described(sources, self._known)))

    def numbers(self, values: Mapping[str, Number], treatment_start: float) -> None:
        """Write the constants by id, each with its unit, label and sources; the treatment starts at an hour of the file."""
        self._parameter(_START, _HOUR, treatment_start, constant=True)
        unit = {ids.of(symbol): unit for symbol, unit in self._equations.unit.items()}
        for name, number in values.items():
            parameter = self._parameter(name, unit[name], number.value, constant=True)
            stated = self._known.parameters.get(number.known.rstrip(".0123456789"))
            if stated is None:
                continue
            self._named(parameter, name, stated.label)
            term = meaning.of_parameter(number.known, stated.unit)
            if term is not None:
                self._ok(parameter.setSBOTerm(term), name)
            self._annotate(parameter, meaning.papers(stated.name, self._known))

    def kinetics(self) -> None:
        """Write a species for each amount and a reaction for each transfer."""
        compartment = self._model.createCompartment()
        self._named(compartment, _BODY, "body; amounts in it are in mg, so that its size counts for nothing")
        for done in (compartment.setConstant(True), compartment.setSpatialDimensions(3), compartment.setSize(1.0)):
            self._ok(done, _BODY)
        self._ok(compartment.setUnits(self._unit(_LITRE)), _BODY)
        for amount in self._equations.amounts:
            self._species(ids.of(amount), amount.name.partition(".State.")[2])
        for k, move in enumerate(self._equations.moved, 1):
            self._transfer(f"transfer_{k}", move)

    def algebra(self) -> None:
        """Write slow states with their rates of change and all that is computed from states."""
        unit = self._equations.unit
        self._parameter(ids.of(SINCE), _HOUR, None, constant=False)
        self._assign(ids.of(SINCE), f"time - {_START}")
        for part in self._equations.algebra:
            self._parameter(ids.of(part.symbol), unit[part.symbol], None, constant=False)
            self._assign(ids.of(part.symbol), self._formula(part))
        for part in self._equations.slopes:
            self._slope(part)

    def regimen(self, given: Given) -> None:
        """Write the doses, inputs and settings of a person, and when they change."""
        inputs = set(given.inputs.values())
        for one in given.quantities:
            parameter = self._parameter(one.id, one.unit, one.value, constant=one.id not in inputs)
            self._named(parameter, one.id, one.label)
        for name, value in given.setting.items():
            self._parameter(f"setting_{name}", {}, value, constant=False)
        for state, port in given.inputs.items():
            self._reaction(port.replace("input_", "enters_", 1), None, state, port, False)
        for happening in given.happenings:
            self._event(happening)

    def text(self) -> str:
        """The file.  Raises SBMLError with what libSBML's checks find, warnings included."""
        text = self._sbml.writeSBMLToString(self._document)
        found = faults(text)
        if found:
            raise SBMLError("libSBML finds: " + "; ".join(found[:5]))
        return text

    def _transfer(self, name: str, move: Moved) -> None:
        sink = None if move.sink is None else ids.of(move.sink)
        self._reaction(name, ids.of(move.source), sink, self._equations.writer.formula(move.flow), move.keeps)

    def _reaction(self, name: str, source: str | None, sink: str | None, flow: str, keeps: bool) -> None:
        reaction = self._model.createReaction()
        self._named(reaction, name, f"{source or 'input'} to {sink or 'elimination'}")
        self._ok(reaction.setReversible(False), name)
        if source is not None and keeps:
            self._ok(reaction.createModifier().setSpecies(source), name)
        else:
            self._side(reaction.createReactant, source)
        self._side(reaction.createProduct, sink)
        law = reaction.createKineticLaw()
        self._ok(law.setMath(self._math(flow)), name)
        if source is not None:
            self._ok(law.setSBOTerm(meaning.sbo("rate law")), name)

    def _side(self, create: Any, species: str | None) -> None:
        if species is None:
            return
        reference = create()
        for done in (reference.setSpecies(species), reference.setStoichiometry(1.0), reference.setConstant(True)):
            self._ok(done, species)

    def _species(self, name: str, label: str) -> None:
        one = self._model.createSpecies()
        self._named(one, name, f"amount in {label}")
        for done in (
            one.setCompartment(_BODY),
            one.setSubstanceUnits(self._unit(_MG)),
            one.setHasOnlySubstanceUnits(True),
            one.setInitialAmount(0.0),
            one.setBoundaryCondition(False),
            one.setConstant(False),
            one.setSBOTerm(meaning.sbo("amount")),
        ):
            self._ok(done, name)

    def _parameter(self, name: str, unit: Powers, value: float | None, constant: bool) -> Any:
        one = self._model.createParameter()
        self._ok(one.setId(name), name)
        self._ok(one.setConstant(constant), name)
        self._ok(one.setUnits(self._unit(unit)), name)
        if value is not None:
            self._ok(one.setValue(value), name)
        self._annotate(one, meaning.about(name))
        return one

    def _slope(self, part: Part) -> None:
        name, unit = ids.of(part.symbol), self._equations.unit[part.symbol]
        self._parameter(name, unit, 0.0, constant=False)
        rule = self._model.createRateRule()
        self._ok(rule.setVariable(name), name)
        self._unit(per_hour(unit))
        self._ok(rule.setMath(self._math(self._formula(part))), name)

    def _formula(self, part: Part) -> str:
        """Formula of a part; where it uses a computed number more than once, a call of a function that it is.

        Some simulators put the formula of a computed number in each place that uses it, so that a chain of them doubles and doubles
        again; the argument of a function they compute once.
        """
        text, used = self._equations.writer.formula(part.right), self._equations.writer.used(part.right)
        if max((used[one] for one in used if one in self._computed), default=0) < 2:
            return text
        name, arguments = f"law_of_{ids.of(part.symbol)}", ", ".join(map(ids.of, used))
        function = self._model.createFunctionDefinition()
        self._named(function, name, f"law of {ids.of(part.symbol)}")
        self._ok(function.setMath(self._math(f"lambda({arguments}, {text})")), name)
        return f"{name}({arguments})"

    def _assign(self, name: str, formula: str) -> None:
        rule = self._model.createAssignmentRule()
        self._ok(rule.setVariable(name), name)
        self._ok(rule.setMath(self._math(formula)), name)

    def _event(self, happening: Happening) -> None:
        event = self._model.createEvent()
        self._named(event, happening.id, happening.label)
        self._ok(event.setUseValuesFromTriggerTime(False), happening.id)
        trigger = event.createTrigger()
        for done in (trigger.setInitialValue(False), trigger.setPersistent(True)):
            self._ok(done, happening.id)
        self._ok(trigger.setMath(self._math(happening.trigger)), happening.id)
        for name, formula in happening.assigned.items():
            assigned = event.createEventAssignment()
            self._ok(assigned.setVariable(name), happening.id)
            self._ok(assigned.setMath(self._math(formula)), happening.id)

    def _math(self, formula: str) -> Any:
        found = self._sbml.parseL3Formula(formula)
        if found is None:
            raise SBMLError(f"{self._sbml.getLastParseL3Error()}: {formula}")
        return found

    def _unit(self, unit: Powers) -> str:
        """Id of a unit, defined where it is new."""
        name = named(unit)
        if name == PLAIN or name in self._units:
            return name
        self._units.add(name)
        definition = self._model.createUnitDefinition()
        self._ok(definition.setId(name), name)
        for base in bases(unit):
            one = definition.createUnit()
            kind = self._sbml.UnitKind_forName(base.kind)
            for done in (
                one.setKind(kind),
                one.setExponent(base.exponent),
                one.setScale(base.scale),
                one.setMultiplier(base.multiplier),
            ):
                self._ok(done, name)
        return name

    def _annotate(self, one: Any, links: Iterable[tuple[str, str]]) -> None:
        """Add addresses by qualifier; each qualifier is one bag."""
        every: dict[str, list[str]] = {}
        for qualifier, address in links:
            every.setdefault(qualifier, []).append(address)
        for qualifier, addresses in every.items():
            self._ok(one.setMetaId(f"meta_{one.getId()}"), one.getId())
            term = self._sbml.CVTerm(self._sbml.BIOLOGICAL_QUALIFIER)
            self._ok(term.setBiologicalQualifierType(qualifier), qualifier)
            for address in addresses:
                self._ok(term.addResource(address), address)
            self._ok(one.addCVTerm(term, True), one.getId())

    def _named(self, one: Any, name: str, label: str) -> None:
        self._ok(one.setId(name), name)
        self._ok(one.setName(label), name)

    def _ok(self, code: int, what: str) -> None:
        if code != self._sbml.LIBSBML_OPERATION_SUCCESS:
            raise SBMLError(f"{what}: {self._sbml.OperationReturnValue_toString(code)}")


def faults(text: str) -> list[str]:
    """What libSBML's checks find in a file, units and modelling practice included: errors and warnings."""
    import libsbml

    document = libsbml.readSBMLFromString(text)
    for category in (libsbml.LIBSBML_CAT_UNITS_CONSISTENCY, libsbml.LIBSBML_CAT_MODELING_PRACTICE):
        document.setConsistencyChecks(category, True)
    document.checkConsistency()
    found = (document.getError(k) for k in range(document.getNumErrors()))
    return [f"{one.getSeverityAsString()} {one.getErrorId()}: {' '.join(one.getMessage().split())}" for one in found]
