"""Covariates: what is known of a person before any dose.  Numbers about people at large live in evidence, not here."""

from typing import Annotated, Any, NamedTuple


class Person(NamedTuple):
    """One person, or a cohort when the fields are arrays of equal length."""

    age: Annotated[Any, "year"]
    weight: Annotated[Any, "kg"]
    female: Annotated[Any, "1"]
    asian: Annotated[Any, "1"]
    japanese: Annotated[Any, "1"]
    oprm1_g: Annotated[Any, "1"]
    """1 for carriers of the minor allele of rs1799971, 0 otherwise."""


def switched(ratio: Any, carries: Any) -> Any:
    """Multiplier that is ``ratio`` for those who carry a trait (1) and one for those who do not (0)."""
    return 1 + carries * (ratio - 1)
