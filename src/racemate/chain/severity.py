"""Severity: the latent depression.  In: Plasticity, the felt effect, the setting.  Out: Severity (fractional improvement, latent points).

Laws: the onset filter acts before the saturating map, so that improvement is algebra in the person effects,
``S = responsiveness * (study * drug + expectancy) + natural course`` and ``improvement = emax * S / (1 + S)`` (calibration probe,
sections 1 and 7b).  Expectancy is charged by each session and decays on three clocks; mu antagonists can act when it is acquired, at
the session, and when it is expressed, at the rating (pecina-2021).
"""

from typing import Annotated, Any, NamedTuple

from racemate.chain.laws import Person, Relax, bound, course, grow, switched
from racemate.chain.plasticity import Plasticity

Share = Annotated[Any, "1"]
Hour = Annotated[Any, "h"]
Point = Annotated[Any, "1"]


class Setting(NamedTuple):
    """What the protocol does to a person at a time, beside the drug; each field 0 or 1 unless said otherwise."""

    session: Share
    """1 while a treatment session charges hope."""
    awake: Share
    saline: Share
    midazolam: Share
    spray: Share
    spray_new_antidepressant: Share
    hospital: Share
    everyone_active: Share


class State(NamedTuple):
    """Slow states of the mind."""

    fast: Share
    number: Share
    hope_fast: Share
    hope_slow: Share
    hope_kept: Share
    unblinded: Share


class Par(NamedTuple):
    """Effect sizes, clocks, contexts and person effects; ``g_*`` are the gains of edges."""

    drug_at_24h: Share
    """Drug part of S at 24 h after the reference dose in the typical person."""
    fast_share: Share
    """Share of that which fast strength carries."""
    tau_onset: Hour
    emax: Share
    healthy: Point
    baseline: Point
    responsiveness: Share
    study_drug: Share
    study_control: Share
    k_hope: Annotated[Any, "1/h"]
    tau_hope_fast: Hour
    tau_hope_slow: Hour
    tau_hope_kept: Hour
    hope_fast_weight: Share
    hope_kept_weight: Share
    context_saline: Share
    context_midazolam: Share
    context_spray: Share
    context_spray_new_antidepressant: Share
    context_hospital: Share
    context_everyone_active: Share
    k_unblind: Annotated[Any, "1/h"]
    unblinded_weight: Share
    hope_of_g_allele: Share
    """Expectancy of G-allele carriers relative to others."""
    antidepressant: Share
    antidepressant_person: Share
    tau_antidepressant: Hour
    shape_antidepressant: Share
    g_felt_to_hope: Share
    g_mor_to_hope_acquired: Share
    g_mor_to_hope_expressed: Share
    g_oprm1_to_hope: Share


class Reference(NamedTuple):
    """Fast strength and synapse number 24 h after the reference dose in the typical person, under the same hypothesis."""

    fast: Share
    number: Share


class Severity(NamedTuple):
    """The latent state of the depression."""

    drug: Share
    expectancy: Share
    natural: Share
    improvement: Share
    """Fraction of the distance from baseline to the healthy set-point that is covered, 0 to emax."""
    points: Point
    """Latent severity on the MADRS."""


def individual(p: Par, who: Person) -> Par:
    """Genotype: expectancy of carriers of the minor allele, where a hypothesis lets genotype act."""
    return p._replace(hope_of_g_allele=1 + p.g_oprm1_to_hope * (switched(p.hope_of_g_allele, who.oprm1_g) - 1))


def context(s: Setting, p: Par) -> Any:
    """How much hope the setting raises, in units of S."""
    return (
        s.saline * p.context_saline
        + s.midazolam * p.context_midazolam
        + s.spray * p.context_spray
        + s.spray_new_antidepressant * p.context_spray_new_antidepressant
        + s.hospital * p.context_hospital
        + s.everyone_active * p.context_everyone_active
    )


def relaxations(n: Plasticity, felt: Any, mor_blocked: Any, s: Setting, p: Par) -> State:
    """Records of the slow states; ``felt`` is dissociation, ``mor_blocked`` the fraction of mu that antagonists hold."""
    acquired = 1 - p.g_mor_to_hope_acquired * mor_blocked
    charge = s.session * acquired
    return State(
        fast=Relax(n.fast, 1 / p.tau_onset),
        number=Relax(n.number, 1 / p.tau_onset),
        hope_fast=grow(charge, p.k_hope, 1 / p.tau_hope_fast),
        hope_slow=grow(charge, p.k_hope, 1 / p.tau_hope_slow),
        hope_kept=grow(charge, p.k_hope, 1 / p.tau_hope_kept),
        unblinded=grow(felt * s.awake * acquired, p.k_unblind, 1 / p.tau_hope_slow),
    )


def drug_effect(y: State, ref: Reference, p: Par, xp: Any) -> Any:
    """Drug part of S: strength and number, each relative to the reference dose; zero where the hypothesis moves neither."""
    fast = _relative(y.fast, ref.fast, xp)
    number = _relative(y.number, ref.number, xp)
    return p.drug_at_24h * (p.fast_share * fast + (1 - p.fast_share) * number)


def _relative(value: Any, reference: Any, xp: Any) -> Any:
    moves = reference > 0 * reference
    return xp.where(moves, value / xp.where(moves, reference, 0 * reference + 1), 0 * value)


def expectancy(y: State, mor_blocked: Any, s: Setting, p: Par) -> Any:
    """Expectancy part of S: hope raised by the context and by what was felt.

    What a drug does beyond its control in one study, `study_drug`, holds for what it does through being felt as well: else a hypothesis
    whose drug acts by hope alone could not differ between studies.
    """
    raised = y.hope_slow + p.hope_fast_weight * y.hope_fast + p.hope_kept_weight * y.hope_kept
    told = p.g_felt_to_hope * p.study_drug * p.unblinded_weight * y.unblinded
    hope = p.study_control * context(s, p) * raised + told
    return p.hope_of_g_allele * (1 - p.g_mor_to_hope_expressed * mor_blocked) * hope


def signal(y: State, ref: Reference, mor_blocked: Any, on_antidepressant: Any, s: Setting, p: Par, xp: Any) -> Severity:
    """Improvement and latent points; ``on_antidepressant`` is hours since a new antidepressant or enrolment (negative: none)."""
    drug = drug_effect(y, ref, p, xp)
    hope = expectancy(y, mor_blocked, s, p)
    natural = (
        p.antidepressant
        * p.antidepressant_person
        * course(on_antidepressant, p.tau_antidepressant, p.shape_antidepressant, xp)
    )
    total = p.responsiveness * (p.study_drug * drug + hope) + natural
    improvement = p.emax * bound(total)
    return Severity(drug, hope, natural, improvement, p.healthy + (p.baseline - p.healthy) * (1 - improvement))
