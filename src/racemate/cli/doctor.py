"""Doctor: what this installation is made of, and whether each part does its work."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from racemate.cli.talk.refusal import refusals
from racemate.cli.talk.screen import columns, tell

_LIBRARIES = (
    "jax",
    "jaxlib",
    "numpy",
    "scipy",
    "sympy",
    "pint",
    "pydantic",
    "pandas",
    "xarray",
    "altair",
    "vl-convert-python",
)


def doctor(*, json: Annotated[bool, Parameter(name="--json", negative="", help="Print JSON.")] = False) -> int:
    """Say what this installation is made of and whether it works; exit code 1 when something does not."""
    rows = [*_versions(), *(_tried(name, work) for name, work in _WORK.items())]
    if json:
        from racemate.report.run.folder import json_text

        print(json_text([{"what": what, "found": found, "works": good} for what, found, good in rows]), end="")
    else:
        print(columns(("", "what", "found"), [("ok" if good else "FAILS", what, found) for what, found, good in rows]))
    broken = [what for what, _, good in rows if not good]
    if broken:
        tell(f"racemate: does not work here: {', '.join(broken)}")
    return 1 if broken else 0


def _versions() -> Iterator[tuple[str, str, bool]]:
    yield "racemate", version("racemate"), True
    yield "python", f"{platform.python_version()}, {sys.executable}", True
    yield "machine", f"{platform.platform()}, {os.cpu_count()} processors", True
    for name in _LIBRARIES:
        yield name, version(name), True


def _tried(name: str, work: Callable[[], str]) -> tuple[str, str, bool]:
    try:
        return name, work(), True
    except (*refusals(), OSError, RuntimeError, ImportError) as error:
        return name, str(error).splitlines()[0], False


def _engine() -> str:
    import jax
    import jax.numpy as jnp

    with jax.enable_x64():
        total = jnp.sum(jnp.ones(3, dtype=jnp.float64) / 3)
    if str(total.dtype) != "float64" or abs(float(total) - 1) > 1e-15:
        raise RuntimeError(f"a sum of thirds gives {float(total)!r} as {total.dtype}")
    return f"JAX on {jax.default_backend()}, float64"


def _evidence() -> str:
    from racemate.evidence.library import library

    known = library()
    return f"{len(known.parameters)} numbers, {len(known.trials)} trials, {known.root}, hash {known.hash[:12]}"


def _cards() -> str:
    from racemate import hypothesis

    names = [hypothesis.read(name).name for name in hypothesis.all_names()]
    return f"{len(names)} cards, {hypothesis.folder()}"


def _figures() -> str:
    import vl_convert

    spec = {"mark": "point", "data": {"values": [{"x": 1}]}, "encoding": {"x": {"field": "x", "type": "quantitative"}}}
    return f"SVG of {len(vl_convert.vegalite_to_svg(spec))} characters"


def _cache() -> str:
    from racemate.simulate.kept import cache_folder

    place = cache_folder() / "jax"
    named = os.environ.get("JAX_COMPILATION_CACHE_DIR")
    return _writable(Path(named) if named else place)


def _here() -> str:
    return _writable(Path.cwd())


def _writable(place: Path) -> str:
    parent = next(path for path in (place, *place.parents) if path.exists())
    if not os.access(parent, os.W_OK):
        raise PermissionError(f"{place} cannot be written")
    size = (
        sum(path.stat().st_size for path in place.rglob("*") if path.is_file())
        if place.name == "jax" and place.is_dir()
        else 0
    )
    return f"{place}" + (f", {size / 1e6:.1f} MB" if size else ", can be written")


_WORK: dict[str, Callable[[], str]] = {
    "engine": _engine,
    "evidence": _evidence,
    "hypotheses": _cards,
    "figures": _figures,
    "compiled programs": _cache,
    "this folder": _here,
}
