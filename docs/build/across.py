"""Tables of what is known across trials and links: quantities, syntheses, anchors, spontaneous reports and rating scales; and how much there is of each."""

from collections import Counter
from collections.abc import Iterator

from mark import bullets, moment, number, section, table, valued, wide, write
from place import Atlas

from racemate.evidence.record import Cited, Linking, Quantity
from racemate.evidence.synthesis import Anchor, Study, Synthesis, Topic

PAGES = ("quantities", "syntheses", "anchors", "signals", "scales")
QUANTITIES, SYNTHESES, ANCHORS, SIGNALS, SCALES = (f"evidence/{page}.md" for page in PAGES)


def write_across(atlas: Atlas) -> None:
    """Every table that no single trial or link owns."""
    known = atlas.known
    write("quantities.md", "".join(_topic(topic, says, atlas) for topic, says in known.vocabulary["topic"].items()))
    write("syntheses.md", "".join(_synthesis(one, atlas) for one in known.syntheses.values()))
    topics: list[Topic] = sorted({anchor.topic for anchor in known.anchors.values()})
    write("anchors.md", "".join(section(topic, _anchors(known.about(topic), atlas)) for topic in topics))
    write("signals.md", _signals(atlas))
    write("scales.md", _scales(atlas))
    write("counts.md", _counts(atlas))


def _topic(topic: str, says: str, atlas: Atlas) -> str:
    about = [one for name, one in sorted(atlas.known.quantities.items()) if one.topic == topic]
    rows = ((f"`{one.name}`{{ #{one.name} }}", one.label, *_stated(one, atlas), one.link) for one in about)
    body = table(("number", "what", "claim", "system", "source and place", "how", "note", "link"), rows)
    return section(topic.capitalize(), f"{says[0].upper()}{says[1:]}.\n\n{body}") if about else ""


def _stated(one: Quantity, atlas: Atlas) -> Iterator[str]:
    """The claims about a quantity, a line for each in every cell."""
    for tell in (
        lambda claim: f"{valued(claim.value, claim.unit or one.unit)} {wide(claim.spread)}",
        lambda claim: ", ".join(filter(None, (claim.species, claim.system, claim.population))),
        lambda claim: f"{atlas.sources(claim.sources, QUANTITIES)} {claim.place}",
        lambda claim: claim.how,
        lambda claim: claim.note,
    ):
        yield "<br>".join(map(tell, one.claims)) if any(map(tell, one.claims)) else ""


def _synthesis(one: Synthesis, atlas: Atlas) -> str:
    pooled = (
        (
            estimate.compare,
            " ".join((estimate.outcome, estimate.statistic)),
            moment(estimate.time, estimate.time_unit),
            f"{valued(estimate.value, estimate.unit)} {wide(estimate.spread)}",
            number(estimate.studies),
            number(estimate.n),
            number(estimate.i2),
            f"{atlas.to('source', estimate.source or one.sources[0], SYNTHESES)} {estimate.place}",
            estimate.how,
            estimate.note,
        )
        for estimate in one.pooled
    )
    head = ("compared", "outcome", "time", "pooled", "studies", "people", "I2, %", "source and place", "how", "note")
    return section(
        f"{one.title} {{ #{one.id} }}",
        f"`{one.id}`; sources: {atlas.sources(one.sources, SYNTHESES)}\n\n{bullets(one.warnings)}\n{table(head, pooled)}\n"
        + table(
            ("study", "outcome", "arms", "differences", "source and place", "how", "note"),
            (_study(study, atlas) for study in one.studies),
        ),
    )


def _study(study: Study, atlas: Atlas) -> tuple[str, ...]:
    arms = (
        f"{arm.name}: "
        + ", ".join(
            f"{name} {number(value)}"
            for name, value in (("n", arm.n), ("mean", arm.mean), ("sd", arm.sd), ("se", arm.se), ("count", arm.count))
            if value is not None
        )
        for arm in study.arms
    )
    differences = (
        f"{one.first} vs {one.second}: "
        + ", ".join(
            f"{name} {number(value)}"
            for name, value in (("raw", one.raw), ("adjusted", one.adjusted))
            if value is not None
        )
        + f" {wide(one.spread)}"
        for one in study.differences
    )
    return (
        atlas.to("trial", study.trial, SYNTHESES, study.name) if study.trial else study.name,
        " ".join(filter(None, (study.outcome, study.statistic, moment(study.time, study.time_unit)))),
        "<br>".join(arms),
        "<br>".join(differences),
        f"{atlas.to('source', study.source, SYNTHESES)} {study.place}",
        study.how,
        study.note,
    )


def _anchors(anchors: tuple[Anchor, ...], atlas: Atlas) -> str:
    rows = (
        (
            f"`{one.id}`{{ #{one.id} }}",
            one.who,
            " ".join(filter(None, (one.outcome, one.statistic, one.population))),
            moment(one.time, one.time_unit),
            f"{valued(one.value, one.unit)} {wide(one.spread)}",
            number(one.n),
            f"{atlas.to('source', one.source, ANCHORS) if one.source else ''} {one.place}",
            one.how,
            " ".join(
                filter(None, (f"Also a row of {atlas.to('trial', one.trial, ANCHORS)}." if one.trial else "", one.note))
            ),
        )
        for one in anchors
    )
    return table(("id", "who", "outcome", "time", "value", "n", "source and place", "how", "note"), rows)


def _signals(atlas: Atlas) -> str:
    rows = (
        (
            f"`{one.id}`{{ #{one.id} }}",
            f"{one.drug}: {one.event}",
            f"{one.database}, {one.window}",
            ", ".join(f"{name} {number(value)}" for name, value in one.printed.items()),
            ""
            if one.table is None
            else f"{one.table.a}, {one.table.b}, {one.table.c}, {one.table.d} [{one.table_how}]",
            ""
            if one.table is None
            else ", ".join(
                f"{name} {one.table.measures[name]:.4g}" for name in one.printed if name in one.table.measures
            ),
            "<br>".join(f"{m.measure}: {m.printed:g} for {m.meant:g}. {m.note}" for m in one.misprints),
            f"{atlas.to('source', one.source, SIGNALS)} {one.place}",
            one.how,
        )
        for one in atlas.known.signals.values()
    )
    head = ("id", "drug and event", "reports", "printed", "a, b, c, d", "from the table", "misprints", "source", "how")
    return table(head, rows)


def _scales(atlas: Atlas) -> str:
    parts: list[str] = []
    for scale in atlas.known.scales.values():
        rows = (
            (
                what.replace("_", " "),
                _entry(entry),
                f"{atlas.to('source', entry.source, SCALES) if entry.source else ''} {entry.place}",
                entry.how,
                entry.note,
            )
            for what, entry in scale.cited()
        )
        worse = "worse" if scale.higher_is_worse else "better"
        head = f"{scale.range[0]:g} to {scale.range[1]:g} {scale.unit}, higher is {worse}. {scale.note}"
        body = table(("number", "value", "source and place", "how", "note"), rows)
        parts.append(section(f"{scale.label} {{ #{scale.name} }}", f"`{scale.name}`: {head}\n\n{body}"))
    return "".join(parts)


def _entry(entry: Cited | Linking) -> str:
    if isinstance(entry, Cited):
        return number(entry.value)
    if entry.kind == "linear":
        return f"{entry.to} = {number(entry.slope)} x + {number(entry.intercept)}"
    pairs = ", ".join(f"{here:g} is {there:g}" for here, there in zip(entry.here, entry.there, strict=True))
    return f"{pairs} ({entry.to})"


def _counts(atlas: Atlas) -> str:
    known = atlas.known
    claims = [claim for one in known.parameters.values() for claim in one.claims]
    stated = [claim for one in known.quantities.values() for claim in one.claims]
    rows = [row for trial in known.trials.values() for row in trial.observations]
    use = Counter(trial.use for trial in known.trials.values())
    held = (
        ("[trials](trials.md)", len(known.trials), ", ".join(f"{n} {word}" for word, n in use.most_common())),
        ("rows of trials", len(rows), _ways(Counter(row.how for row in rows))),
        ("[sources](sources.md)", len(known.sources), _ways(Counter(one.seen for one in known.sources.values()))),
        ("numbers of the chain and of people", len(known.parameters), "on the page of each link"),
        ("claims about these numbers", len(claims), _ways(Counter(claim.how for claim in claims))),
        ("[quantities](quantities.md) that no link reads", len(known.quantities), ""),
        ("claims about these quantities", len(stated), _ways(Counter(claim.how for claim in stated))),
        ("[syntheses](syntheses.md)", len(known.syntheses), "reviews, and sets of studies to pool again"),
        ("[anchors](anchors.md)", len(known.anchors), _ways(Counter(one.how for one in known.anchors.values()))),
        ("[signals](signals.md)", len(known.signals), "spontaneous reports"),
        ("[rating scales](scales.md)", len(known.scales), ""),
    )
    return table(("what", "how many", "of which"), ((what, str(n), which) for what, n, which in held))


def _ways(count: Counter[str]) -> str:
    return ", ".join(f"{n} {word}" for word, n in count.most_common())
