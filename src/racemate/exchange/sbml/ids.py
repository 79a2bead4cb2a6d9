"""Ids: what a number of the chain is called in an SBML file, from its name in the symbolic reading.

Readings keep the names of the engine with the dot as an underscore (``score_madrs``), parameters those of the evidence
(``occupancy_kd_nmda_s``).
"""

import re
from typing import Any

_BODIES = "concentration.State"


def of(symbol: Any) -> str:
    """Id of a symbol named ``link.Class.field``; of a symbol that names no record, its name."""
    link, _, rest = str(symbol.name).partition(".")
    cls, _, field = rest.partition(".")
    if not field:
        return link
    return plain(f"{_group(link, cls)}.{field}")


def _group(link: str, cls: str) -> str:
    """What stands before the field: the link of a parameter, ``state`` and the link of a slow state, else the signal."""
    if cls == "Par":
        return link
    if f"{link}.{cls}" == _BODIES:
        return "amount"
    return f"state.{link}" if cls == "State" else cls.lower()


def plain(name: str) -> str:
    """A name as an id, which may hold letters, digits and underscores."""
    return re.sub(r"\W", "_", name, flags=re.ASCII)
