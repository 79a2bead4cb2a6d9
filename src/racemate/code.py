"""Code: a hash of parts of this package: kept results are found again, and long work goes on, only under the code that made them."""

from functools import cache
from hashlib import sha256
from pathlib import Path

TRIALS = ("model.py", "chain", "readings", "simulate", "people", "trial")
"""What decides the numbers of virtual trials."""


@cache
def code(*parts: str) -> str:
    """SHA-256 over the installed files of some modules and folders, each a path within the package.

    Raises FileNotFoundError for a part that is not there.
    """
    package = Path(__file__).parent
    told = [(path.relative_to(package).as_posix(), _hash(path)) for part in parts for path in _files(package / part)]
    return sha256(repr(told).encode()).hexdigest()


def _files(place: Path) -> list[Path]:
    if not place.exists():
        raise FileNotFoundError(place)
    return sorted(place.rglob("*.py")) if place.is_dir() else [place]


def _hash(file: Path) -> str:
    return sha256(file.read_bytes()).hexdigest()
