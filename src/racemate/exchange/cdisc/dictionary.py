"""Dictionary: the data sets and variables that are written, with label, type, unit and origin, in the order of their columns.

Names follow ADaM (at most eight characters, labels at most forty).  What needs a licence or was not simulated is left out rather than
filled: no MedDRA term, no severity of an event, no assay limit, no calendar.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import pandas as pd

Type = Literal["text", "integer", "float", "date"]
Origin = Literal["Assigned", "Simulated", "Derived", "Protocol"]
_PANDAS = {"text": "string", "integer": "Int64", "float": "Float64", "date": "string"}


@dataclass(frozen=True)
class Variable:
    """One column: name, label, type, origin, unit, and a comment where the label does not say enough."""

    name: str
    label: str
    type: Type
    origin: Origin
    unit: str = ""
    comment: str = ""


@dataclass(frozen=True)
class DataSet:
    """One data set: what a record is, which variables order it, and its columns."""

    name: str
    label: str
    structure: str
    keys: tuple[str, ...]
    variables: tuple[Variable, ...]

    def frame(self, columns: dict[str, Any]) -> pd.DataFrame:
        """A data frame with these columns in order, typed, sorted by the keys; no column is no record, and empty text is missing."""
        import pandas as pd

        columns = columns or {one.name: [] for one in self.variables}
        table = pd.DataFrame({one.name: columns[one.name] for one in self.variables if one.name in columns})
        typed = table.astype({one.name: _PANDAS[one.type] for one in self.variables if one.name in columns})
        for one in self.variables:
            if one.name in columns and _PANDAS[one.type] == "string":
                typed[one.name] = typed[one.name].mask(typed[one.name] == "")
        return typed.sort_values(list(self.keys), kind="stable", ignore_index=True)

    def described(self, table: pd.DataFrame) -> dict[str, Any]:
        """What a reader must know of the data set as written."""
        known = {one.name: one for one in self.variables}
        return {
            "name": self.name,
            "label": self.label,
            "structure": self.structure,
            "keys": list(self.keys),
            "records": len(table),
            "variables": [
                {key: value for key, value in vars(known[name]).items() if value} for name in map(str, table.columns)
            ],
        }


EPOCH = "1960-01-01"
"""Day 1 of every virtual trial: the zero of SAS dates, so that nobody takes it for a real one."""
MORNING_H = 9.0
"""The artificial clock at the first session, so that what precedes it by hours falls on the same day."""
_ARTIFICIAL = f"Counted from {EPOCH} 09:00 as the first session; a virtual trial has no calendar"
_HEAD = (
    Variable("STUDYID", "Study Identifier", "text", "Assigned", comment="SIM- and the id of the protocol"),
    Variable("USUBJID", "Unique Subject Identifier", "text", "Assigned", comment="Study, replicate and subject"),
)
_TAIL = (
    Variable("REPLICAT", "Replicate of the Virtual Trial", "integer", "Assigned"),
    Variable("HYPOTH", "Hypothesis Card", "text", "Assigned"),
    Variable(
        "SIMFL", "Simulated Record Flag", "text", "Assigned", comment="Y throughout: no record is of a real person"
    ),
)
MOST_PERIODS = 12
"""Periods and stages that the names of treatments are written for."""
_PERIOD = (
    Variable("APERIOD", "Period", "integer", "Protocol", comment="Periods, then stages, in the protocol's order"),
    Variable("APERIODC", "Period (C)", "text", "Protocol"),
)
_DAY = Variable(
    "ADY", "Analysis Relative Day", "integer", "Derived", comment="Day 1 is that of the trial's first session; no day 0"
)
_DATE = Variable("ADT", "Analysis Date", "date", "Derived", comment=_ARTIFICIAL)

ADSL = DataSet(
    "ADSL",
    "Subject-Level Analysis Dataset (simulated)",
    "One record per subject",
    ("REPLICAT", "USUBJID"),
    (
        *_HEAD,
        Variable("SUBJID", "Subject Identifier for the Study", "text", "Assigned"),
        Variable("SITEID", "Study Site Identifier", "text", "Assigned", comment="One virtual site"),
        Variable("ARM", "Description of Planned Arm", "text", "Protocol", comment="Of a crossover: the sequence"),
        *(
            Variable(f"TRT{k:02d}{kind}", f"{word} Treatment for Period {k:02d}", "text", "Protocol")
            for k in range(1, MOST_PERIODS + 1)
            for kind, word in (("P", "Planned"), ("A", "Actual"))
        ),
        Variable("AGE", "Age", "float", "Simulated", "years"),
        Variable("AGEU", "Age Units", "text", "Assigned"),
        Variable("SEX", "Sex", "text", "Simulated"),
        Variable("RACE", "Race", "text", "Simulated", comment="ASIAN or OTHER: the chain knows no more"),
        Variable("WEIGHTBL", "Baseline Weight", "float", "Simulated", "kg"),
        Variable("SCREENBL", "Score at Screening", "float", "Simulated", "point", "On the scale of the baseline"),
        Variable("SAFFL", "Safety Population Flag", "text", "Derived", comment="Had a session"),
        Variable("ITTFL", "Intent-To-Treat Population Flag", "text", "Assigned"),
        Variable(
            "FASFL", "Full Analysis Set Population Flag", "text", "Derived", comment="Baseline and a later rating"
        ),
        Variable("COMPLFL", "Completers Population Flag", "text", "Derived"),
        Variable("DISCONFL", "Discontinued Study Flag", "text", "Derived"),
        *_TAIL,
    ),
)
ADQS = DataSet(
    "ADQS",
    "Rating Scales Analysis Dataset (simulated)",
    "One record per subject, period, parameter and visit",
    ("REPLICAT", "USUBJID", "APERIOD", "PARAMCD", "AVISITN"),
    (
        *_HEAD,
        Variable("TRTP", "Planned Treatment", "text", "Protocol"),
        *_PERIOD,
        Variable("PARAM", "Parameter", "text", "Protocol"),
        Variable("PARAMCD", "Parameter Code", "text", "Protocol"),
        Variable("AVISIT", "Analysis Visit", "text", "Protocol"),
        Variable("AVISITN", "Analysis Visit (N)", "integer", "Protocol", comment="Order within the period, 0 baseline"),
        _DATE,
        _DAY,
        Variable("AVAL", "Analysis Value", "float", "Simulated", comment="Unit in PARAM; whole points on a scale"),
        Variable("BASE", "Baseline Value", "float", "Derived", comment="Of the period"),
        Variable("CHG", "Change from Baseline", "float", "Derived"),
        Variable("PCHG", "Percent Change from Baseline", "float", "Derived", "percent", "Missing where BASE is 0"),
        Variable("ABLFL", "Baseline Record Flag", "text", "Derived"),
        Variable("ANL01FL", "Analysis Flag 01", "text", "Assigned", comment="Every rating: none is repeated"),
        Variable("FASFL", "Full Analysis Set Population Flag", "text", "Derived"),
        *_TAIL,
    ),
)
ADPC = DataSet(
    "ADPC",
    "Plasma Concentrations Analysis Dataset (simulated)",
    "One record per subject, period, analyte and sample",
    ("REPLICAT", "USUBJID", "APERIOD", "PARAMCD", "NFRLT"),
    (
        *_HEAD,
        Variable("TRTP", "Planned Treatment", "text", "Protocol"),
        *_PERIOD,
        Variable("PARAM", "Parameter", "text", "Assigned"),
        Variable("PARAMCD", "Parameter Code", "text", "Assigned"),
        Variable("AVISIT", "Analysis Visit", "text", "Protocol", comment="First and last session of a period"),
        Variable("ATPT", "Analysis Timepoint", "text", "Assigned"),
        _DATE,
        _DAY,
        Variable("AVAL", "Analysis Value", "float", "Simulated", comment="Total in venous plasma, without assay error"),
        Variable("AVALU", "Analysis Value Unit", "text", "Assigned"),
        Variable("NFRLT", "Nominal Rel. Time from First Dose", "float", "Derived", "h", "Of the period"),
        Variable("AFRLT", "Actual Rel. Time from First Dose", "float", "Derived", "h", "Virtual people are on time"),
        Variable("NRRLT", "Nominal Rel. Time from Ref. Dose", "float", "Derived", "h"),
        Variable("ARRLT", "Actual Rel. Time from Ref. Dose", "float", "Derived", "h"),
        Variable("ANL01FL", "Analysis Flag 01", "text", "Assigned"),
        *_TAIL,
    ),
)
ADAE = DataSet(
    "ADAE",
    "Adverse Events Analysis Dataset (simulated)",
    "One record per subject and event",
    ("REPLICAT", "USUBJID", "AESEQ"),
    (
        *_HEAD,
        Variable("TRTA", "Actual Treatment", "text", "Protocol"),
        *_PERIOD,
        Variable("AESEQ", "Sequence Number", "integer", "Derived"),
        Variable(
            "AETERM", "Reported Term for the Adverse Event", "text", "Simulated", comment="Plain words, not MedDRA"
        ),
        Variable("AESTDTC", "Start Date/Time of Adverse Event", "text", "Simulated", comment=_ARTIFICIAL),
        Variable("ASTDY", "Analysis Start Relative Day", "integer", "Derived"),
        Variable("AESESS", "Session at or before the Event", "integer", "Derived", comment="Counted within the period"),
        Variable(
            "AEBASIS",
            "Where the Event Comes From",
            "text",
            "Assigned",
            comment="The chain, or background and excess rates counted in other trials",
        ),
        Variable("TRTEMFL", "Treatment Emergent Analysis Flag", "text", "Derived"),
        Variable("AOCCFL", "1st Occurrence of the Term Flag", "text", "Derived", comment="Of that subject"),
        *_TAIL,
    ),
)
ADTTE = DataSet(
    "ADTTE",
    "Time-to-Event Analysis Dataset (simulated)",
    "One record per subject, period and parameter",
    ("REPLICAT", "USUBJID", "APERIOD", "PARAMCD"),
    (
        *_HEAD,
        Variable("TRTP", "Planned Treatment", "text", "Protocol"),
        *_PERIOD,
        Variable("PARAM", "Parameter", "text", "Protocol"),
        Variable("PARAMCD", "Parameter Code", "text", "Assigned"),
        Variable("AVAL", "Analysis Value", "float", "Derived", "days"),
        Variable("STARTDT", "Time-to-Event Origin Date", "date", "Derived", comment=_ARTIFICIAL),
        _DATE,
        Variable("CNSR", "Censor", "integer", "Derived", comment="0 is the event, 1 is censored"),
        Variable("EVNTDESC", "Event or Censoring Description", "text", "Derived"),
        Variable("CNSDTDSC", "Censor Date Description", "text", "Derived"),
        *_TAIL,
    ),
)
DATA_SETS = (ADSL, ADQS, ADPC, ADAE, ADTTE)
