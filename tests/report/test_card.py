"""A card on a page says what the card and the equations say, and needs nothing from elsewhere."""

import re
from functools import cache
from html.parser import HTMLParser
from xml.dom.minidom import parseString

import pytest

from racemate.evidence.library import library
from racemate.hypothesis import all_names, edges, read
from racemate.model import bind
from racemate.readings.symbolic import equations
from racemate.report import wiring
from racemate.report.card import html
from racemate.report.formula import mathml

EMPTY = {"meta", "br"}
"""Tags that have no end."""


@cache
def page(card: str) -> str:
    return html(bind(card))


class Balanced(HTMLParser):
    """Refuses a tag that is not closed in its turn."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 the parser hands it on
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> at {self.getpos()}"


@pytest.mark.parametrize("card", all_names())
def test_a_page_stands_alone(card: str) -> None:
    text = page(card)
    parser = Balanced()
    parser.feed(text)
    assert not parser.open
    assert not re.search(r"<(script|link|img|iframe)\b|@import|url\(", text)
    outside = set(re.findall(r'(?:src|href)="(?!https://doi\.org/)[^"]*"', text))
    assert not outside


@pytest.mark.parametrize("card", all_names())
def test_a_page_holds_the_card(card: str) -> None:
    text, told = page(card), read(card)
    plain = text.replace("&#x27;", "'").replace("&quot;", '"')
    assert told.claim in plain
    for edge in told.edges:
        assert f"<code>{edge}</code>" in text, edge
        assert re.search(rf"<code>\w+\.g_{edge}</code>", text), f"{edge} has no row of numbers"
    for one in told.embarrassed_by:
        assert one.what in plain
    known = library()
    for name in told.sources:
        assert known.source(name).citation.split(",")[0] in plain, name


@pytest.mark.parametrize("card", all_names())
def test_a_card_lights_its_edges_and_no_other(card: str) -> None:
    drawn = wiring.svg(read(card).edges)
    assert parseString(drawn).documentElement is not None
    lines = re.findall(r'<path class="(\w+)" [^>]*><title>([^<]*)</title>', drawn)
    assert len(lines) == len(wiring.wires())
    assert {edge for look, edge in lines if look == "on"} == set(read(card).edges)
    assert {edge for look, edge in lines if look == "off"} == set(edges()) - set(read(card).edges)


def test_every_edge_of_the_chain_is_a_wire() -> None:
    assert {wire.edge for wire in wiring.wires()} - {""} == set(edges())


def test_wires_follow_the_equations() -> None:
    wires = {(wire.source, wire.target): wire.edge for wire in wiring.wires()}
    assert wires["occupancy.Occupancy.sigma1", "circuit.Circuit.microglia_drive"] == "sigma1_to_microglia"
    assert wires["permission", "loss_interneuron"] == "mor_gate_upstream"
    assert wires["circuit.Circuit.felt", "severity.State.unblinded"] == ""
    assert ("severity.State.unblinded", "circuit.Circuit.felt") not in wires


def test_a_range_is_that_of_the_prior() -> None:
    row = next(
        r for r in re.findall(r"<tr>.*?</tr>", page("composite"), re.DOTALL) if "circuit.g_mor_gate_upstream" in r
    )
    assert ">0.3<" in row
    assert "0.0392 to 0.818" in row
    assert "klein-2020" in row


@pytest.mark.parametrize("link", ["circuit", "severity", "occupancy"])
def test_formulas_are_well_formed(link: str) -> None:
    for one in equations(link):
        assert parseString(mathml(one)).documentElement is not None
