"""Follow: the people of an event table drawn, dosed as the table says, and read at its rows.

Weight, age, sex and ancestry come from the table where it has them; all else is drawn from the population by seed and id, so a person
is the same in any table.  The state before the first dose, and after a reset, is empty.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import log
from pathlib import Path
from shlex import join
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from racemate.chain import concentration
from racemate.chain.dose import ENANTIOMERS
from racemate.evidence.finding import EvidenceError
from racemate.evidence.library import library
from racemate.exchange.dosing.expand import Stretch, expand
from racemate.exchange.dosing.schedule import plan
from racemate.exchange.dosing.sidecar import read_sidecar
from racemate.exchange.dosing.table import Table, read_table, written
from racemate.exchange.run import TablesRun
from racemate.hypothesis import default
from racemate.model import Model, inform
from racemate.people.cohort import Cohort, draw
from racemate.people.population import Population, covariates
from racemate.readings import numeric
from racemate.report.run.manifest import Clock, describe, own_cards, stored_card

if TYPE_CHECKING:
    import pandas as pd

    from racemate.trial.replicate import Report

Floats = NDArray[np.float64]
SETTLED = 1e-9
"""Share of a dose that may be left when the next steady state begins, in the typical person's slowest compartment."""
_MOST_VALUES = 200_000_000
_ID_BITS = 32
_ANALYTES = {
    "ketamine_s": ("ketamine_s", "norketamine_s", "hnk_s"),
    "ketamine_r": ("ketamine_r", "norketamine_r", "hnk_r"),
}
_WHOLE = ("ID", "EVID", "CMT", "ADDL", "SS", "MDV", "DOSENO", "REP")
_PERSON = {"WT": "weight", "AGE": "age"}


@dataclass(frozen=True)
class Dosed(TablesRun):
    """An event table carried out: data frame ``simulated`` (a row per row of the table and replicate) and the table itself."""

    table: Table | None = field(default=None, repr=False)

    @property
    def simulated(self) -> pd.DataFrame:
        """Rows of the table with plasma concentrations, expected scores, TAD, DOSENO and REP; missing where there is none."""
        return self.frames["simulated"]


def follow(
    data: str | Path,
    units: str | Path | None = None,
    hypothesis: str | None = None,
    replicates: int = 1,
    seed: int = 1,
    typical: bool = False,
    progress: Report | None = None,
    jobs: int | None = None,
    posterior: str | None = None,
) -> Dosed:
    """Carry out an event table under one card (default: the default card).

    ``units`` is the sidecar (default: the table's name with ``.toml``).  Each of ``replicates`` draws population parameters anew; with
    ``typical`` they sit at their medians, and people still differ.  ``posterior`` is as in `racemate.simulate`.  Raises EvidenceError and HypothesisError for
    what cannot be run.
    """
    clock = Clock()
    _allow(replicates, seed)
    sidecar = Path(units) if units is not None else Path(data).with_suffix(".toml")
    table = read_table(data, read_sidecar(sidecar))
    name = hypothesis or default()
    model = inform(name, posterior)
    parts = [_replicate(table, model, k, seed, typical, progress, jobs) for k in range(replicates)]
    import pandas as pd

    inputs = {f"inputs/{Path(data).name}": Path(data).read_bytes(), f"inputs/{sidecar.name}": sidecar.read_bytes()}
    inputs |= own_cards([name])
    arguments = {"data": str(data), "units": str(sidecar), "hypotheses": [name], "replicates": replicates, "seed": seed}
    arguments |= {"typical": typical, "posterior": posterior}
    drugs = {one.drug for one in table.sidecar.cmt.values()}
    manifest = describe("dose", arguments, [model], drugs, [], inputs, clock, typical)
    manifest |= {"command_line": _command_line(arguments)}
    manifest |= {"table": {"people": len(table.people()), "rows": len(table.rows), "columns": list(table.columns)}}
    frames = {"simulated": pd.concat(parts, ignore_index=True)}
    return Dosed(frames, manifest, {**inputs, "events.csv": written(table).encode()}, table)


def repeat(manifest: Mapping[str, Any], folder: Path, progress: Report | None, jobs: int | None) -> Dosed:
    """Run again what a manifest tells, from the copies of table, sidecar and cards in its folder."""
    told = dict(manifest["arguments"])
    data, units = (folder / "inputs" / Path(told.pop(name)).name for name in ("data", "units"))
    card = stored_card(told.pop("hypotheses")[0], folder)
    return follow(data, units, card, **told, progress=progress, jobs=jobs)


def _command_line(arguments: Mapping[str, Any]) -> str:
    """The command that asks for the same run."""
    words = ["racemate", "dose", arguments["data"], "--units", arguments["units"]]
    words += ["--hypothesis", arguments["hypotheses"][0], "--replicates", str(arguments["replicates"])]
    words += [] if arguments["posterior"] is None else ["--posterior", arguments["posterior"]]
    return join([*words, "--seed", str(arguments["seed"]), *(["--typical"] if arguments["typical"] else [])])


def _allow(replicates: int, seed: int) -> None:
    for name, value, low, high in (("replicates", replicates, 1, 1_000_000), ("seed", seed, 0, 2**63 - 1)):
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or not low <= value <= high:
            raise EvidenceError("dose", name, repr(value), f"a whole number from {low} to {high}")


def _replicate(
    table: Table, model: Model, replicate: int, seed: int, typical: bool, progress: Report | None, jobs: int | None
) -> pd.DataFrame:
    from racemate.simulate.run import run

    people = list(table.people())
    once = cohort(table, model, people, replicate, seed, typical)
    settle = settling(model, once)
    places = {person: k for k, person in enumerate(people)}
    stretches = expand(table, lambda person, drug: settle[drug][places[person]])
    lanes = cohort(table, model, [stretch.person for stretch in stretches], replicate, seed, typical)
    done = plan(stretches, model.typical.dose, table.sidecar.context)
    names = read_names(table)
    _small_enough(table, len(done.visits_h) * len(names) * done.people)
    told = None if progress is None else lambda ready, total: progress(f"replicate {replicate + 1}", ready, total)
    found = run(lanes, done, names, progress=told, threads=jobs)
    return _frame(table, stretches, done.visits_h, {name: found[name] for name in names}, replicate)


def _small_enough(table: Table, values: int) -> None:
    if values > _MOST_VALUES:
        raise EvidenceError(
            table.file, "TIME", f"{values} numbers to keep", f"at most {_MOST_VALUES}: split the table by people"
        )


def cohort(table: Table, model: Model, people: Sequence[int], replicate: int, seed: int, typical: bool) -> Cohort:
    """The people of a table by id; what the table says of them stands, the rest is drawn."""
    ids = np.array(people, dtype=np.uint64) | (np.uint64(replicate) << np.uint64(_ID_BITS))
    population = Population.typical()
    drawn = covariates(seed, ids, population, {})
    given = {name: np.array(getattr(drawn, name)) for name in drawn._fields}
    for column, traits in (*((c, {n: None}) for c, n in _PERSON.items()), *_traits(table)):
        told = table.covariate(column)
        for k, person in enumerate(people):
            for name, codes in traits.items() if person in told else ():
                given[name][k] = told[person] if codes is None else float(told[person] in codes)
    return draw(model, seed, ids, np.full(len(ids), replicate), population, given, uncertain=not typical)


def _traits(table: Table) -> list[tuple[str, dict[str, Any]]]:
    race = table.sidecar.race
    return [
        ("SEX", {"female": table.sidecar.sex.female}),
        ("RACE", {"asian": (*race.asian, *race.japanese), "japanese": race.japanese}),
    ]


def settling(model: Model, people: Cohort) -> dict[str, Floats]:
    """Hours until only SETTLED is left of a drug's slowest compartment, by drug, one per person."""
    from racemate.chain import dose as dosing

    par = model.unpack(people.table).concentration
    moves = concentration.transfers(par)
    found: dict[str, Floats] = {}
    for drug in dosing.drugs():
        bodies = ENANTIOMERS.get(drug, (drug,))
        found[drug] = np.max([_slowest_h(moves[body], body, people.people) for body in bodies], axis=0)
    return found


def _slowest_h(moves: Any, body: str, people: int) -> Floats:
    names = concentration.State.__annotations__[body]._fields
    layout = numeric.Layout(body, names, (), ())
    like = np.zeros(people)
    rows = numeric.generator(layout, moves, np, like)
    matrix = np.stack([np.stack([like if cell is None else cell for cell in row]) for row in rows])
    rates = -np.linalg.eigvals(np.moveaxis(matrix, 2, 0)).real
    return -log(SETTLED) / np.where(rates > 0, rates, np.inf).min(axis=1)


def read_names(table: Table) -> tuple[str, ...]:
    """Dotted names of what is read: plasma of every drug that the sidecar names, with its metabolites, and the scores."""
    from racemate.chain.score import Score

    drugs = [compartment.drug for compartment in table.sidecar.cmt.values()]
    bodies = dict.fromkeys(body for drug in drugs for body in ENANTIOMERS.get(drug, (drug,)))
    analytes = [name for body in bodies for name in _ANALYTES.get(body, (body,))]
    known = concentration.Plasma._fields
    return (*(f"plasma.{name}" for name in analytes if name in known), *(f"score.{name}" for name in Score._fields))


def _frame(
    table: Table, stretches: Sequence[Stretch], visits_h: Floats, found: Mapping[str, Floats], replicate: int
) -> pd.DataFrame:
    """Rows in the order of the table: what was read, time after dose, doses so far, and every column of the table."""
    import pandas as pd

    hour, bounds = table.sidecar.inside("time"), _bounds()
    where = {
        reading.row: (lane, int(np.searchsorted(visits_h, reading.hour)), reading)
        for lane, stretch in enumerate(stretches)
        for reading in stretch.readings
    }
    rows: list[dict[str, Any]] = []
    for k, row in enumerate(table.rows):
        lane, visit, reading = where[k]
        line: dict[str, Any] = {table.named("ID"): row.person, table.named("TIME"): row.get("TIME")}
        for name, values in found.items():
            link, _, signal = name.partition(".")
            size = table.sidecar.inside("concentration") if link == "plasma" else 1.0
            line[table.named(signal)] = float(
                np.clip(values[visit, lane] * size, *bounds.get(signal, (-np.inf, np.inf)))
            )
        since = None if reading.last_h is None else max((row.get("TIME") * hour - reading.last_h) / hour, 0.0)
        line |= {table.named("TAD"): since, table.named("DOSENO"): reading.doses, table.named("REP"): replicate + 1}
        known = {name.upper() for name in line}
        line |= {
            name: row.number[name.upper()]
            for name in table.columns
            if name.upper() in row.number and name.upper() not in known
        }
        line |= {name: cell for name, cell in row.carried.items() if name.upper() not in known}
        rows.append(line)
    frame = pd.DataFrame(rows)
    numbers = [name for name in frame.columns if name not in table.rows[0].carried]
    return frame.astype({name: "Int64" if name.upper() in _WHOLE else "Float64" for name in numbers})


def _bounds() -> dict[str, tuple[float, float]]:
    """Lowest and highest score of every rating scale."""
    return {name: scale.range for name, scale in library().scales.items()}
