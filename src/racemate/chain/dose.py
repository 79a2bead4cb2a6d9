"""Dose: what is given.  In: a drug, a route, a device.  Out: where in the body the dose enters, how much of it, and for how long.

Law: bioavailability splits a dose over compartments; each part enters at once or at a constant rate (perez-ruixo-2021 for the nasal
and oral routes of esketamine).
"""

from collections.abc import Callable
from typing import Annotated, Any, NamedTuple

from racemate.chain.laws import Person, switched


class Par(NamedTuple):
    """Bioavailabilities and input durations."""

    device: Annotated[Any, "mg"]
    """What one nasal device delivers."""
    device_gap: Annotated[Any, "h"]
    """Time between the devices of one session."""
    f_nasal: Annotated[Any, "1"]
    """Share of the first device of a session that enters through the nose."""
    f_nasal_later: Annotated[Any, "1"]
    """The same for later devices, relative to the first."""
    japanese_on_f_nasal: Annotated[Any, "1"]
    """Odds ratio, so that no person's share passes one."""
    f_gut: Annotated[Any, "1"]
    """Share of a swallowed dose that escapes the gut wall."""
    t_swallowed: Annotated[Any, "h"]
    t_oral: Annotated[Any, "h"]
    f_sublingual: Annotated[Any, "1"]
    """Share of a sublingual dose taken up through the mucosa; the rest is swallowed."""
    t_sublingual: Annotated[Any, "h"]
    f_im: Annotated[Any, "1"]
    f_sc: Annotated[Any, "1"]
    f_naltrexone_oral: Annotated[Any, "1"]
    xr_early: Annotated[Any, "1"]
    """Share of an extended-release naltrexone depot that is released in the first days."""
    f_buprenorphine_sublingual: Annotated[Any, "1"]
    f_methadone_oral: Annotated[Any, "1"]
    f_midazolam_oral: Annotated[Any, "1"]


class Input(NamedTuple):
    """One way in: ``fraction`` of the dose enters ``compartment`` of ``body``, over ``hours`` at a constant rate.

    ``hours`` is None where the dose brings its own duration (an infusion, or zero for a bolus) and 0 for an input at once.
    """

    body: str
    compartment: str
    fraction: Any
    hours: Any


ENANTIOMERS = {"esketamine": ("ketamine_s",), "arketamine": ("ketamine_r",), "ketamine": ("ketamine_s", "ketamine_r")}


def individual(p: Par, who: Person) -> Par:
    """Covariates of absorption: the nasal share of Japanese people."""
    odds = p.f_nasal * switched(p.japanese_on_f_nasal, who.japanese)
    return p._replace(f_nasal=odds / (1 - p.f_nasal + odds))


def device_amount(amount: Any, before: Any, p: Par, xp: Any) -> Any:
    """Part of a nasal session's ``amount`` (mg) that the device after ``before`` earlier ones delivers, mg."""
    rest = xp.maximum(amount - before * p.device, 0 * p.device)
    return rest - xp.maximum(rest - p.device, 0 * p.device)


def _iv(_: Par, later: bool) -> tuple[tuple[str, Any, Any], ...]:
    del later
    return (("central", 1, None),)


def _nasal(p: Par, later: bool) -> tuple[tuple[str, Any, Any], ...]:
    share = p.f_nasal * p.f_nasal_later if later else p.f_nasal
    return (("nasal", share, 0), ("gut", (1 - share) * p.f_gut, p.t_swallowed))


def _oral(p: Par, later: bool) -> tuple[tuple[str, Any, Any], ...]:
    del later
    return (("oral", p.f_gut, p.t_oral),)


def _sublingual(p: Par, later: bool) -> tuple[tuple[str, Any, Any], ...]:
    del later
    return (("mucosa", p.f_sublingual, p.t_sublingual), ("gut", (1 - p.f_sublingual) * p.f_gut, p.t_swallowed))


def _im(p: Par, later: bool) -> tuple[tuple[str, Any, Any], ...]:
    del later
    return (("muscle", p.f_im, 0),)


def _sc(p: Par, later: bool) -> tuple[tuple[str, Any, Any], ...]:
    del later
    return (("skin", p.f_sc, 0),)


KETAMINE_ROUTES: dict[str, Callable[[Par, bool], tuple[tuple[str, Any, Any], ...]]] = {
    "iv": _iv,
    "intranasal": _nasal,
    "oral": _oral,
    "sublingual": _sublingual,
    "im": _im,
    "sc": _sc,
}

OTHER_ROUTES: dict[tuple[str, str], Callable[[Par], tuple[Input, ...]]] = {
    ("naltrexone", "oral"): lambda p: (Input("naltrexone", "gut", p.f_naltrexone_oral, 0),),
    ("naltrexone", "xr"): lambda p: (
        Input("naltrexone", "depot_early", p.xr_early, 0),
        Input("naltrexone", "depot_late", 1 - p.xr_early, 0),
    ),
    ("buprenorphine", "sublingual"): lambda p: (Input("buprenorphine", "mucosa", p.f_buprenorphine_sublingual, 0),),
    ("methadone", "oral"): lambda p: (Input("methadone", "gut", p.f_methadone_oral, 0),),
    ("midazolam", "iv"): lambda _: (Input("midazolam", "central", 1, None),),
    ("midazolam", "oral"): lambda p: (Input("midazolam", "gut", p.f_midazolam_oral, 0),),
    ("rapamycin", "oral"): lambda _: (Input("rapamycin", "gut", 1, 0),),
}


def routes(drug: str) -> tuple[str, ...]:
    """Routes by which a drug can be given; empty for a drug the chain does not know."""
    if drug in ENANTIOMERS:
        return tuple(KETAMINE_ROUTES)
    return tuple(route for known, route in OTHER_ROUTES if known == drug)


def drugs() -> tuple[str, ...]:
    """Every drug the chain can carry, in the order they are declared."""
    return (*ENANTIOMERS, *dict.fromkeys(drug for drug, _ in OTHER_ROUTES))


def inputs(drug: str, route: str, later: bool, p: Par) -> tuple[Input, ...]:
    """Ways in of one dose of ``drug`` by ``route``; ``later`` marks the second and further nasal devices of a session.

    A racemic dose enters as two halves.  Fractions are of the whole dose (mg in, mg out).  Raises KeyError for a route the drug
    does not have; the protocol refuses such a dose before it gets here.
    """
    if drug not in ENANTIOMERS:
        return OTHER_ROUTES[drug, route](p)
    bodies = ENANTIOMERS[drug]
    parts = KETAMINE_ROUTES[route](p, later)
    return tuple(Input(body, where, share / len(bodies), hours) for body in bodies for where, share, hours in parts)
