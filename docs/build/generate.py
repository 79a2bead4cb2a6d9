"""Writes the generated half of the docs: equations, numbers, cards, validation, command line, and the tutorials' output.

Everything lands in docs/reference/generated/, which git ignores; the hand-written pages include it from there.
"""

import re
import shutil
from collections.abc import Iterable, Sequence
from importlib.util import find_spec
from pathlib import Path

import tutorial

from racemate import hypothesis, ledger
from racemate.cli import app
from racemate.evidence.library import Library, library
from racemate.evidence.record import Claim, Parameter
from racemate.readings import symbolic

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
GENERATED = DOCS / "reference" / "generated"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; bars in a cell are escaped."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)


def spelled(claim: Claim) -> str:
    """One claim as a reader checks it: value, spread, source, place, and how it was read."""
    values = claim.value if isinstance(claim.value, tuple) else (claim.value,)
    value = ", ".join(f"{number:g}" for number in values)
    spread = claim.spread
    ends = f"{spread.low:g} to {spread.high:g}" if spread.low is not None and spread.high is not None else ""
    wide = f" ({spread.kind} {ends or format(spread.value or 0, 'g')})" if spread.kind != "none" else ""
    where = ", ".join(word for word in (*claim.sources, claim.place) if word)
    note = f"; {claim.note}" if claim.doubtful and claim.note else ""
    return f"**{value}**{' ' + claim.unit if claim.unit else ''}{wide} {where} [{claim.how}{note}]"


def numbers(parameters: Iterable[Parameter]) -> str:
    """A table of parameters with every claim about each, side by side."""
    rows = (
        (
            f"`{parameter.name.partition('.')[2]}`",
            parameter.label,
            f"`{parameter.unit}`",
            parameter.vary,
            "<br>".join(spelled(claim) for claim in parameter.claims),
        )
        for parameter in parameters
    )
    return table(("name", "meaning", "unit", "varies by", "claims"), rows)


def write(name: str, text: str) -> None:
    """Write one generated file."""
    path = GENERATED / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def write_links(parameters: Sequence[Parameter]) -> None:
    """Numbers of each group of parameters, and equations where the group is a link of the chain."""
    for link in sorted({parameter.link for parameter in parameters}):
        if find_spec(f"racemate.chain.{link}"):
            drawn = (f"`{one.name}` ({one.kind})\n\n$$\n{one.latex}\n$$\n" for one in symbolic.equations(link))
            write(f"chain/{link}-equations.md", "\n".join(drawn))
        write(f"chain/{link}-parameters.md", numbers(p for p in parameters if p.link == link))


def believed(belief: hypothesis.Belief) -> str:
    """One prior of a card as a reader checks it: law, location and scale on the scale of the law."""
    prior = belief.prior
    spread = f", scale {prior['scale']:g}" if prior["scale"] else ""
    return f"{prior['law']}, location {prior['location']:.3g}{spread}"


def card_section(name: str) -> str:
    """One rival hypothesis: what it claims, its edges, the prior of each gain, and what would embarrass it."""
    card = hypothesis.read(name)
    head = f"{'###' if ':' in name else '##'} {card.name}\n\n{card.claim}\n\n"
    gains = (
        (
            f"`{edge}`",
            believed(belief),
            ", ".join(f"`{source}`" for source in (belief.source, *belief.also) if source),
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


def write_cards() -> None:
    """The rival hypotheses, each followed by its variants."""
    cards = [hypothesis.read(name) for name in hypothesis.all_names()]
    names = [name for card in cards for name in (card.name, *(f"{card.name}:{variant}" for variant in card.variants))]
    write("hypotheses.md", "\n".join(map(card_section, names)))


def write_validation() -> None:
    """What each outside judge said, headings moved down by one."""
    readmes = sorted((ROOT / "validation").rglob("README.md"), key=lambda path: path.parent.as_posix())
    lower = (re.sub(r"^(#+ )", r"#\1", path.read_text(), flags=re.MULTILINE) for path in readmes)
    write("validation.md", "\n".join(lower))


def write_evidence(known: Library) -> None:
    """Sources and trials of the evidence base."""
    sources = (
        (f"`{source.id}`", source.citation, f"[{source.doi}](https://doi.org/{source.doi})" if source.doi else "")
        for source in known.sources.values()
    )
    write("sources.md", table(("id", "citation", "DOI"), sources))
    trials = (
        (f"`{trial.id}`", trial.title, trial.use, str(len(trial.observations))) for trial in known.trials.values()
    )
    write("trials.md", table(("id", "title", "use", "rows"), trials))


def write_ledger() -> None:
    """Every published assertion with its computed verdict, document by document."""
    judged = ledger.verdicts()
    parts = []
    for document in dict.fromkeys(one.document for one in judged):
        mine = [one for one in judged if one.document == document]
        rows = (
            (
                f"`{one.entry.id}`",
                one.entry.says,
                f"**{one.ruling.verdict}**",
                one.ruling.because,
                ", ".join(f"`{name}`" for name in one.ruling.evidence),
            )
            for one in mine
        )
        parts.append(
            f"### Seed {mine[0].entry.seed}: `{document}`\n\n"
            + table(("id", "says", "verdict", "because", "evidence"), rows)
        )
    write("ledger.md", "\n".join(parts))


def main() -> None:
    """Write everything anew."""
    shutil.rmtree(GENERATED, ignore_errors=True)
    known = library()
    write_links(tuple(known.parameters.values()))
    write_cards()
    write_validation()
    write_evidence(known)
    write_ledger()
    write("cli.md", app.generate_docs(heading_level=2))
    for page in sorted((DOCS / "tutorial").glob("*.md")):
        ran = tutorial.run(page, GENERATED / "tutorial" / page.stem)
        print(f"{page.relative_to(ROOT)}: {ran} blocks")


if __name__ == "__main__":
    main()
