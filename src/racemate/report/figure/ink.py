"""Ink: the look that all figures share, and the files they become; a page of HTML carries its scripts and asks nobody for anything."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import altair as alt

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#AA4499", "#E69F00", "#56B4E9", "#882255", "#44AA99", "#777777")
"""Told apart by people who see colours differently (Okabe and Ito, Tol)."""
TEXT, QUIET, GRID = "#1c2430", "#5b6675", "#e6e9ed"
WIDE_BAND, NARROW_BAND = 0.14, 0.26
PNG_SCALE = 2.0
_FONT = "Liberation Sans, Arial, Helvetica, sans-serif"


def band_values(times: Sequence[float], quantiles: Any, **labels: Any) -> list[dict[str, Any]]:
    """Rows of a band: quantiles of shape (5, times) at 5, 25, 50, 75 and 95 %, each row with the same labels."""
    names = ("low", "low50", "median", "high50", "high")
    return [
        {"time": time, **dict(zip(names, map(float, quantiles[:, k]), strict=True)), **labels}
        for k, time in enumerate(times)
    ]


def chart(rows: Iterable[Mapping[str, Any]]) -> alt.Chart:
    """A chart of rows, to be given marks.

    The rows are a tuple: of a list altair would copy every row each time that charts are put together.
    """
    values: Any = tuple(rows)
    return alt.Chart(alt.Data(values=values))


def bands(values: list[dict[str, Any]], x: Any, y_title: str, colour: Any, y_scale: Any = alt.Undefined) -> Any:
    """Median, 50 % and 90 % band of each colour over time."""
    drawn = chart(values)
    y = {"title": y_title, "scale": y_scale}
    wide = drawn.mark_area(opacity=WIDE_BAND, clip=True).encode(x, alt.Y("low:Q", **y), alt.Y2("high:Q"), color=colour)
    narrow = drawn.mark_area(opacity=NARROW_BAND, clip=True).encode(
        x, alt.Y("low50:Q", **y), alt.Y2("high50:Q"), color=colour
    )
    line = drawn.mark_line(strokeWidth=2, clip=True).encode(x, alt.Y("median:Q", **y), color=colour)
    return alt.layer(wide, narrow, line)


def palette(names: Sequence[str], title: str | None = None) -> alt.Color:
    """One colour per name, in order, with a legend above the figure (none for a single name)."""
    legend = (
        None
        if len(names) < 2
        else alt.Legend(title=title, orient="top", symbolType="stroke", symbolStrokeWidth=4, symbolOpacity=1)
    )
    colours = [COLOURS[k % len(COLOURS)] for k in range(len(names))]
    return alt.Color("series:N", scale=alt.Scale(domain=list(names), range=colours), legend=legend)


def dressed(chart: Any, title: str, subtitle: Sequence[str]) -> alt.TopLevelMixin:
    """A whole figure with its title and the common look.

    The look is set on the chart in place: each fluent ``configure`` would copy every row of data that the chart carries.
    """
    chart.title = alt.TitleParams(
        text=title, subtitle=list(subtitle), anchor="start", fontSize=16, subtitleFontSize=12, subtitleColor=QUIET,
        subtitlePadding=6, offset=16, subtitleLineHeight=16,
    )  # fmt: skip
    chart.background, chart.padding = "white", 16
    chart.config = alt.Config(
        font=_FONT,
        axis=alt.AxisConfig(
            gridColor=GRID, domainColor=QUIET, tickColor=QUIET, labelColor=TEXT, titleColor=TEXT, titleFontWeight="normal",
            labelFontSize=11, titleFontSize=12, tickSize=4, titlePadding=8,
        ),
        view=alt.ViewConfig(stroke=None),
        title=alt.TitleConfig(color=TEXT, font=_FONT, subtitleFont=_FONT),
        legend=alt.LegendConfig(labelFontSize=12, titleFontSize=12, labelLimit=420, labelColor=TEXT, titleColor=QUIET),
        concat=alt.CompositionConfig(spacing=22),
    )  # fmt: skip
    return chart


def drawing(chart: alt.TopLevelMixin) -> str:
    """A chart as SVG, the same bytes whatever was drawn before it."""
    # The charts are ours and tested: validating every row of inline data against the schema takes longer than drawing them.
    return _drawn(chart.to_dict(validate=False))


def _drawn(spec: dict[str, Any]) -> str:
    """The drawing program numbers its clips on and on while it lives; here each drawing counts from zero."""
    import vl_convert

    drawn = vl_convert.vegalite_to_svg(spec)
    names = dict.fromkeys(re.findall(r'\bid="([^"]+)"', drawn))
    own = {name: f"part{k}" for k, name in enumerate(names)}
    return re.sub(r'\b(id="|url\(#|href="#)([^")]+)', lambda found: found[1] + own.get(found[2], found[2]), drawn)


def export(chart: alt.TopLevelMixin, stem: Path) -> list[Path]:
    """Write a chart as SVG, PNG and HTML; the paths."""
    import vl_convert

    spec = chart.to_dict(validate=False)
    with ThreadPoolExecutor(1) as beside:
        page = beside.submit(vl_convert.vegalite_to_html, spec, bundle=True)
        drawn = _drawn(spec)
        picture = vl_convert.svg_to_png(drawn, scale=PNG_SCALE)
        files = {".svg": drawn.encode(), ".png": picture, ".html": page.result().encode()}
    written = [stem.with_name(stem.name + ending) for ending in files]
    for path, content in zip(written, files.values(), strict=True):
        path.write_bytes(content)
    return written
