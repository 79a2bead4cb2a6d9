"""Event tables small enough to read, as a user would write them."""

from racemate.exchange.dosing.sidecar import Codes, Compartment, Sidecar

SIDECAR = Sidecar(
    time="h",
    amount="mg",
    weight="kg",
    cmt={
        1: Compartment(drug="midazolam", route="iv"),
        2: Compartment(drug="methadone", route="oral"),
        3: Compartment(drug="esketamine", route="oral"),
        4: Compartment(drug="esketamine", route="intranasal"),
        5: Compartment(drug="ketamine", route="iv"),
    },
    sex=Codes(male=(1,), female=(2,)),
    race=Codes(other=(1,), asian=(2,), japanese=(3,)),
)

HEAD = "ID,TIME,EVID,AMT,RATE,CMT,ADDL,II,SS,MDV,DV,WT"


def text(*rows: str, head: str = HEAD) -> str:
    """A table from a line of names and lines of cells; a row that is short is filled with missing cells."""
    width = head.count(",") + 1
    return (
        "\n".join([head, *(",".join([*row.split(","), *["."] * (width - row.count(",") - 1)]) for row in rows)]) + "\n"
    )


SIDECAR_TEXT = """\
time   = "h"
amount = "mg"
weight = "kg"

[cmt.1]
drug  = "ketamine"
route = "iv"
"""
