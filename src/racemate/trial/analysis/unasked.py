"""Unasked: why a published row cannot be asked of a virtual trial, where the row itself says so: what it is about, and what it summarises."""

from racemate.trial.analysis.look import DROPOUT
from racemate.trial.design.scheme import READINGS

_PUT_IN = ("age", "female", "weight", "asian")
_PEOPLE = (
    "bmi",
    "episode-length",
    "failed-trials",
    "duration-of-illness",
    "white",
    "black",
    "minor-allele",
    "bdnf-met",
    "enrolled",
)
SAFETY = (
    "dissociation", "sedation", "nausea", "urinary", "dizziness", "headache", "vertigo", "vomiting", "somnolence", "hypertension",
    "dysgeusia", "hypoaesthesia", "blurred-vision",
)  # fmt: skip
"""Adverse events that `racemate.trial.safety` gives."""
_EVENTS = (
    "paraesthesia", "hypoaesthesia-oral", "anxiety", "euphoric-mood", "depersonalisation", "suicidal-ideation", "suicidal-behaviour",
    "suicidality", "abuse-potential", "cystitis", "adverse-event", "serious-adverse-event", "death",
)  # fmt: skip
_TREATED = (
    "exposure",
    "dosing-weekly",
    "dosing-every-two-weeks",
    "dosing-alternating",
    "dose-84-mg",
    "still-on-drug",
    "completion",
)
_BELIEVED = ("guess", "belief", "expectancy")
_EVENTS_OF_A_TRIAL = (DROPOUT, "relapse", "remission")
_CHANGES = (
    "observed-change", "observed-percent-change", "ls-change", "locf-change", "median-change", "sd", "difference", "ls-difference",
    "effect-size", "p-value", "test-statistic", "tipping-point",
)  # fmt: skip
_RESPONSES = ("response", "sustained-response", "risk-difference", "risk-ratio", "odds-ratio", "number-needed-to-treat")


def outside(outcome: str) -> str:
    """Why no virtual trial has that outcome; empty for one that a protocol may rate or decide."""
    if outcome in READINGS or outcome in _EVENTS_OF_A_TRIAL:
        return ""
    if outcome in _PUT_IN:
        return "it describes the people and is put into the trial"
    if outcome in _PEOPLE:
        return f"it describes the people, and {outcome} is not simulated"
    if outcome in SAFETY:
        return "an adverse event, which is asked of `racemate safety`"
    if outcome in _EVENTS:
        return f"an adverse event that is not simulated: {outcome}"
    if outcome in _TREATED:
        return "it describes the treatment had, which the protocol states"
    if outcome in _BELIEVED:
        return "what people believe is an input of the simulation"
    return f"the scale {outcome} is not simulated"


def of_a_test(statistic: str, note: str) -> str:
    """Why the result of a test is not the one that the virtual trial computes, as the note of its row tells; empty where it is."""
    if statistic not in ("p-value", "test-statistic"):
        return ""
    if note.lower().startswith("interaction"):
        return "an interaction of treatment and time is not computed"
    return "an F, where the virtual trial gives a t" if note.startswith("F(") and statistic == "test-statistic" else ""


def kind(statistic: str) -> str:
    """What a statistic counts from a baseline: a change or a response; empty for one of the score itself."""
    if statistic in _CHANGES:
        return "change"
    return "response" if statistic in _RESPONSES else ""
