"""Store: the contest as one file, written whole; the one that comes with the package is printed at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from racemate.evidence.finding import EvidenceError
from racemate.infer.compare.contest import FORMAT
from racemate.posterior import folder

NAME = "compare.json"


def save(home: Path, found: dict[str, Any]) -> Path:
    """Write a contest into a folder."""
    home.mkdir(parents=True, exist_ok=True)
    part = home / f"{NAME}.part"
    part.write_text(json.dumps(found, indent=1, sort_keys=True, allow_nan=False) + "\n", encoding="utf-8")
    return part.replace(home / NAME)


def load(home: Path | None = None) -> dict[str, Any]:
    """Read a contest (default: the shipped one on the calibration trials); raises EvidenceError when there is none."""
    file = (home or folder() / "prospective") / NAME
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        known = found["manifest"]["format"] == FORMAT
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EvidenceError(str(file), "file", str(error), "a file that racemate compare --again wrote") from None
    if not known:
        raise EvidenceError(str(file), "format", str(found["manifest"]["format"]), FORMAT)
    return found
