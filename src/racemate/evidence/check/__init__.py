"""Every rule the evidence must keep; a rule is a small function, and its name says what must hold.

A rule yields a finding per fault: file, field, what was found, what is allowed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from racemate.evidence.check import claims, links, sources, synthesis, trials
from racemate.evidence.finding import Finding
from racemate.evidence.library import Library

RULES = (*sources.RULES, *claims.RULES, *trials.RULES, *synthesis.RULES)
"""The rules that need nothing but the library."""


def check(
    library: Library, declared: Mapping[str, str] | None = None, cited: Collection[str] = ()
) -> dict[str, tuple[Finding, ...]]:
    """The findings of every broken rule, by the rule's name; an empty dictionary means that all is well.

    `declared` is the unit each `link.field` of the chain declares; without it no parameter is held to a link.
    `cited` names the sources that hypothesis cards and the claims ledger lean on.
    """
    found = {"reads": library.findings, "source_is_used": sources.source_is_used(library, cited)}
    found |= {rule.__name__: rule(library) for rule in RULES}
    if declared is not None:
        found |= {rule.__name__: rule(library, declared) for rule in links.RULES}
    broken = {name: tuple(sorted(set(findings))) for name, findings in found.items()}
    return {name: findings for name, findings in broken.items() if findings}
