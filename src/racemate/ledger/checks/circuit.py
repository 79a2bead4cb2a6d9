"""What the network and the synapses do after a dose: the surge, the order of the cascade, its clocks, and what happens without a link."""

from __future__ import annotations

from itertools import pairwise
from math import log

import numpy as np

from racemate.chain import circuit as network
from racemate.ledger.case import Case
from racemate.ledger.record import Reckoned, Ruling, Verdict
from racemate.ledger.virtual import readable, summary
from racemate.model import bind

_SESSION = "session"
_CARD = "nmda-disinhibition"
_DAY = 24.0
_READINGS = {
    "ampa": "circuit.drive",
    "bdnf": "state.plasticity.bdnf",
    "mtorc1": "state.plasticity.mtorc1",
    "protein": "state.plasticity.protein",
    "synapses": "state.plasticity.new",
}
"""The step of a cascade that a document names, and what the model is read for."""


def surge_from_interneurons(case: Case) -> Ruling:
    """Glutamate after a clinical dose, the block on the two kinds of cell, and the surge if both were blocked alike."""
    seen = case.see(_SESSION, _CARD)
    block = {cell: np.median(seen.peak("ketamine", f"occupancy.nmda_{cell}")) for cell in ("interneuron", "pyramidal")}
    rise = summary("peak glutamate over rest", seen.peak("ketamine", "circuit.glutamate"))
    hour = seen.peak_hour("ketamine", "circuit.glutamate")
    late = float(np.median(seen.at("ketamine", "circuit.glutamate", case.stated("gone_by")))) - 1
    p = bind(_CARD, case.known).typical.circuit
    alike = float(network.node(p, block["interneuron"], block["interneuron"], np))
    holds = (
        block["interneuron"] > block["pyramidal"]
        and (rise.low or 0.0) > 1
        and late < case.bar("left") * (rise.value - 1)
        and alike <= 1
    )
    return case.rule(
        Verdict.CONSISTENT if holds else Verdict.CONTRADICTED,
        f"Glutamate peaks at {rise.value:.2f} of rest {60 * hour:.0f} min after the start and is at {1 + late:.2f} after "
        f"{case.stated('gone_by'):g} h; interneurons lose {block['interneuron']:.0%} of their NMDA current, pyramidal cells "
        f"{block['pyramidal']:.1%}. Blocked alike, excitation would be {alike:.2f} of rest.",
        rise,
        Reckoned("time of the peak", hour, "h"),
        Reckoned("excitation with both cells blocked alike", alike),
    )


def receptor_or_cell(case: Case) -> Ruling:
    """Whether the drug frees NMDA receptors of interneurons, as the words say, or blocks them."""
    seen = case.see(_SESSION, _CARD)
    block = summary("interneuron NMDA current lost", seen.peak("ketamine", "occupancy.nmda_interneuron"))
    blocked = (block.low or 0.0) > 0
    return case.rule(
        Verdict.CONTRADICTED if blocked else Verdict.CONSISTENT,
        f"The drug takes {block.value:.0%} of the NMDA current of interneurons"
        + (": it blocks those receptors, and what is disinhibited is the pyramidal cell." if blocked else "."),
        block,
    )


def cascade_in_order(case: Case) -> Ruling:
    """Times at which the steps peak, in the order the document gives them."""
    seen = case.see(_SESSION, _CARD)
    steps = sorted(case.entry.stated, key=case.stated)
    hours = {name: seen.peak_hour("ketamine", _READINGS[name]) for name in steps}
    moved = all(float(np.median(seen.peak("ketamine", _READINGS[name]))) > 0 for name in steps)
    ordered = all(hours[first] <= hours[second] for first, second in pairwise(steps))
    return case.rule(
        Verdict.CONSISTENT if ordered and moved else Verdict.CONTRADICTED,
        f"The document's order is {', '.join(steps)}; the peaks come at "
        + ", ".join(f"{hours[name]:.3g} h ({name})" for name in sorted(hours, key=hours.__getitem__))
        + ". The clocks are read in rodents or assumed, so the order is the wiring's, not a measurement in people.",
        *(Reckoned(f"peak of {name}", hour, "h") for name, hour in hours.items()),
    )


def glutamate_stays_bound(case: Case) -> Ruling:
    """Share of blocked channels that close around the drug: the agonist's site is elsewhere and the blocker does not push it off."""
    trapped = case.prior("occupancy.trapped")
    low, middle, high = (float(x) for x in trapped.quantile(np.array([0.05, 0.5, 0.95])))
    displaced = middle < case.bar("trapped")
    return case.rule(
        Verdict.CONSISTENT if displaced else Verdict.CONTRADICTED,
        f"{middle:.0%} ({low:.0%} to {high:.0%}) of blocked channels trap the drug when glutamate leaves by itself: the blocker sits in the "
        "pore and does not displace the agonist.",
        Reckoned("share of blocked channels that trap the drug", middle, "1", low, high),
    )


def prefrontal_glutamate(case: Case) -> Ruling:
    """Sign of the measured change of glutamate in people, against a document that has it fall."""
    change = case.fact("glx")
    size, error = case.number("glx"), change.spread.value or 0.0
    z = size / error
    verdict = (
        Verdict.CONTRADICTED
        if z > case.bar("z")
        else Verdict.CONSISTENT
        if z < -case.bar("z")
        else Verdict.NOT_TESTABLE
    )
    return case.rule(
        verdict,
        f"In people prefrontal glutamate and glutamine rose by {size:g} % (standard error {error:g}, z = {z:.1f}); evoked release at some "
        "rodent synapses falls, so both may hold in their place.",
        Reckoned("z of the rise", z),
    )


def without_bdnf(case: Case) -> Ruling:
    """Share of the drug's part of the improvement that is lost when BDNF is not made."""
    seen = case.see(_SESSION, _CARD)
    lost = {
        day: _lost(
            seen.at("ketamine", "severity.drug", day * _DAY),
            seen.at("ketamine, no BDNF", "severity.drug", day * _DAY),
            day,
        )
        for day in (1, 7)
    }
    required = lost[1].value > case.bar("share")
    return case.rule(
        Verdict.CONSISTENT if required else Verdict.CONTRADICTED,
        f"Without BDNF {lost[1].value:.0%} of the drug effect is lost on day 1 and {lost[7].value:.0%} on day 7; how much of day 1 fast "
        "strength carries is an assumption.",
        lost[1],
        lost[7],
    )


def hours_against_weeks(case: Case) -> Ruling:
    """Time to half of the effect: a ketamine infusion against an oral antidepressant."""
    seen = case.see(_SESSION, _CARD)
    course = np.median(seen.of("ketamine", "severity.drug"), axis=1)
    half = float(
        np.interp(
            0.5, course[: int(course.argmax()) + 1] / course.max(), seen.trajectory.visits_h[: int(course.argmax()) + 1]
        )
    )
    tau, shape = (
        float(case.prior(f"severity.{name}_antidepressant").quantile(np.array(0.5))) for name in ("tau", "shape")
    )
    slow = tau * log(2) ** (1 / shape) / _DAY
    kept = float(np.median(seen.at("ketamine", "severity.drug", 7 * _DAY) / seen.at("ketamine", "severity.drug", _DAY)))
    return case.rule(
        Verdict.CONSISTENT if half < case.bar("hours") and slow > case.bar("days") else Verdict.CONTRADICTED,
        f"Half of the drug effect is there after {half:.1f} h; half of an oral antidepressant's after {slow:.0f} days. A week after one "
        f"infusion {kept:.0%} of the day-1 drug effect is left.",
        Reckoned("time to half, ketamine", half, "h"),
        Reckoned("time to half, oral antidepressant", slow, "day"),
        Reckoned("left after a week", kept),
    )


def fades(case: Case) -> Ruling:
    """Responders of one infusion who relapse within two weeks, and what the model has left by then."""
    row = case.row("fava-2020", outcome="relapse", population="responders", arm="ketamine 0.5 mg/kg")
    seen = case.see(_SESSION, "composite")
    first = seen.at("ketamine", "severity.drug", _DAY)
    left = summary("drug effect left on day 14", seen.at("ketamine", "severity.drug", 14 * _DAY) / first)
    relapsed = row.value / 100
    holds = relapsed >= case.bar("relapsed") and left.value < 1
    return case.rule(
        Verdict.CONSISTENT if holds else Verdict.CONTRADICTED,
        f"{relapsed:.0%} of those who responded to one infusion of 0.5 mg/kg had relapsed by day 14; in the model {left.value:.0%} of the "
        "day-1 drug effect is left by then.",
        Reckoned("relapsed by day 14", row.value, "percent"),
        left,
    )


def early_suicidality(case: Case) -> Ruling:
    """Share of the day-1 fall of suicidal ideation, drug over control, that is there at the hour stated."""
    seen = case.see(_SESSION, "composite")
    gap = {
        hour: np.median(seen.at("control", "score.ssi", hour) - seen.at("ketamine", "score.ssi", hour))
        for hour in (case.stated("onset"), _DAY)
    }
    share = float(gap[case.stated("onset")] / gap[_DAY])
    return case.rule(
        Verdict.CONSISTENT if share > case.bar("share") else Verdict.CONTRADICTED,
        f"At {case.stated('onset'):g} h the model has {share:.0%} of its day-1 difference in suicidal ideation; the earliest rating that "
        f"showed one in a trial was {case.number('earliest'):g} min after the infusion began.",
        Reckoned("share of the day-1 difference", share),
        Reckoned("earliest difference in a trial", case.number("earliest"), "min"),
    )


def outside_the_model(case: Case) -> Ruling:
    """Whether anything the model can be read for, any outcome or any parameter bears the words of the assertion."""
    names = (*readable(), *case.known.vocabulary["outcome"], *case.known.parameters)
    found = sorted(name for name in names if any(word in name.lower() for word in case.entry.looks))
    return case.rule(
        Verdict.OPEN if found else Verdict.NOT_TESTABLE,
        f"Of {len(names)} readings, outcomes and parameters {len(found)} bear {' or '.join(case.entry.looks)}"
        + (
            f": {', '.join(found)}; a check of its own could be written."
            if found
            else "; no quantity here can decide it."
        ),
        Reckoned("readings that bear it", len(found)),
    )


def _lost(full: np.ndarray, less: np.ndarray, day: int) -> Reckoned:
    return summary(f"share of the drug effect lost, day {day}", 1 - less / full)


CHECKS = (
    surge_from_interneurons,
    receptor_or_cell,
    cascade_in_order,
    glutamate_stays_bound,
    prefrontal_glutamate,
    without_bdnf,
    hours_against_weeks,
    fades,
    early_suicidality,
    outside_the_model,
)
