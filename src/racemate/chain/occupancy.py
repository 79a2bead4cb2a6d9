"""Occupancy: what the drug holds.  In: Exposure.  Out: Occupancy.

Laws: bound (langmuir-1918, gaddum-1937); voltage-dependent magnesium block of the NMDA channel (jahr-stevens-1990); an uncompetitive,
trapping blocker reaches and leaves its site only through the open channel, so that a cell that opens its channels more is blocked at a
lower concentration (kotermanski-2009).  The interneuron's sensitivity is derived from these, not from a smaller Ki.
"""

from typing import Annotated, Any, NamedTuple

from racemate.chain.concentration import Exposure
from racemate.chain.laws import bound, hill2

Molar = Annotated[Any, "umol/L"]
Mass = Annotated[Any, "mg/L"]
Share = Annotated[Any, "1"]
Volt = Annotated[Any, "mV"]


class Par(NamedTuple):
    """Dissociation constants, by target then ligand; ``kd_x`` without suffix is the racemate's, used for both enantiomers."""

    kd_nmda_s: Molar
    r_on_kd_nmda: Share
    kd_nmda_norketamine_s: Molar
    kd_nmda_norketamine_r: Molar
    kd_nmda_hnk_s: Molar
    kd_nmda_hnk_r: Molar
    magnesium: Annotated[Any, "mmol/L"]
    kd_magnesium: Annotated[Any, "mmol/L"]
    """Magnesium that halves the open conductance at 0 mV."""
    v_magnesium: Volt
    """Membrane potential over which the block changes e-fold."""
    v_interneuron: Volt
    v_pyramidal: Volt
    v_rest: Volt
    open_interneuron: Share
    """Relative time that NMDA channels of the cell spend open."""
    open_pyramidal: Share
    open_rest: Share
    trapped: Share
    """Share of blocked channels that keep the drug when they close."""
    glun2cd_interneuron: Share
    """Share of the interneuron's NMDA current carried by GluN2C and GluN2D."""
    glun2cd_magnesium: Share
    """Magnesium sensitivity of GluN2C and GluN2D relative to GluN2A and GluN2B."""
    kd_mor_s: Molar
    r_on_kd_mor: Share
    kd_kor_s: Molar
    r_on_kd_kor: Share
    kd_dor: Molar
    efficacy_mor: Share
    """Stimulus per load of ketamine at mu, relative to a full agonist (receptor reserve included)."""
    ec50_potentiation: Molar
    """S-ketamine for half of the allosteric potentiation of mu by enkephalin."""
    r_on_potentiation: Share
    kd_mor_naltrexone: Mass
    kd_mor_buprenorphine: Mass
    efficacy_buprenorphine: Share
    kd_mor_methadone: Mass
    efficacy_methadone: Share
    kd_kor_naltrexone: Mass
    kd_sigma1_s: Molar
    kd_sigma1_r: Molar
    kd_sigma2: Molar
    kd_hcn1: Molar
    kd_alpha7: Molar
    kd_alpha4beta2: Molar
    kd_alpha3beta4: Molar
    kd_net: Molar
    kd_dat: Molar
    kd_sert: Molar
    kd_m1: Molar
    kd_m2: Molar
    kd_m3: Molar
    ec50_hnk: Molar
    """(2R,6R)-hydroxynorketamine for half of its effect on AMPA throughput."""
    ec50_dissociation: Molar
    r_on_dissociation: Share
    ic50_rapamycin: Mass


class Occupancy(NamedTuple):
    """Fractions held, and the loads ``sum(C/Kd)`` that competing ligands add at mu."""

    nmda: Share
    """NMDA pore without magnesium, the quantity that binding assays report."""
    nmda_interneuron: Share
    nmda_pyramidal: Share
    nmda_rest: Share
    mor: Share
    kor: Share
    dor: Share
    mor_stimulus: Share
    """Load of exogenous agonists at mu, weighted by efficacy."""
    mor_ketamine_stimulus: Share
    mor_block: Share
    """Load of antagonists (and the silent part of partial agonists) at mu."""
    mor_blocked: Share
    """Fraction of mu that antagonists hold."""
    kor_blocked: Share
    potentiation: Share
    sigma1: Share
    sigma2: Share
    hcn1: Share
    alpha7: Share
    alpha4beta2: Share
    alpha3beta4: Share
    net: Share
    dat: Share
    sert: Share
    m1: Share
    m2: Share
    m3: Share
    hnk: Share
    dissociation: Share
    mtorc1_blocked: Share


def magnesium_load(p: Par, voltage: Any, xp: Any) -> Any:
    """Load of magnesium on the pore at a membrane potential in mV (jahr-stevens-1990)."""
    return p.magnesium / p.kd_magnesium * xp.exp(-voltage / p.v_magnesium)


def open_fraction(p: Par, voltage: Any, xp: Any) -> Any:
    """Share of the NMDA conductance that magnesium leaves open at a membrane potential in mV."""
    return 1 / (1 + magnesium_load(p, voltage, xp))


def use_dependence(p: Par, opening: Any) -> Any:
    """Factor on the apparent Kd of a trapping blocker where channels are open a share ``opening`` of the time."""
    return 1 + (1 - p.trapped) * (1 - opening) / opening


def nmda_load(x: Exposure, p: Par) -> Any:
    """Sum of C/Kd at the pore over ketamine, norketamine and hydroxynorketamine, without magnesium."""
    return (
        x.ketamine_s / p.kd_nmda_s
        + x.ketamine_r / (p.kd_nmda_s * p.r_on_kd_nmda)
        + x.norketamine_s / p.kd_nmda_norketamine_s
        + x.norketamine_r / p.kd_nmda_norketamine_r
        + x.hnk_s / p.kd_nmda_hnk_s
        + x.hnk_r / p.kd_nmda_hnk_r
    )


def nmda_block(x: Exposure, p: Par, voltage: Any, opening: Any, glun2cd: Any, xp: Any) -> Any:
    """Fraction of the NMDA current blocked in a cell at ``voltage`` whose channels open a share ``opening`` of the time.

    ``glun2cd`` is the share of current with weak magnesium block.
    """
    load = nmda_load(x, p) / use_dependence(p, opening)
    magnesium = magnesium_load(p, voltage, xp)
    usual = bound(load / (1 + magnesium))
    weak = bound(load / (1 + magnesium * p.glun2cd_magnesium))
    return (1 - glun2cd) * usual + glun2cd * weak


def signal(x: Exposure, p: Par, xp: Any) -> Occupancy:
    """Equilibrium occupancy of every target from free brain concentrations."""
    both = x.ketamine_s + x.ketamine_r
    mor_ketamine = x.ketamine_s / p.kd_mor_s + x.ketamine_r / (p.kd_mor_s * p.r_on_kd_mor)
    kor_ketamine = x.ketamine_s / p.kd_kor_s + x.ketamine_r / (p.kd_kor_s * p.r_on_kd_kor)
    buprenorphine = x.buprenorphine / p.kd_mor_buprenorphine
    methadone = x.methadone / p.kd_mor_methadone
    block = x.naltrexone / p.kd_mor_naltrexone + (1 - p.efficacy_buprenorphine) * buprenorphine
    allosteric = (x.ketamine_s + p.r_on_potentiation * x.ketamine_r) / p.ec50_potentiation
    nothing = 0 * p.glun2cd_interneuron
    return Occupancy(
        nmda=bound(nmda_load(x, p)),
        nmda_interneuron=nmda_block(x, p, p.v_interneuron, p.open_interneuron, p.glun2cd_interneuron, xp),
        nmda_pyramidal=nmda_block(x, p, p.v_pyramidal, p.open_pyramidal, nothing, xp),
        nmda_rest=nmda_block(x, p, p.v_rest, p.open_rest, nothing, xp),
        mor=bound(mor_ketamine),
        kor=bound(kor_ketamine),
        dor=bound(both / p.kd_dor),
        mor_stimulus=p.efficacy_buprenorphine * buprenorphine + p.efficacy_methadone * methadone,
        mor_ketamine_stimulus=p.efficacy_mor * mor_ketamine,
        mor_block=block,
        mor_blocked=bound(block),
        kor_blocked=bound(x.naltrexone / p.kd_kor_naltrexone),
        potentiation=bound(allosteric),
        sigma1=bound(x.ketamine_s / p.kd_sigma1_s + x.ketamine_r / p.kd_sigma1_r),
        sigma2=bound(both / p.kd_sigma2),
        hcn1=bound(both / p.kd_hcn1),
        alpha7=bound(both / p.kd_alpha7),
        alpha4beta2=bound(both / p.kd_alpha4beta2),
        alpha3beta4=bound(both / p.kd_alpha3beta4),
        net=bound(both / p.kd_net),
        dat=bound(both / p.kd_dat),
        sert=bound(both / p.kd_sert),
        m1=bound(both / p.kd_m1),
        m2=bound(both / p.kd_m2),
        m3=bound(both / p.kd_m3),
        hnk=bound(x.hnk_r / p.ec50_hnk),
        dissociation=hill2(x.ketamine_s + p.r_on_dissociation * x.ketamine_r, p.ec50_dissociation),
        mtorc1_blocked=bound(x.rapamycin / p.ic50_rapamycin),
    )
