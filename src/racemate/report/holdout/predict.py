"""Predict: every held-out trial run on virtual patients under a posterior that never saw it, from its protocol alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from racemate.code import TRIALS, code
from racemate.evidence.finding import EvidenceError
from racemate.infer.holdout.blind import Blind, held_out
from racemate.infer.holdout.frozen import Frozen, Prediction, compact
from racemate.model import Model, bind
from racemate.posterior import PRIOR, Posterior, load
from racemate.report.replication.every import COURSES
from racemate.report.replication.part import Task
from racemate.report.replication.store import Store
from racemate.report.replication.work import Follow, Work
from racemate.report.run.manifest import describe
from racemate.report.run.trial import distinct
from racemate.trial.beside import Found, Size
from racemate.trial.replicate import SEED, allow
from racemate.trial.world import ChainWorld

COMMAND = "predict --hold-out"
POSTERIOR = "prospective"
REPLICATES = 200
CARDS = ("composite",)
_BLIND = "calibration"
"""What a posterior may have been fitted to if it is to predict held-out trials."""


def predict(
    posterior: str = POSTERIOR,
    hypotheses: Iterable[str] = CARDS,
    trials: Iterable[str] | None = None,
    replicates: int = REPLICATES,
    seed: int = SEED,
    courses: int | None = COURSES,
    progress: Follow | None = None,
    jobs: int | None = None,
    parts: Path | None = None,
    scheduler: str | None = None,
) -> Frozen:
    """Predictive distributions of everything that held-out rows of the evidence state, from protocols alone.

    ``posterior`` is the name of a shipped posterior, the folder of one, or ``prior`` for none; ``courses`` is how many people of each
    treatment path are carried through the chain (None: all).  ``progress`` is told how far the work is; whatever it raises stops it.
    ``parts`` is a folder that keeps what is finished, so that work which was stopped goes on there (None: nothing is kept).
    ``jobs`` and ``scheduler`` say who works, as in `replicate_all`.
    Raises EvidenceError for a posterior that was fitted to held-out trials, for unknown trials and cards, and when a trial cannot be run;
    RunFolderError for a folder begun with other settings.
    """
    size = Size(None, replicates, seed, courses)
    allow(size)
    names = list(hypotheses)
    if not names:
        raise EvidenceError("predict", "hypotheses", "none", "at least one card")
    models = [bind(name, posterior=_unseeing(posterior, name)) for name in names]
    distinct([model.hypothesis.name for model in models])
    wanted = None if trials is None else list(trials)
    chosen = held_out(wanted)
    manifest = _manifest(names, wanted, models, chosen, size)
    store = Store(manifest, parts)
    work = Work([_task(one) for one in chosen], [_world(one, size) for one in models], size, store, progress)
    work.run(jobs, scheduler)
    rows = [row for one in chosen for model in models for row in _rows(one, model, store, replicates)]
    return Frozen(manifest, tuple(rows))


def _unseeing(posterior: str, card: str) -> Posterior | None:
    """The posterior of a card, refused when it knows what it is to predict."""
    if posterior == PRIOR:
        return None
    found = load(posterior, card)
    scope = found.manifest.get("trials")
    if scope != _BLIND:
        raise EvidenceError(
            f"posterior {found.name} of {card}", "trials", repr(scope), f"{_BLIND}: it saw what it predicts"
        )
    return found


def _task(one: Blind) -> Task:
    return Task(one.trial, one.protocol, None, one.asked)


def _world(model: Model, size: Size) -> ChainWorld:
    from racemate.simulate.grid import TRIAL_TOLERANCE

    return ChainWorld(model.hypothesis.name, model, size.seed, 1, size.courses, tolerance=TRIAL_TOLERANCE)


def _rows(one: Blind, model: Model, store: Store, replicates: int) -> Iterable[Prediction]:
    card = model.hypothesis.name
    found = store.load(one.trial, card)
    if not isinstance(found, Found):
        raise EvidenceError(one.trial, card, found or "no answer", "a trial that can be run")
    for asked, answers in zip(one.asked, found.value, strict=True):
        defined, sample = compact(answers)
        yield Prediction(one.trial, card, asked.question, replicates, defined, sample)


def _manifest(
    names: list[str], wanted: list[str] | None, models: Sequence[Model], chosen: Sequence[Blind], size: Size
) -> dict[str, Any]:
    from racemate.simulate.grid import TRIAL_TOLERANCE

    arguments = {"trials": wanted, "hypotheses": names, "replicates": size.replicates, "seed": size.seed}
    drugs = {dose.drug for one in chosen for arm in one.protocol.conditions for dose in arm.doses}
    known = [model.posterior for model in models if model.posterior is not None]
    shown = known[0].name if known else PRIOR
    entry = describe(COMMAND, {"posterior": shown, **arguments}, models, drugs, (), {}, None)
    return {
        **entry,
        "code": code(*TRIALS),
        "posterior": {
            "name": shown,
            "fitted": sorted({trial for one in known for trial in one.manifest.get("fitted", ())}),
            "draws": {one.card: sha256(one.draws.tobytes()).hexdigest() for one in known},
        },
        "trials": [one.trial for one in chosen],
        "protocols": {one.trial: sha256(one.protocol.model_dump_json().encode()).hexdigest() for one in chosen},
        "courses": size.courses or "all",
        "tolerance": TRIAL_TOLERANCE,
    }
