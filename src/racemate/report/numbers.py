"""Numbers: what the evidence says about a number, as tables: its prior, every claim about it, and how far the claims lie apart."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from itertools import combinations
from math import fsum, hypot, isfinite
from typing import TYPE_CHECKING, Any, cast, get_args

from racemate.evidence.finding import EvidenceError, nearest
from racemate.evidence.library import Library, library
from racemate.evidence.pool import Z95, law_of, standing
from racemate.evidence.prior import Prior, bring, carry
from racemate.evidence.record import Claim, How, Law, Parameter, Quantity, Stated
from racemate.units import convert

if TYPE_CHECKING:
    import pandas as pd

_RANGE = (0.025, 0.975)
_RULES: dict[Law, str] = {"lognormal": "lognormal-meta", "logit-normal": "logit-meta", "normal": "normal-meta"}
_COLUMNS = (
    *("name", "kind", "link", "label", "unit", "drug", "target", "values", "median", "low", "high", "vary"),
    *("claims", "doubtful", "ratio", "z", "between"),
)
Row = dict[str, Any]


def evidence(
    text: str = "",
    link: str = "",
    doubtful: bool = False,
    *,
    drug: str = "",
    target: str = "",
    source: str = "",
    how: str = "",
    disagreements: bool = False,
) -> pd.DataFrame:
    """Numbers of the evidence, one row each: those of the chain, then the quantities that no link reads.

    Columns: name, kind (parameter or quantity), link, label, unit, drug, target, values (of the claims, in that unit), median and 95 % range of
    the prior (none for a quantity), vary, claims, doubtful, ratio, z, between.  Every filter given must hold: ``text`` is looked for in names, labels and notes; ``link`` is a link of the chain; ``drug``, ``target``
    and ``source`` are names; ``how`` is how one of the claims was read; ``doubtful`` keeps numbers that nobody read in a source;
    ``disagreements`` keeps those whose claims differ by more than their spreads, the most first.  ``ratio`` is that of the largest to the
    smallest claim, ``z`` the largest difference of two claims in standard deviations, ``between`` names these two.  Raises EvidenceError
    for a word that nobody knows.
    """
    import pandas as pd

    known = library()
    for section, word in (("link", link), ("drug", drug), ("target", target)):
        _known(section, word, known.vocabulary[section])
    _known("source", source, known.sources)
    _known("how", how, get_args(How))
    found = known.select(
        text=text,
        link=link,
        drug=drug,
        target=target,
        source=source,
        how=cast(How, how) if how else None,
        doubtful=doubtful,
    )
    rows = [_row(known, one) for one in found]
    if disagreements:
        rows = sorted((row for row in rows if (row["z"] or 0.0) > Z95), key=lambda row: -row["z"])
    return pd.DataFrame(rows, columns=list(_COLUMNS))


def interval(prior: Prior) -> tuple[Any, Any]:
    """Ends of the 95 % range of a prior, lists where the number is a list; None and None for a number that is fixed."""
    if prior.law == "fixed":
        return None, None
    low, high = (prior.quantile(u) for u in _RANGE)
    return low.tolist(), high.tolist()


def claims(name: str) -> pd.DataFrame:
    """Claims about one number, a row for each value: value and 95 % range in the number's unit, how it was read, source, place, system.

    ``low`` and ``high`` are missing where the source states no spread; ``pooled`` tells whether the claim enters the prior, ``doubtful``
    whether nobody read it in a source.  Raises EvidenceError with the nearest match for an unknown name.
    """
    import pandas as pd

    stated = library().number(name)
    law = _law(stated)
    rows = [row for number, claim in enumerate(stated.claims, 1) for row in _claim(stated, claim, law, number)]
    table = pd.DataFrame(rows)
    return table.astype({"low": float, "high": float})


def about(name: str) -> Row:
    """One number as an object: the whole record with the file it stands in, its prior, and its claims with their 95 % ranges.

    The prior of a quantity is None, since no link reads it.  Raises EvidenceError with the nearest match for an unknown name.
    """
    from racemate.report.run.folder import records

    known = library()
    stated = known.number(name)
    return {
        **stated.model_dump(mode="json", by_alias=True, exclude_defaults=True),
        "prior": _prior(known.prior(name)) if isinstance(stated, Parameter) else None,
        "claims": records(claims(name)),
        "files": [stated.file, *(f"evidence/sources/{source}.toml" for source in stated.sources)],
    }


def _prior(prior: Prior) -> Row:
    low, high = interval(prior)
    ends = None if low is None else [low, high]
    return {"law": prior.law, "median": prior.median, "low": prior.low, "high": prior.high, "interval95": ends}


def _known(field: str, word: str, names: Collection[str]) -> None:
    if word and word not in names:
        raise EvidenceError("evidence", field, repr(word), nearest(word, names))


def _row(known: Library, one: Parameter | Quantity) -> Row:
    apart = _apart(known, one)
    median = low = high = None
    if isinstance(one, Parameter):
        prior = known.prior(one.name)
        median = list(prior.median) if isinstance(prior.median, tuple) else float(prior.median)
        low, high = interval(prior)
    return {
        "name": one.name,
        "kind": "parameter" if isinstance(one, Parameter) else "quantity",
        "link": one.link,
        "label": one.label,
        "unit": one.unit,
        "drug": one.drug,
        "target": one.target,
        "values": [value for claim in one.claims for value in _natural(one, claim)],
        "median": median,
        "low": low,
        "high": high,
        "vary": one.vary if isinstance(one, Parameter) else None,
        "claims": len(one.claims),
        "doubtful": any(claim.doubtful for claim in one.claims if claim.pooled),
        "ratio": None if apart is None else apart.ratio,
        "z": None if apart is None else apart.z,
        "between": "" if apart is None else " and ".join(apart.between),
    }


@dataclass(frozen=True)
class _Apart:
    """How far the claims about a number lie apart, among those about the same people."""

    ratio: float | None
    z: float
    between: tuple[str, str]


def _apart(known: Library, one: Parameter | Quantity) -> _Apart | None:
    """None where no two claims speak of the same people, and for a list; a claim without spread is given the one pooling would give it."""
    law = _law(one)
    pairs = [(a, b) for a, b in combinations(range(len(one.claims)), 2) if _comparable(one.claims[a], one.claims[b])]
    if not pairs or law == "fixed" or any(isinstance(c.value, tuple) for c in one.claims):
        return None
    values = [_natural(one, claim)[0] for claim in one.claims]
    unstated = 0.0
    if known.judgement is not None:
        size = fsum(map(abs, values)) / len(values) if law == "normal" else 1.0
        unstated = known.judgement.between_claims[_RULES[law]].unstated * size
    stands = [(*standing(one, claim, law, unstated), claim.source or claim.how) for claim in one.claims]
    z, first, second = max(((_distance(stands[a], stands[b]), a, b) for a, b in pairs), key=lambda found: found[0])
    among = [values[number] for number in {number for pair in pairs for number in pair}]
    ratio = max(among) / min(among) if min(among) > 0 else None
    return _Apart(ratio, z, (stands[first][2], stands[second][2]))


def _comparable(first: Claim, second: Claim) -> bool:
    return first.population == second.population


def _distance(first: tuple[float, float, str], second: tuple[float, float, str]) -> float:
    apart = abs(first[0] - second[0])
    return apart / hypot(first[1], second[1]) if apart else 0.0


def _law(one: Stated) -> Law:
    """The law of the prior, log-normal for a quantity; or a normal one where a claim lies at an end of that law's scale."""
    law = law_of(one, one.pooled or one.claims) if isinstance(one, Parameter) else "lognormal"
    inside = all(isfinite(carry(law, value)) for claim in one.claims for value in _natural(one, claim))
    return law if inside else "normal"


def _natural(one: Stated, claim: Claim) -> tuple[float, ...]:
    values = claim.value if isinstance(claim.value, tuple) else (claim.value,)
    return tuple(convert(value, claim.unit or one.unit, one.unit) for value in values)


def _claim(one: Stated, claim: Claim, law: Law, number: int) -> list[Row]:
    rows: list[Row] = []
    for value in _natural(one, claim):
        low = high = None
        if claim.spread.kind != "none" and law != "fixed" and not isinstance(claim.value, tuple):
            centre, sd = standing(one, claim, law)
            low, high = (bring(law, centre + side * Z95 * sd) for side in (-1, 1))
        rows.append(
            {
                "claim": number,
                "value": value,
                "low": low,
                "high": high,
                "how": claim.how,
                "source": claim.source,
                "place": claim.place,
                "system": ", ".join(word for word in (claim.species, claim.system, claim.population) if word),
                "pooled": claim.pooled,
                "doubtful": claim.doubtful,
                "note": claim.note,
            }
        )
    return rows
