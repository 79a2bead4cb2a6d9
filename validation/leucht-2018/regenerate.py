"""Compares the links between scales with published pairs, writes comparison.csv: ``PYTHONPATH=. python <this file>``."""

from pathlib import Path

from evidence.derive.reference_peaks import typical

from racemate.chain import score
from racemate.chain.concentration import Exposure
from racemate.chain.severity import Severity
from tests.published.folder import read, write

HERE = Path(__file__).parent
NO_DRUG = Exposure(*[0.0] * len(Exposure._fields))


def reading(p: score.Par, madrs: float, scale: str) -> float:
    """Expected points on a scale at a latent severity of ``madrs`` points; the links are straight, so a change reads as a total."""
    latent = Severity(drug=0.0, expectancy=0.0, natural=0.0, improvement=0.0, points=madrs)
    return float(getattr(score.signal(latent, NO_DRUG, 0.0, p), scale))


def compare() -> list[dict[str, str | float]]:
    """One row per printed pair: the interval that its rounding or error allows, the reading over that of the MADRS, do they meet."""
    p, rows = typical(score), []
    for row in read(HERE / "reference.csv"):
        low, high = (reading(p, float(row[end]), row["scale"]) for end in ("madrs_low", "madrs_high"))
        meet = low <= float(row["high"]) and float(row["low"]) <= high
        kept = {key: row[key] for key in ("kind", "printed", "scale", "low", "high", "role", "source")}
        rows.append({**kept, "here_low": low, "here_high": high, "agrees": "yes" if meet else "no"})
    return rows


if __name__ == "__main__":
    write(HERE / "comparison.csv", compare())
