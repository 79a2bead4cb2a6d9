"""Take from the published data set the people whose events racemate reads, thinned to every fifth hour and every dose.

``python validation/nonmem-events/regenerate.py nmtest.rda`` with the file of nlmixr2data named in the README; the package `rdata`
reads it and is no dependency of racemate.
"""

import sys
from hashlib import sha256
from pathlib import Path

SHA256 = "8a473c0cda6977a4e15f60e2fe72eea9208bd5dbb9993b3c5d2b32b1cb670c16"
KEPT = ["id", "time", "evid", "amt", "rate", "cmt", "addl", "ii", "ss", "cp"]
ENDLESS = 26
"""The person on an endless infusion (AMT 0), which racemate refuses."""
EVERY_H = 5


def main(place: str) -> None:
    import rdata  # pyright: ignore[reportMissingImports] only whoever regenerates needs it

    content = Path(place).read_bytes()
    assert sha256(content).hexdigest() == SHA256, "another file, or another version of it"
    table = rdata.read_rda(place)["nmtest"]
    plain = table.groupby("id").filter(lambda g: bool(((g.lagt == 0) & (g.bioav == 1) & (g["mode"] == 0)).all()))
    plain = plain[plain["id"] != ENDLESS]
    dosed = plain.set_index(["id", "time"]).index.isin(plain[plain["evid"] != 0].set_index(["id", "time"]).index)
    thinned = plain[dosed | (plain["time"] % EVERY_H == 1)]
    out = Path(__file__).with_name("reference.csv")
    thinned[KEPT].to_csv(out, index=False)
    print(f"{len(thinned)} rows of {thinned['id'].nunique()} people")


if __name__ == "__main__":
    main(sys.argv[1])
