"""Concentration: what the body does to the drug.  In: amounts per compartment.  Out: Exposure (free, brain) and Plasma (total, venous).

Law: linear kinetics.  Each enantiomer has the disposition of perez-ruixo-2021 (central, two peripherals, hepato-portal first pass,
norketamine) with an effect site (olofsen-2012) and hydroxynorketamine after norketamine (hasan-2021).  R differs from S by ratios.
Naltrexone is held in the brain for days after plasma is empty (lee-1988).
"""

from typing import Annotated, Any, NamedTuple

from racemate.chain.laws import Person, Transfer, switched

Mg = Annotated[Any, "mg"]
PerHour = Annotated[Any, "1/h"]
Litre = Annotated[Any, "L"]
Flow = Annotated[Any, "L/h"]
Ratio = Annotated[Any, "1"]
Molar = Annotated[Any, "umol/L"]
Mass = Annotated[Any, "mg/L"]


class Ketamine(NamedTuple):
    """Amounts of one enantiomer and its metabolites; metabolites in mg of the ketamine they were made from."""

    nasal: Mg
    mucosa: Mg
    muscle: Mg
    skin: Mg
    gut: Mg
    oral: Mg
    liver: Mg
    central: Mg
    shallow: Mg
    deep: Mg
    brain: Mg
    norketamine: Mg
    norketamine_deep: Mg
    hnk: Mg


class Naltrexone(NamedTuple):
    """Amounts of naltrexone; ``held`` is what the brain keeps long after plasma is empty."""

    gut: Mg
    depot_early: Mg
    depot_late: Mg
    eroding: Mg
    central: Mg
    held: Mg


class Buprenorphine(NamedTuple):
    """Amounts of buprenorphine."""

    mucosa: Mg
    central: Mg
    deep: Mg


class Midazolam(NamedTuple):
    """Amounts of midazolam; ``shallow`` fills within the hour, ``deep`` within the day."""

    gut: Mg
    central: Mg
    shallow: Mg
    deep: Mg


class Absorbed(NamedTuple):
    """Amounts of a drug with a gut, a central and one deep compartment."""

    gut: Mg
    central: Mg
    deep: Mg


class State(NamedTuple):
    """Amounts in every body of the chain."""

    ketamine_s: Ketamine
    ketamine_r: Ketamine
    naltrexone: Naltrexone
    buprenorphine: Buprenorphine
    methadone: Absorbed
    midazolam: Midazolam
    rapamycin: Absorbed


class Par(NamedTuple):
    """Rates, flows and volumes; ``r_on_*`` are ratios of R-ketamine to S-ketamine."""

    molar_mass: Annotated[Any, "mg/umol"]
    molar_mass_norketamine: Annotated[Any, "mg/umol"]
    fu: Ratio
    """Unbound fraction of ketamine in plasma."""
    kp_brain: Ratio
    """Unbound brain over unbound plasma at steady state."""
    fu_norketamine: Ratio
    kp_norketamine: Ratio
    kp_hnk: Ratio
    """Unbound brain over total plasma hydroxynorketamine."""
    k_nasal: PerHour
    k_mucosa: PerHour
    k_muscle: PerHour
    k_skin: PerHour
    k_gut: PerHour
    k_oral: PerHour
    v_central: Litre
    v_shallow: Litre
    v_deep: Litre
    v_liver: Litre
    q_shallow: Flow
    q_deep: Flow
    q_liver: Flow
    age_on_q_liver: Annotated[Any, "1/year"]
    age_reference: Annotated[Any, "year"]
    k_other: PerHour
    """Hepatic elimination to metabolites other than norketamine."""
    asian_on_k_other: Ratio
    k_norketamine: PerHour
    """Hepatic elimination to norketamine."""
    r_on_hepatic: Ratio
    """R over S intrinsic hepatic elimination."""
    k_effect: PerHour
    v_norketamine: Litre
    """Apparent volumes and clearances turn mg of ketamine into mg/L of norketamine as measured."""
    cl_norketamine: Flow
    asian_on_cl_norketamine: Ratio
    v_norketamine_deep: Litre
    q_norketamine: Flow
    f_hnk: Ratio
    """Share of eliminated norketamine that becomes hydroxynorketamine."""
    v_hnk: Litre
    cl_hnk: Flow
    r_on_cl_hnk: Ratio
    k_naltrexone: PerHour
    v_naltrexone: Litre
    cl_naltrexone: Flow
    k_naltrexone_into_brain: PerHour
    k_naltrexone_from_brain: PerHour
    k_xr_early: PerHour
    """Release of the share that a depot gives up on the first day."""
    k_xr_late: PerHour
    """Wetting of the rest of the depot."""
    k_xr_eroding: PerHour
    """Release of what has been wetted."""
    k_buprenorphine: PerHour
    v_buprenorphine: Litre
    cl_buprenorphine: Flow
    v_buprenorphine_deep: Litre
    q_buprenorphine: Flow
    k_methadone: PerHour
    v_methadone: Litre
    cl_methadone: Flow
    v_methadone_deep: Litre
    q_methadone: Flow
    k_midazolam: PerHour
    v_midazolam: Litre
    cl_midazolam: Flow
    v_midazolam_shallow: Litre
    q_midazolam_shallow: Flow
    v_midazolam_deep: Litre
    q_midazolam: Flow
    k_rapamycin: PerHour
    v_rapamycin: Litre
    cl_rapamycin: Flow
    v_rapamycin_deep: Litre
    q_rapamycin: Flow


class Exposure(NamedTuple):
    """What the brain sees: free concentrations of ketamine and its metabolites, brain-equivalent concentrations of opioid ligands."""

    ketamine_s: Molar
    ketamine_r: Molar
    norketamine_s: Molar
    norketamine_r: Molar
    hnk_s: Molar
    hnk_r: Molar
    naltrexone: Mass
    buprenorphine: Mass
    methadone: Mass
    rapamycin: Mass


class Plasma(NamedTuple):
    """What a venous sample would show: total concentrations; hydroxynorketamine as mg of ketamine."""

    ketamine_s: Mass
    ketamine_r: Mass
    norketamine_s: Mass
    norketamine_r: Mass
    hnk_s: Mass
    hnk_r: Mass
    naltrexone: Mass
    buprenorphine: Mass
    methadone: Mass
    midazolam: Mass


def individual(p: Par, who: Person, xp: Any) -> Par:
    """Covariates of disposition: hepatic blood flow falls with age; Asian people eliminate less by the other route and the metabolite."""
    older = xp.maximum(who.age - p.age_reference, 0 * p.age_reference)
    return p._replace(
        q_liver=p.q_liver * (1 + p.age_on_q_liver * older),
        k_other=p.k_other * switched(p.asian_on_k_other, who.asian),
        cl_norketamine=p.cl_norketamine * switched(p.asian_on_cl_norketamine, who.asian),
    )


def _ketamine(p: Par, on_hepatic: Any, on_cl_hnk: Any) -> tuple[Transfer, ...]:
    to_hnk = p.f_hnk * p.cl_norketamine / p.v_norketamine
    return (
        Transfer("nasal", "central", p.k_nasal),
        Transfer("mucosa", "central", p.k_mucosa),
        Transfer("muscle", "central", p.k_muscle),
        Transfer("skin", "central", p.k_skin),
        Transfer("gut", "liver", p.k_gut),
        Transfer("oral", "liver", p.k_oral),
        Transfer("central", "liver", p.q_liver / p.v_central),
        Transfer("liver", "central", p.q_liver / p.v_liver),
        Transfer("central", "shallow", p.q_shallow / p.v_central),
        Transfer("shallow", "central", p.q_shallow / p.v_shallow),
        Transfer("central", "deep", p.q_deep / p.v_central),
        Transfer("deep", "central", p.q_deep / p.v_deep),
        Transfer("liver", None, p.k_other * on_hepatic),
        Transfer("liver", "norketamine", p.k_norketamine * on_hepatic),
        Transfer("central", "brain", p.k_effect, keeps=True),
        Transfer("brain", None, p.k_effect),
        Transfer("norketamine", "norketamine_deep", p.q_norketamine / p.v_norketamine),
        Transfer("norketamine_deep", "norketamine", p.q_norketamine / p.v_norketamine_deep),
        Transfer("norketamine", "hnk", to_hnk),
        Transfer("norketamine", None, p.cl_norketamine / p.v_norketamine - to_hnk),
        Transfer("hnk", None, p.cl_hnk * on_cl_hnk / p.v_hnk),
    )


def _naltrexone(p: Par) -> tuple[Transfer, ...]:
    return (
        Transfer("gut", "central", p.k_naltrexone),
        Transfer("depot_early", "central", p.k_xr_early),
        Transfer("depot_late", "eroding", p.k_xr_late),
        Transfer("eroding", "central", p.k_xr_eroding),
        Transfer("central", None, p.cl_naltrexone / p.v_naltrexone),
        Transfer("central", "held", p.k_naltrexone_into_brain, keeps=True),
        Transfer("held", None, p.k_naltrexone_from_brain),
    )


def _midazolam(p: Par) -> tuple[Transfer, ...]:
    return (
        *_absorbed("gut", p.k_midazolam, p.v_midazolam, p.cl_midazolam, p.v_midazolam_deep, p.q_midazolam),
        Transfer("central", "shallow", p.q_midazolam_shallow / p.v_midazolam),
        Transfer("shallow", "central", p.q_midazolam_shallow / p.v_midazolam_shallow),
    )


def _absorbed(source: str, k: Any, v: Any, cl: Any, v_deep: Any, q: Any) -> tuple[Transfer, ...]:
    return (
        Transfer(source, "central", k),
        Transfer("central", None, cl / v),
        Transfer("central", "deep", q / v),
        Transfer("deep", "central", q / v_deep),
    )


def transfers(p: Par) -> dict[str, tuple[Transfer, ...]]:
    """First-order transfers of every body, by body name; rates per hour."""
    return {
        "ketamine_s": _ketamine(p, 1, 1),
        "ketamine_r": _ketamine(p, p.r_on_hepatic, p.r_on_cl_hnk),
        "naltrexone": _naltrexone(p),
        "buprenorphine": _absorbed(
            "mucosa",
            p.k_buprenorphine,
            p.v_buprenorphine,
            p.cl_buprenorphine,
            p.v_buprenorphine_deep,
            p.q_buprenorphine,
        ),
        "methadone": _absorbed("gut", p.k_methadone, p.v_methadone, p.cl_methadone, p.v_methadone_deep, p.q_methadone),
        "midazolam": _midazolam(p),
        "rapamycin": _absorbed("gut", p.k_rapamycin, p.v_rapamycin, p.cl_rapamycin, p.v_rapamycin_deep, p.q_rapamycin),
    }


def signal(y: State, p: Par) -> Exposure:
    """Free brain concentrations from amounts; ketamine lags plasma by its effect site, metabolites are taken at plasma."""
    free = p.kp_brain * p.fu / (p.v_central * p.molar_mass)
    nor = p.kp_norketamine * p.fu_norketamine / (p.v_norketamine * p.molar_mass_norketamine)
    hnk = p.kp_hnk / (p.v_hnk * p.molar_mass)
    s, r = y.ketamine_s, y.ketamine_r
    return Exposure(
        ketamine_s=free * s.brain,
        ketamine_r=free * r.brain,
        norketamine_s=nor * s.norketamine,
        norketamine_r=nor * r.norketamine,
        hnk_s=hnk * s.hnk,
        hnk_r=hnk * r.hnk,
        naltrexone=(y.naltrexone.central + y.naltrexone.held) / p.v_naltrexone,
        buprenorphine=y.buprenorphine.central / p.v_buprenorphine,
        methadone=y.methadone.central / p.v_methadone,
        rapamycin=y.rapamycin.central / p.v_rapamycin,
    )


def plasma(y: State, p: Par) -> Plasma:
    """Total venous plasma concentrations from amounts."""
    s, r = y.ketamine_s, y.ketamine_r
    return Plasma(
        ketamine_s=s.central / p.v_central,
        ketamine_r=r.central / p.v_central,
        norketamine_s=s.norketamine / p.v_norketamine,
        norketamine_r=r.norketamine / p.v_norketamine,
        hnk_s=s.hnk / p.v_hnk,
        hnk_r=r.hnk / p.v_hnk,
        naltrexone=y.naltrexone.central / p.v_naltrexone,
        buprenorphine=y.buprenorphine.central / p.v_buprenorphine,
        methadone=y.methadone.central / p.v_methadone,
        midazolam=y.midazolam.central / p.v_midazolam,
    )
