"""Results: what a machine measured, as one JSON file that names it; each part is written when it ends."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.measure.machine import load, machine, now

FOLDER = Path(__file__).parent / "measured"


def place_of(told: Mapping[str, Any]) -> Path:
    """File of a machine: its processor and how many of them, in letters and digits."""
    name = re.sub(r"[^a-z0-9]+", "-", f"{told['processor']} {told['cpus']} cpus".lower()).strip("-")
    return FOLDER / f"{name}.json"


class Results:
    """Parts by name, beside what was there before; a part measured again replaces the old one."""

    def __init__(self, place: Path | None = None) -> None:
        self.machine = machine()
        self.place = place or place_of(self.machine)
        self.told: dict[str, Any] = {}
        if self.place.is_file():
            self.told = json.loads(self.place.read_text(encoding="utf-8"))["parts"]

    def keep(self, part: str, begun: Mapping[str, Any], data: Any) -> None:
        """Write one part with when it was measured and the load before and after; all or nothing."""
        self.told[part] = {**begun, "load_after": load(), "machine": self.machine, "data": data}
        self.place.parent.mkdir(parents=True, exist_ok=True)
        draft = self.place.with_suffix(".draft")
        draft.write_text(json.dumps({"parts": self.told}, indent=1, allow_nan=False) + "\n", encoding="utf-8")
        draft.replace(self.place)


def begin(quick: bool) -> dict[str, Any]:
    """When a part begins, how busy the machine is, and whether it is the quick measure."""
    return {"when": now(), "load_before": load(), "quick": quick}
