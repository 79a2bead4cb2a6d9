"""What comes back from an event table is what closed forms of linear kinetics say, and each person stands alone.

The judge shares the chain's list of transfers and nothing else: states by scipy's matrix exponential, steady state by inverting
``1 - exp(A II)``, infusions by the resolvent of ``A``.  Observations that follow a dose of the same hour are read six seconds later.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.linalg import expm

from racemate import cli
from racemate.chain import concentration, dose
from racemate.exchange.dosing.expand import expand
from racemate.exchange.dosing.follow import SETTLED, Dosed, cohort, follow, settling
from racemate.exchange.dosing.schedule import plan
from racemate.exchange.dosing.table import parse, written
from racemate.model import bind
from racemate.readings import independent
from tests.exchange.tables import SIDECAR, text

pytestmark = pytest.mark.slow
CLOSE = 2e-6
"""The engine's windows are solved to 1e-6 per state; its clock ticks every six seconds, and all times here fall on a tick."""
TABLE = text(
    "1,0,1,4,0,1", "1,1,0", "1,8,0",  # bolus
    "2,0,1,4,2,1", "2,1,0", "2,2.5,0", "2,9,0",  # infusion of two hours
    "3,0,1,20,0,2,3,24", "3,12,0", "3,80,0",  # four doses by ADDL
    "4,0,1,20,0,2,0,24,1", "4,6,0", "4,20,0",  # steady state of a drug with a half-life of a day
    "5,0,1,40,0,2", "5,10,1,20,0,2,0,12,2", "5,22,0",  # steady state on top
    "6,0,1,40,0,2", "6,5,3", "6,6,0", "6,7,4,40,0,2", "6,13,0",  # resets
    "7,0,1,3,1.5,1,0,6,1", "7,1,0", "7,3,0",  # steady state of an infusion
    "8,3,1,20,0,2,3,24", "8,15,0", "8,83,0",  # as person 3, three hours later
    head="ID,TIME,EVID,AMT,RATE,CMT,ADDL,II,SS,MDV,DV",
)  # fmt: skip


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dosing")
    (folder / "doses.csv").write_text(TABLE)
    cmt = "".join(f'[cmt.{k}]\ndrug = "{c.drug}"\nroute = "{c.route}"\n' for k, c in SIDECAR.cmt.items())
    (folder / "doses.toml").write_text(f'time = "h"\namount = "mg"\nweight = "kg"\n{cmt}')
    return folder / "doses.csv"


@pytest.fixture(scope="module")
def found(place: Path) -> Dosed:
    return follow(place, seed=4)


class Body:
    """A drug's linear system in one person."""

    def __init__(self, person: int, drug: str, route: str) -> None:
        people = cohort(parse(TABLE, SIDECAR), bind(), [person], 0, 4, False)
        one = people.model.unpack(people.table[:, 0])
        self.par = one.concentration
        names = concentration.State.__annotations__[drug]._fields
        self.a = np.zeros((len(names), len(names)))
        for move in concentration.transfers(self.par)[drug]:
            source = names.index(move.source)
            if move.sink is not None:
                self.a[names.index(move.sink), source] += move.rate
            if not move.keeps:
                self.a[source, source] -= move.rate
        (way,) = dose.inputs(drug, route, False, one.dose)
        self.entry = np.zeros(len(names))
        self.entry[names.index(way.compartment)] = way.fraction
        self.drug = drug

    def after(self, hours: float) -> np.ndarray:
        """State of a dose of 1 mg so many hours ago."""
        return expm(self.a * hours) @ self.entry if hours >= 0 else 0 * self.entry

    def infused(self, hours: float, since: float) -> np.ndarray:
        """State after 1 mg over ``hours`` that began ``since`` hours ago."""
        length = min(hours, since)
        return (
            expm(self.a * (since - length))
            @ np.linalg.solve(self.a, (expm(self.a * length) - np.eye(len(self.a))) @ self.entry)
            / hours
        )

    def steady(self, state: np.ndarray, gap: float) -> np.ndarray:
        """Sum of a state and all the same ones every ``gap`` hours before."""
        return np.linalg.solve(np.eye(len(self.a)) - expm(self.a * gap), state)

    def plasma(self, state: np.ndarray) -> float:
        """ng/mL."""
        names = concentration.State.__annotations__[self.drug]._fields
        volume = {"midazolam": self.par.v_midazolam, "methadone": self.par.v_methadone}[self.drug]
        return 1000 * float(state[names.index("central")]) / volume


def read(found: Dosed, person: int, analyte: str) -> dict[float, float]:
    rows = found.rows("simulated")
    return {row["TIME"]: row[analyte.upper()] for row in rows if row["ID"] == person and row["EVID"] == 0}


def expect(found: Dosed, person: int, body: Body, states: dict[float, Any]) -> None:
    seen = read(found, person, body.drug)
    assert set(seen) == set(states)
    for hour, state in states.items():
        assert seen[hour] == pytest.approx(body.plasma(state), rel=CLOSE), hour


def test_a_bolus(found: Dosed) -> None:
    body = Body(1, "midazolam", "iv")
    expect(found, 1, body, {t: 4 * body.after(t) for t in (1.0, 8.0)})


def test_an_infusion(found: Dosed) -> None:
    body = Body(2, "midazolam", "iv")
    expect(found, 2, body, {t: 4 * body.infused(2, t) for t in (1.0, 2.5, 9.0)})


def test_additional_doses(found: Dosed) -> None:
    body = Body(3, "methadone", "oral")
    expect(found, 3, body, {t: 20 * sum(body.after(t - 24 * k) for k in range(4)) for t in (12.0, 80.0)})


def test_steady_state(found: Dosed) -> None:
    body = Body(4, "methadone", "oral")
    expect(found, 4, body, {t: 20 * body.steady(body.after(t), 24) for t in (6.0, 20.0)})


def test_steady_state_on_top_of_a_dose(found: Dosed) -> None:
    body = Body(5, "methadone", "oral")
    expect(found, 5, body, {22.0: 40 * body.after(22) + 20 * body.steady(body.after(12), 12)})


def test_a_reset_empties_the_body(found: Dosed) -> None:
    body = Body(6, "methadone", "oral")
    expect(found, 6, body, {6.0: 0 * body.after(0), 13.0: 40 * body.after(6)})


def test_steady_state_of_an_infusion(found: Dosed) -> None:
    body = Body(7, "midazolam", "iv")
    expect(found, 7, body, {t: 3 * body.steady(body.infused(2, t), 6) if t > 2 else 3 * (
        body.infused(2, t) + body.steady(body.infused(2, t + 6), 6)) for t in (1.0, 3.0)})  # fmt: skip


def test_the_clock_of_the_table_may_start_anywhere(found: Dosed) -> None:
    body = Body(8, "methadone", "oral")
    expect(found, 8, body, {t + 3: 20 * sum(body.after(t - 24 * k) for k in range(4)) for t in (12.0, 80.0)})


def test_settling_leaves_no_more_than_it_says(found: Dosed) -> None:
    body = Body(4, "methadone", "oral")
    people = cohort(parse(TABLE, SIDECAR), bind(), [4], 0, 4, False)
    hours = float(settling(bind(), people)["methadone"][0])
    assert body.plasma(body.after(hours)) < 10 * SETTLED * body.plasma(body.after(6))


def test_rows_come_back_in_order_with_what_they_carried(found: Dosed) -> None:
    rows = found.rows("simulated")
    table = parse(TABLE, SIDECAR)
    assert [(row["ID"], row["TIME"], row["AMT"]) for row in rows] == [
        (row.person, row.get("TIME"), row.number["AMT"]) for row in table.rows
    ]
    (second,) = [row for row in rows if row["ID"] == 3 and row["TIME"] == 80]
    assert (second["TAD"], second["DOSENO"], second["REP"]) == (8, 4, 1)
    assert all(0 <= row["MADRS"] <= 60 and 0 <= row["BDI2"] <= 63 for row in rows)


def test_a_person_is_the_same_in_other_company(place: Path, found: Dosed, tmp_path: Path) -> None:
    (tmp_path / "doses.csv").write_text(
        "".join(
            [TABLE.splitlines(keepends=True)[0], *(line + "\n" for line in TABLE.splitlines() if line.startswith("3,"))]
        )
    )
    (tmp_path / "doses.toml").write_text(place.with_suffix(".toml").read_text())
    alone = follow(tmp_path / "doses.csv", seed=4)
    assert read(alone, 3, "methadone") == pytest.approx(read(found, 3, "methadone"), rel=CLOSE)


def test_the_command_writes_the_table_back(place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "run"
    code = cli.run(["dose", str(place), "--seed", "4", "--out", str(out), "--json", "--no-progress"])
    assert code == 0
    told = json.loads(capsys.readouterr().out)
    assert told["manifest"]["arguments"]["seed"] == 4
    assert (out / "events.csv").read_text() == written(parse(TABLE, SIDECAR))
    assert (out / "simulated.csv").read_text().startswith("ID,TIME,")
    assert "nan" not in (out / "simulated.csv").read_text().lower()


@pytest.mark.slow
def test_routes_of_the_chain_agree_with_a_stiff_solver(tmp_path: Path) -> None:
    """A spray of three devices, an oral dose over its own duration, a reset and an infusion: the whole flow by scipy."""
    head = "ID,TIME,EVID,AMT,RATE,CMT,ADDL,II"
    table = f"{head}\n1,0,1,84,0,4,1,72\n1,1,0\n1,20,1,30,-2,3\n1,23,0\n1,75,0\n1,96,4,35,52.5,5\n1,97,0\n"
    (tmp_path / "doses.csv").write_text("\n".join(line + "," * (7 - line.count(",")) for line in table.splitlines()))
    cmt = "".join(f'[cmt.{k}]\ndrug = "{c.drug}"\nroute = "{c.route}"\n' for k, c in SIDECAR.cmt.items())
    (tmp_path / "doses.toml").write_text(f'time = "h"\namount = "mg"\n{cmt}')
    found = follow(tmp_path / "doses.csv", seed=2)
    assert found.table is not None
    people = cohort(found.table, bind(), [1], 0, 2, False)
    par = people.model.unpack(people.table[:, 0])
    stretches = expand(found.table, lambda *_: 0.0)
    seen = {row["TIME"]: row for row in found.rows("simulated") if row["EVID"] == 0}
    for lane, stretch in enumerate(stretches):
        # Durations are the typical person's for everybody: the engine shares one clock.
        typical = people.model.typical.dose
        shared = par.dose._replace(t_swallowed=typical.t_swallowed, t_oral=typical.t_oral)
        course = independent.solve(par._replace(dose=shared), plan(stretches, typical, "everyone_active"), lane)
        for reading in stretch.readings:
            row = seen.get(found.table.rows[reading.row].get("TIME"))
            if row is not None:
                k = int(np.searchsorted(course.visits_h, reading.hour - 1e-9))
                central = course.amounts["ketamine_s.central"][k] / par.concentration.v_central
                assert row["KETAMINE_S"] == pytest.approx(1000 * central, rel=1e-4)
