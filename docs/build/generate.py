"""Writes the generated half of the docs: equations, numbers, cards, validation, command line, and the tutorials' output.

Everything lands in docs/reference/generated/, which git ignores; the hand-written pages include it from there.
"""

import re
import shutil
from collections.abc import Iterable, Sequence
from importlib.util import find_spec
from os.path import relpath
from textwrap import indent

import tutorial
from across import write_across
from learned import write_learned
from mark import DOCS, GENERATED, ROOT, table, valued, wide, write
from place import LINKS, PAGES, Atlas
from sources import write_sources
from trials import write_trials

from racemate import hypothesis, ledger, posterior
from racemate.cli import app
from racemate.evidence.library import library
from racemate.evidence.record import Claim, Parameter
from racemate.infer.compare import store
from racemate.model import bind
from racemate.readings import symbolic
from racemate.report import card as card_page
from racemate.report import numbers as report
from racemate.report.contest import told as contest
from racemate.report.figure import ink
from racemate.report.figure.number import draw as claims_drawn
from racemate.report.holdout import told
from racemate.report.holdout.score import score


def spelled(claim: Claim, here: str, atlas: Atlas) -> str:
    """One claim as a reader checks it: value, spread, source, place, and how it was read."""
    spread = f" {wide(claim.spread)}" if claim.spread.kind != "none" else ""
    where = ", ".join(word for word in (*(atlas.to("source", one, here) for one in claim.sources), claim.place) if word)
    note = f"; {claim.note}" if claim.doubtful and claim.note else ""
    return f"**{valued(claim.value, claim.unit)}**{spread} {where} [{claim.how}{note}]"


def numbers(parameters: Iterable[Parameter], here: str, atlas: Atlas) -> str:
    """A table of parameters with every claim about each, side by side."""
    rows = (
        (
            f"`{parameter.name.partition('.')[2]}`{{ #{parameter.name} }}",
            parameter.label,
            f"`{parameter.unit}`",
            parameter.vary,
            "<br>".join(spelled(claim, here, atlas) for claim in parameter.claims),
        )
        for parameter in parameters
    )
    return table(("name", "meaning", "unit", "varies by", "claims"), rows)


def disagreements(link: str, here: str, atlas: Atlas) -> str:
    """Numbers of a link whose claims differ by more than their spreads, the most first."""
    found = report.evidence(link=link, disagreements=True).to_dict("records")
    rows = (
        (
            atlas.to(one["kind"], one["name"], here),
            one["label"],
            one["between"],
            f"{one['ratio']:.3g}" if one["ratio"] == one["ratio"] and one["ratio"] is not None else "",
            f"{one['z']:.3g}",
        )
        for one in found
    )
    head = ("number", "meaning", "furthest apart", "largest / smallest", "difference in standard deviations")
    drawn = "".join(figure(one["name"], here) for one in found if one["kind"] == "parameter")
    told = f"{table(head, rows)}\n{drawn}" if found else ""
    return told or "None: the claims about each number agree within their spreads, or there is only one.\n"


def figure(name: str, here: str) -> str:
    """The claims about a number drawn over its prior, as an image of the page that shows it."""
    write(f"figure/{name}.svg", ink.drawing(claims_drawn(name)))
    path = relpath(GENERATED / "figure" / f"{name}.svg", (DOCS / here).parent)
    return f"![Claims about {name} and their prior]({path})\n\n"


def write_links(parameters: Sequence[Parameter], atlas: Atlas) -> None:
    """Numbers of each group of parameters and where they disagree, and equations where the group is a link of the chain."""
    for link in sorted({parameter.link for parameter in parameters}):
        if find_spec(f"racemate.chain.{link}"):
            drawn = (f"`{one.name}` ({one.kind})\n\n$$\n{one.latex}\n$$\n" for one in symbolic.equations(link))
            write(f"chain/{link}-equations.md", "\n".join(drawn))
        here = f"chain/{link}.md" if link in LINKS else f"evidence/{link}.md"
        write(f"chain/{link}-parameters.md", numbers((p for p in parameters if p.link == link), here, atlas))
        write(f"chain/{link}-disagreements.md", disagreements(link, here, atlas))


def believed(belief: hypothesis.Belief) -> str:
    """One prior of a card as a reader checks it: law, location and scale on the scale of the law."""
    prior = belief.prior
    spread = f", scale {prior['scale']:g}" if prior["scale"] else ""
    return f"{prior['law']}, location {prior['location']:.3g}{spread}"


def card_section(name: str, atlas: Atlas) -> str:
    """One rival hypothesis: what it claims, its edges, the prior of each gain, and what would embarrass it."""
    card = hypothesis.read(name)
    file = f"{name.replace(':', '-')}.html"
    write(f"page/card/{file}", card_page.html(bind(name), atlas.known))
    whole = f"[The whole card]({PAGES}/card/{file}): wiring, equations, numbers."
    head = f"{'###' if ':' in name else '##'} {card.name} {{ #{name} }}\n\n{card.claim} {whole}\n\n"
    gains = (
        (
            f"`{edge}`",
            believed(belief),
            atlas.sources((source for source in (belief.source, *belief.also) if source), "hypotheses.md"),
            belief.note,
        )
        for edge, belief in card.gains.items()
    )
    beside = [edge for edge in card.edges if edge not in card.gains]
    rest = f"Also on: {', '.join(f'`{edge}`' for edge in beside)}.\n\n" if beside else ""
    embarrassed = "".join(f"- {entry.what}\n" for entry in card.embarrassed_by)
    return (
        f"{head}{table(('edge', 'prior of its gain', 'source', 'why'), gains)}\n{rest}Embarrassed by:\n\n{embarrassed}"
    )


def write_cards(atlas: Atlas) -> None:
    """The rival hypotheses, each followed by its variants."""
    cards = [hypothesis.read(name) for name in hypothesis.all_names()]
    names = [name for card in cards for name in (card.name, *(f"{card.name}:{variant}" for variant in card.variants))]
    write("hypotheses.md", "\n".join(card_section(name, atlas) for name in names))


def write_validation() -> None:
    """What each outside judge said, headings moved down by one."""
    readmes = sorted((ROOT / "validation").rglob("README.md"), key=lambda path: path.parent.as_posix())
    lower = (re.sub(r"^(#+ )", r"#\1", path.read_text(), flags=re.MULTILINE) for path in readmes)
    write("validation.md", "\n".join(lower))


def write_ledger(atlas: Atlas) -> None:
    """Every published assertion with its computed verdict, document by document."""
    judged = ledger.verdicts()
    parts = []
    for document in dict.fromkeys(one.document for one in judged):
        mine = [one for one in judged if one.document == document]
        rows = (
            (
                f"`{one.entry.id}`{{ #{one.entry.id} }}",
                one.entry.says,
                f"**{one.ruling.verdict}**",
                one.ruling.because,
                ", ".join(atlas.found(name, "ledger.md") for name in one.ruling.evidence),
            )
            for one in mine
        )
        parts.append(
            f"### Seed {mine[0].entry.seed}: {atlas.to('source', document, 'ledger.md')}\n\n"
            + table(("id", "says", "verdict", "because", "evidence"), rows)
        )
    write("ledger.md", "\n".join(parts))


def write_hold_out() -> None:
    """The scores of the sealed predictions that come with the package, a page part for each posterior behind them."""
    for file in sorted(posterior.folder().glob("*/predictions.json")):
        found = score(file)
        parts = [told.head(found).replace("\n", "\n\n"), table(*told.coverage_rows(found))]
        parts += ['??? note "By trial"', indent(table(*told.trial_rows(found)), "    ")]
        parts += ["The ten numbers furthest from their predictions:", table(*told.worst_rows(found))]
        write(f"hold-out/{file.parent.name}.md", "\n\n".join(parts))


def write_contest() -> None:
    """The comparison of the cards that comes with the package; a word where none comes with it."""
    file = posterior.folder() / posterior.PROSPECTIVE / store.NAME
    if not file.is_file():
        write("contest.md", "No comparison comes with this version.\n")
        return
    found = store.load()
    parts = [table(*contest.card_rows(found)), contest.card_note(found)]
    parts += ["### Trial by trial", table(*contest.trial_rows(found)), contest.TRIALS]
    parts += ["### Other priors, fewer numbers", table(*contest.variation_rows(found)), contest.variation_note(found)]
    if found.get("confusion"):
        parts += ["### Confusions", table(*contest.confusion_rows(found)), contest.confusion_note(found)]
    write("contest.md", "\n\n".join(parts))


def main() -> None:
    """Write everything anew."""
    shutil.rmtree(GENERATED, ignore_errors=True)
    atlas = Atlas(library())
    write_links(tuple(atlas.known.parameters.values()), atlas)
    write_cards(atlas)
    write_validation()
    write_trials(atlas)
    write_sources(atlas)
    write_across(atlas)
    write_ledger(atlas)
    write_hold_out()
    write_learned()
    write_contest()
    atlas.arrive()
    write("cli.md", app.generate_docs(heading_level=2))
    for page in sorted((DOCS / "tutorial").glob("*.md")):
        ran = tutorial.run(page, GENERATED / "tutorial" / page.stem)
        print(f"{page.relative_to(ROOT)}: {ran} blocks")


if __name__ == "__main__":
    main()
