"""Circuit: what the network does.  In: Occupancy.  Out: Circuit (surge, tone, felt effect, the drive handed to the synapses).

Laws: steady state of the excitatory-inhibitory node of deco-2014 under separate NMDA block of its two populations, as a rational
function fitted to the node; presynaptic A1 feedback (lazarevic-2021); operational agonism at mu with competition (black-leff-1983).
Each gain is one edge: a hypothesis that does not hold it sets it to zero.
"""

from typing import Annotated, Any, NamedTuple

from racemate.chain.laws import Person, Relax, bound, grow, permit, rectify, switched
from racemate.chain.occupancy import Occupancy

Share = Annotated[Any, "1"]
Hour = Annotated[Any, "h"]
PerHour = Annotated[Any, "1/h"]


class State(NamedTuple):
    """Slow states of the circuit."""

    homeostasis: Share
    """Set-point shift that follows raised excitation."""
    desensitised: Share
    """Loss of mu sensitivity."""
    tolerance: Share
    """Loss of felt effect over sessions."""


class Par(NamedTuple):
    """Node, feedback and opioid parameters; ``g_*`` are the gains of edges."""

    node_above: Annotated[Any, "1"]
    """Nine coefficients above the line of the node's rational function."""
    node_below: Annotated[Any, "1"]
    """Nine coefficients below the line."""
    share_interneuron: Share
    """NMDA share of the drive onto interneurons, tonic ambient glutamate included."""
    share_pyramidal: Share
    """NMDA share of the recurrent drive onto pyramidal cells."""
    kink: Share
    """Width of the smooth rectifier."""
    adenosine: Share
    """Fall of release per unit of raised excitation."""
    slack_glutamate: Share
    """Change of excitation that uptake absorbs before spectroscopy sees it."""
    glutamate_per_excitation: Share
    tau_homeostasis: Hour
    tone: Share
    """Endogenous opioid stimulus at mu, in units of a full agonist's load."""
    potentiation_max: Share
    release_max: Share
    half_permission: Share
    mor_of_g_allele: Share
    """Mu function of G-allele carriers relative to others."""
    k_desensitise: PerHour
    tau_sensitivity: Hour
    k_tolerance: PerHour
    tau_tolerance: Hour
    per_surge: Share
    """Surge of the typical person at the reference dose; scales the drive to one."""
    per_mor_agonism: Share
    """Rise of mu signalling at the reference dose when agonism acts alone; the next two likewise."""
    per_mor_potentiation: Share
    per_opioid_release: Share
    per_hnk: Share
    per_rest: Share
    per_sigma1: Share
    g_nmda_to_interneuron: Share
    g_homeostasis: Share
    g_mor_gate_upstream: Share
    g_mor_gate_downstream: Share
    g_oprm1_to_mor: Share
    g_mor_agonism: Share
    g_mor_potentiation: Share
    g_opioid_release: Share
    g_mor_to_plasticity: Share
    g_mor_tolerance: Share
    g_sigma1_to_microglia: Share
    g_hnk_to_ampa: Share
    g_rest_to_eef2k: Share
    g_felt_tolerance: Share


class Circuit(NamedTuple):
    """What the network hands on, and what an imaging study would see of it."""

    excitation: Share
    """Pyramidal rate over its drug-free value."""
    glutamate: Share
    """Prefrontal glutamate over its drug-free value."""
    mor_tone: Share
    """Mu signalling over its normal value."""
    surge: Share
    drive: Share
    """Drive of plasticity; one at the peak of the reference dose in the typical person."""
    microglia_drive: Share
    overblock: Share
    felt: Share
    """Dissociation, 0 to 1."""


def individual(p: Par, who: Person) -> Par:
    """Genotype: mu function of carriers of the minor allele, where a hypothesis lets genotype act."""
    return p._replace(mor_of_g_allele=1 + p.g_oprm1_to_mor * (switched(p.mor_of_g_allele, who.oprm1_g) - 1))


def node(p: Par, e: Any, i: Any, xp: Any) -> Any:
    """Pyramidal rate of the node over its drug-free value, with losses ``e`` and ``i`` of NMDA drive on the two populations."""
    terms = (i, i * i, i * i * i, e, e * i, e * i * i, e * e, e * e * i, e * e * e)
    above = sum((c * t for c, t in zip(p.node_above, terms, strict=True)), 0 * i)
    below = sum((c * t for c, t in zip(p.node_below, terms, strict=True)), 0 * i)
    return xp.exp(above / (1 + below))


def opioid(o: Occupancy, y: State, p: Par) -> tuple[Any, Any]:
    """Mu signalling over its normal value, and its rise above the person's own drug-free level per sensitive receptor.

    The rise is written as one fraction so that it is exactly zero, with or without an antagonist, when no agonist is added.
    """
    added = (
        p.tone
        * (
            p.g_mor_potentiation * p.potentiation_max * o.potentiation
            + p.g_opioid_release * p.release_max * o.nmda_interneuron
        )
        + p.g_mor_agonism * o.mor_ketamine_stimulus
        + o.mor_stimulus
    )
    agonist = p.tone + added
    scale = p.mor_of_g_allele / bound(p.tone)
    rise = scale * added * (1 + o.mor_block) / ((1 + agonist + o.mor_block) * (1 + p.tone + o.mor_block))
    return scale * _sensitivity(y, p) * agonist / (1 + agonist + o.mor_block), rise


def _sensitivity(y: State, p: Par) -> Any:
    return 1 - p.g_mor_tolerance * y.desensitised


def _gates(tone: Any, p: Par) -> tuple[Any, Any]:
    lost = 1 - permit(tone, p.half_permission)
    return 1 - p.g_mor_gate_upstream * lost, 1 - p.g_mor_gate_downstream * lost


def _opioid_drive(rise: Any, p: Par, xp: Any) -> Any:
    """Rise of mu signalling in units of its peak at the reference dose, under whichever opioid edges the hypothesis holds."""
    reference = (
        p.g_mor_agonism * p.per_mor_agonism
        + p.g_mor_potentiation * p.per_mor_potentiation
        + p.g_opioid_release * p.per_opioid_release
    )
    moves = reference > 0 * reference
    return xp.where(moves, rise / xp.where(moves, reference, 0 * reference + 1), 0 * rise)


def _glutamate(excitation: Any, release: Any, p: Par, xp: Any) -> Any:
    """Glutamate over its drug-free value: follows excitation both ways, once uptake is exceeded."""
    above = rectify(excitation - 1, p.slack_glutamate, xp)
    below = rectify(1 - excitation, p.slack_glutamate, xp)
    return 1 + p.glutamate_per_excitation * (above - below) / release


def signal(o: Occupancy, y: State, p: Par, xp: Any) -> Circuit:
    """Fast algebra of the circuit: excitation, surge, tone, felt effect and the drive of plasticity."""
    tone, rise = opioid(o, y, p)
    upstream, downstream = _gates(tone, p)
    excitation = node(p, p.share_pyramidal * o.nmda_pyramidal, p.share_interneuron * o.nmda_interneuron * upstream, xp)
    raised = rectify(excitation - 1, p.kink, xp)
    release = 1 + p.adenosine * raised
    surge = rectify(excitation - 1 - p.g_homeostasis * y.homeostasis, p.kink, xp) / release
    return Circuit(
        excitation=excitation,
        glutamate=_glutamate(excitation, release, p, xp),
        mor_tone=tone,
        surge=surge,
        drive=p.g_nmda_to_interneuron * downstream * surge / p.per_surge
        + p.g_mor_to_plasticity * _sensitivity(y, p) * _opioid_drive(rise, p, xp)
        + p.g_hnk_to_ampa * o.hnk / p.per_hnk
        + p.g_rest_to_eef2k * o.nmda_rest / p.per_rest,
        microglia_drive=p.g_sigma1_to_microglia * o.sigma1 / p.per_sigma1,
        overblock=o.nmda_pyramidal * o.nmda_pyramidal,
        felt=o.dissociation * (1 - p.g_felt_tolerance * y.tolerance),
    )


def relaxations(o: Occupancy, y: State, p: Par, xp: Any) -> State:
    """Records of the slow states: homeostasis follows raised excitation, mu desensitises under stimulus, felt effects wear off."""
    circuit = signal(o, y, p, xp)
    _, rise = opioid(o, y, p)
    return State(
        homeostasis=Relax(rectify(circuit.excitation - 1, p.kink, xp), 1 / p.tau_homeostasis),
        desensitised=grow(rise, p.k_desensitise, 1 / p.tau_sensitivity),
        tolerance=grow(o.dissociation, p.k_tolerance, 1 / p.tau_tolerance),
    )
