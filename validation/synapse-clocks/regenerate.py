"""Compares when synapses change with what was seen, writes comparison.csv: ``PYTHONPATH=. python <this file>``."""

from pathlib import Path

from tests.chain.course import live
from tests.published.folder import read, write

HERE = Path(__file__).parent
LAST_H = 14 * 24.0


def compare() -> list[dict[str, str | float]]:
    """One row per statement: the share of the quantity's own peak that it allows, and the share here, after 0.5 mg/kg."""
    course, rows = live(0.5, LAST_H), []
    for row in read(HERE / "reference.csv"):
        name = row["quantity"]
        values = course.plasticity.number if name == "number" else getattr(course.state, name)
        here = course.at(float(row["hours"]), values) / float(values.max())
        kept = {key: row[key] for key in ("quantity", "hours", "low", "high")}
        agrees = "yes" if float(row["low"]) <= here <= float(row["high"]) else "no"
        rows.append({**kept, "here": here, "agrees": agrees})
    return rows


if __name__ == "__main__":
    write(HERE / "comparison.csv", compare())
