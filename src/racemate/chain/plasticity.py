"""Plasticity: what the synapses keep.  In: Circuit.  Out: Plasticity (fast strength, number of synapses).

Law: a cascade of relaxations from BDNF through mTORC1 and synaptic protein to new and consolidated synapses (li-2010, li-2011,
moda-sava-2019), beside a fast AMPA strength; deep block of pyramidal NMDA receptors suppresses the drive (zanos-2023).
"""

from typing import Annotated, Any, NamedTuple

from racemate.chain.circuit import Circuit
from racemate.chain.laws import Relax, bound, grow

Share = Annotated[Any, "1"]
Hour = Annotated[Any, "h"]


class State(NamedTuple):
    """Slow states of the synapses, all zero before any drug."""

    overblock: Share
    microglia: Share
    bdnf: Share
    mtorc1: Share
    protein: Share
    ampa: Share
    """AMPA receptors put into synapses; one under a full drive."""
    strength: Share
    """What the synapses keep of it, as late potentiation does."""
    new: Share
    consolidated: Share


class Par(NamedTuple):
    """Time constants and yields; ``tau_*_up`` is the time a drive of one takes to fill a state."""

    tau_overblock: Hour
    half_overblock: Share
    tau_microglia_up: Hour
    tau_microglia: Hour
    bdnf_per_drive: Share
    tau_bdnf: Hour
    tau_mtorc1: Hour
    protein_per_mtorc1: Share
    tau_protein: Hour
    tau_ampa: Hour
    tau_strength: Hour
    new_per_protein: Share
    tau_new: Hour
    """Time constant of the loss of labile synapses."""
    tau_consolidation: Hour
    tau_consolidated: Hour
    weight_consolidated: Share
    """Effect of a consolidated synapse relative to a new one."""
    g_overblock: Share


class Plasticity(NamedTuple):
    """What the synapses offer the mood."""

    drive: Share
    """Drive after suppression by over-block."""
    fast: Share
    number: Share


def signal(c: Circuit, y: State, p: Par) -> Plasticity:
    """Drive after over-block, fast strength, and effective number of synapses."""
    driven = c.drive + y.microglia
    return Plasticity(
        drive=driven / (1 + p.g_overblock * y.overblock / p.half_overblock),
        fast=y.strength,
        number=y.new + p.weight_consolidated * y.consolidated,
    )


def relaxations(c: Circuit, mtorc1_blocked: Any, y: State, p: Par) -> State:
    """Records of the slow states; ``mtorc1_blocked`` is the fraction of mTORC1 that rapamycin holds.

    AMPA receptors follow the *level* of the drive, which saturates, and lasting strength adds up what they were.  Strength that filled
    with the drive itself would be full after any drive of an hour, so that neither a small dose nor an antagonist could lower it.
    Its scale does not matter: severity takes it relative to the reference dose.
    """
    drive = signal(c, y, p).drive
    loss = 1 / p.tau_new + 1 / p.tau_consolidation
    return State(
        overblock=Relax(c.overblock, 1 / p.tau_overblock),
        microglia=grow(c.microglia_drive, 1 / p.tau_microglia_up, 1 / p.tau_microglia),
        bdnf=Relax(p.bdnf_per_drive * drive, 1 / p.tau_bdnf),
        mtorc1=Relax((1 - mtorc1_blocked) * bound(y.bdnf), 1 / p.tau_mtorc1),
        protein=Relax(p.protein_per_mtorc1 * y.mtorc1, 1 / p.tau_protein),
        ampa=Relax(2 * bound(drive), 1 / p.tau_ampa),
        strength=Relax(y.ampa, 1 / p.tau_strength),
        new=Relax(p.new_per_protein * y.protein / (p.tau_protein * loss), loss),
        consolidated=Relax(y.new * p.tau_consolidated / p.tau_consolidation, 1 / p.tau_consolidated),
    )
