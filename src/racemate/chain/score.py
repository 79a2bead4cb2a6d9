"""Score: what a rater writes down and what a patient reports.  In: Severity, Exposure, the felt effect.  Out: Score.

Laws: one latent severity read on each scale through a straight link (leucht-2018, carmody-2006, rush-2003, furukawa-2019); side
effects saturate in effect-site concentration.  Rater noise, mood fluctuation, rounding and bounds belong to the rating of a trial,
not to the flow.
"""

from typing import Annotated, Any, NamedTuple

from racemate.chain.concentration import Exposure
from racemate.chain.laws import bound
from racemate.chain.severity import Severity

Point = Annotated[Any, "1"]
Molar = Annotated[Any, "umol/L"]


class Par(NamedTuple):
    """Links from the MADRS to other scales, side effects, and the noise a rating adds."""

    hamd17_per_madrs: Point
    hamd6_per_madrs: Point
    bdi2_per_madrs: Point
    qids_per_madrs: Point
    phq9_per_madrs: Point
    ssi_per_madrs: Point
    cadss_max: Point
    """Dissociation score at saturating exposure; differs several-fold between people."""
    pressure_max: Annotated[Any, "mmHg"]
    ec50_pressure: Molar
    sedation_max: Point
    """Probability of sedation (less than fully alert) in a session at saturating exposure."""
    ec50_sedation: Molar
    nausea_max: Point
    """Probability of nausea in a session at saturating exposure."""
    ec50_nausea: Molar
    mood_sd: Point
    """Between-day fluctuation of the latent severity about its course."""
    tau_mood: Annotated[Any, "h"]
    rater_sd: Point
    cadss_occasion: Point
    """Spread of a person's dissociation from session to session, on the log scale."""


class Score(NamedTuple):
    """Expected readings, before noise, rounding and bounds."""

    madrs: Point
    hamd17: Point
    hamd6: Point
    bdi2: Point
    qids: Point
    phq9: Point
    ssi: Point
    cadss: Point
    systolic_rise: Annotated[Any, "mmHg"]
    sedation: Point
    """Probability of being sedated, were the concentration of this moment the session's peak."""
    nausea: Point
    """Probability of nausea, in the same sense."""


class Noise(NamedTuple):
    """What a rating adds: on the MADRS, fluctuation of mood (SD, time constant) and rater error (SD); on the CADSS, occasion (log SD)."""

    mood_sd: Point
    tau_mood: Annotated[Any, "h"]
    rater_sd: Point
    cadss_occasion: Point


def signal(v: Severity, x: Exposure, felt: Any, p: Par) -> Score:
    """Expected score on each scale and expected side effects."""
    ketamine = x.ketamine_s + x.ketamine_r
    return Score(
        madrs=v.points,
        hamd17=p.hamd17_per_madrs * v.points,
        hamd6=p.hamd6_per_madrs * v.points,
        bdi2=p.bdi2_per_madrs * v.points,
        qids=p.qids_per_madrs * v.points,
        phq9=p.phq9_per_madrs * v.points,
        ssi=p.ssi_per_madrs * v.points,
        cadss=p.cadss_max * felt,
        systolic_rise=p.pressure_max * bound(ketamine / p.ec50_pressure),
        sedation=p.sedation_max * bound(ketamine / p.ec50_sedation),
        nausea=p.nausea_max * bound(ketamine / p.ec50_nausea),
    )


def noise(p: Par) -> Noise:
    """Noise of one rating; scales of severity take the MADRS's by their link."""
    return Noise(p.mood_sd, p.tau_mood, p.rater_sd, p.cadss_occasion)
