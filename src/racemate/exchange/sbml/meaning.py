"""Meaning: what the parts of a file are, in terms other programs know: SBO terms, and links to papers and databases.

Sources of numbers come from the evidence by DOI.  The terms of the Systems Biology Ontology were read in its own file (SBO_OBO.obo of
EBI-BioModels/SBO).  Entries of UniProt were first recalled, then found beside their gene in public files: see `_TARGETS`.
"""

from collections.abc import Iterable

from racemate.evidence.library import Library

OF, DESCRIBED, TAXON = "isPropertyOf", "isDescribedBy", "hasTaxon"
"""Qualifiers of biomodels.net that are used here."""

_PLACE = "https://identifiers.org/"
HUMAN = f"{_PLACE}taxonomy:9606"
_TARGETS = {
    "occupancy_nmda": "uniprot:Q05586",
    "occupancy_mor": "uniprot:P35372",
    "occupancy_sigma1": "uniprot:Q99720",
}
"""GRIN1, the subunit every NMDA receptor has; OPRM1; SIGMAR1: human entries of UniProt.

Q05586 stands beside GRIN1 in UniProt's own site (ebi-uniprot/uniprot-website, src/uniprotkb/components/__mocks__/swissprotEntry.ts).  The
other two pairs were seen in a public code search only, each in three or more unrelated files whose repositories it does not name; UniProt
itself was out of reach.
"""

_SBO = {
    "amount": "SBO:0000247",
    "rate law": "SBO:0000049",
    "rate constant": "SBO:0000035",
    "dissociation constant": "SBO:0000282",
    "framework": "SBO:0000062",
}
"""Simple chemical; first-order mass action, irreversible, continuous; unimolecular rate constant; dissociation constant; continuous."""


def sbo(kind: str) -> str:
    """Term of the Systems Biology Ontology for a kind of thing."""
    return _SBO[kind]


def of_parameter(name: str, unit: str) -> str | None:
    """Term for a parameter by dotted name and declared unit, where there is one that surely fits."""
    link, _, field = name.partition(".")
    if link == "occupancy" and field.startswith("kd_") and field != "kd_magnesium":
        return _SBO["dissociation constant"]
    return _SBO["rate constant"] if link == "concentration" and field.startswith("k_") and unit == "1/h" else None


def about(reading: str) -> tuple[tuple[str, str], ...]:
    """Qualifier and address of what a reading is about, by id."""
    return ((OF, f"{_PLACE}{_TARGETS[reading]}"),) if reading in _TARGETS else ()


def papers(name: str, known: Library) -> tuple[tuple[str, str], ...]:
    """Qualifier and address of the publications behind a parameter of the evidence, each once."""
    return described(known.stated[name].sources if name in known.stated else (), known)


def described(sources: Iterable[str], known: Library) -> tuple[tuple[str, str], ...]:
    """Qualifier and address of publications by id; what has no DOI has no address."""
    found = dict.fromkeys(known.source(one).doi for one in sources)
    return tuple((DESCRIBED, f"{_PLACE}doi:{doi}") for doi in sorted(found) if doi)
