"""Claims become one prior: known answers, and no memory of their order."""

import math
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from racemate.evidence.finding import EvidenceError
from racemate.evidence.library import Library, library
from racemate.evidence.pool import Judgement, between_variance, pool
from racemate.evidence.record import Claim, Parameter, Spread

# Colditz 1994, the 13 BCG trials: vaccinated with and without tuberculosis, then controls. metafor 4.6 gives, by
# DerSimonian-Laird on the log risk ratio, tau squared 0.3088 and mean -0.7141.
BCG = [
    (4, 119, 11, 128),
    (6, 300, 29, 274),
    (3, 228, 11, 209),
    (62, 13536, 248, 12619),
    (33, 5036, 47, 5761),
    (180, 1361, 372, 1079),
    (8, 2537, 10, 619),
    (505, 87886, 499, 87892),
    (29, 7470, 45, 7232),
    (17, 1699, 65, 1600),
    (186, 50448, 141, 27197),
    (5, 2493, 3, 2338),
    (27, 16886, 29, 17825),
]


@pytest.fixture(scope="module")
def judgement(repository: Path) -> Judgement:
    import tomllib

    return Judgement.model_validate(tomllib.loads((repository / "evidence" / "pooling.toml").read_text()))


def asked(rule: str, *claims: Claim, unit: str = "umol/L", within: tuple[float, float] = (1e-6, 1e6)) -> Parameter:
    return Parameter.model_validate(
        {
            "name": "occupancy.kd",
            "label": "kd",
            "unit": unit,
            "range": within,
            "pool": rule,
            "vary": "shared",
            "claim": claims,
        }
    )


def stated(value: float, sd_log: float, how: str = "table", **more: object) -> Claim:
    return Claim.model_validate({"value": value, "spread": Spread(kind="sd-log", value=sd_log), "how": how, **more})


def test_the_variance_between_claims_is_that_of_metafor() -> None:
    centres = [math.log((a / (a + b)) / (c / (c + d))) for a, b, c, d in BCG]
    variances = [1 / a - 1 / (a + b) + 1 / c - 1 / (c + d) for a, b, c, d in BCG]
    assert between_variance(centres, variances) == pytest.approx(0.3088, abs=5e-5)


def test_a_pooled_centre_is_that_of_metafor(judgement: Judgement) -> None:
    rows = [((a / (a + b)) / (c / (c + d)), 1 / a - 1 / (a + b) + 1 / c - 1 / (c + d)) for a, b, c, d in BCG]
    prior = pool(asked("lognormal-meta", *(stated(ratio, math.sqrt(v)) for ratio, v in rows)), judgement)
    assert prior.location == pytest.approx(-0.7141, abs=5e-5)
    assert isinstance(prior.scale, float)
    assert prior.scale == pytest.approx(math.hypot(math.sqrt(0.3088), 0.1787), abs=1e-3)


@given(
    st.lists(
        st.tuples(st.floats(1e-3, 1e3), st.floats(0.05, 2), st.sampled_from(["table", "recalled"])),
        min_size=2,
        max_size=8,
    ),
    st.randoms(use_true_random=False),
    st.sampled_from(["lognormal-meta", "normal-meta", "widest"]),
)
def test_the_order_of_claims_never_matters(rows: list[tuple[float, float, str]], shuffler: Random, rule: str) -> None:
    choices = _judgement()
    claims = [stated(value, sd, how) for value, sd, how in rows]
    shuffled = list(claims)
    shuffler.shuffle(shuffled)
    assert pool(asked(rule, *claims), choices) == pool(asked(rule, *shuffled), choices)


def _judgement() -> Judgement:
    import tomllib

    root = Path(__file__).resolve().parents[2]
    return Judgement.model_validate(tomllib.loads((root / "evidence" / "pooling.toml").read_text()))


def test_a_single_claim_keeps_its_own_spread(judgement: Judgement) -> None:
    prior = pool(asked("single", stated(300, 0.4, unit="nmol/L")), judgement)
    assert prior.law == "lognormal"
    assert prior.median == pytest.approx(0.3)
    assert prior.scale == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("spread", "n", "law", "scale"),
    [
        ({"kind": "cv", "value": 0.5}, None, "lognormal", math.sqrt(math.log(1.25))),
        ({"kind": "cv", "value": 0.5}, 25, "lognormal", math.sqrt(math.log(1.01))),
        ({"kind": "sd", "value": 0.098}, None, "normal", 0.098),
        ({"kind": "sd", "value": 0.1}, 4, "normal", 0.05),
        ({"kind": "se", "value": 0.1}, 4, "normal", 0.1),
        ({"kind": "range95", "low": 0.1, "high": 0.9}, None, "lognormal", math.log(9) / (2 * 1.959964)),
        ({"kind": "range", "low": 0.1, "high": 0.9}, None, "lognormal", math.log(9) / 4),
        ({"kind": "iqr", "low": 0.2, "high": 0.4}, None, "lognormal", math.log(2) / (2 * 0.6744898)),
        ({"kind": "range", "low": 0.0, "high": 0.8}, None, "normal", 0.2),
        ({"kind": "sd-logit", "value": 0.7}, None, "logit-normal", 0.7),
    ],
)
def test_each_kind_of_spread_is_read(
    judgement: Judgement, spread: dict[str, object], n: int | None, law: str, scale: float
) -> None:
    claim = Claim.model_validate({"value": 0.3, "spread": spread, "n": n, "how": "table"})
    prior = pool(asked("single", claim, unit="1"), judgement)
    assert prior.law == law
    assert prior.scale == pytest.approx(scale, rel=1e-6)


def test_a_recalled_claim_counts_less_beside_a_read_one(judgement: Judgement) -> None:
    equal = pool(asked("lognormal-meta", stated(1, 0.8), stated(4, 0.8)), judgement)
    mixed = pool(asked("lognormal-meta", stated(1, 0.8), stated(4, 0.8, "recalled")), judgement)
    assert equal.median == pytest.approx(2)
    assert isinstance(mixed.median, float)
    assert 1 < mixed.median < 1.9


def test_a_claim_left_out_does_not_move_the_prior(judgement: Judgement) -> None:
    with_it = pool(asked("lognormal-meta", stated(1, 0.3), stated(90, 0.3, pooled=False)), judgement)
    assert with_it == pool(asked("lognormal-meta", stated(1, 0.3)), judgement)


def test_the_widest_holds_every_claim(judgement: Judgement) -> None:
    prior = pool(asked("widest", stated(0.3, 0.4), stated(3.1, 0.2)), judgement)
    z = 1.959964
    assert prior.quantile(0.025) == pytest.approx(0.3 * math.exp(-0.4 * z), rel=1e-4)
    assert prior.quantile(0.975) == pytest.approx(3.1 * math.exp(0.2 * z), rel=1e-4)


def test_a_fraction_stays_a_fraction(judgement: Judgement) -> None:
    claim = Claim(value=54.0, unit="percent", spread=Spread(kind="range95", low=40, high=67), how="table")
    prior = pool(asked("logit-meta", claim, unit="1", within=(0, 1)), judgement)
    assert prior.median == pytest.approx(0.54)
    draws = prior.quantile(np.linspace(0, 1, 101))
    assert draws.min() >= 0
    assert draws.max() <= 1


def test_a_list_is_fixed_or_moves_together(judgement: Judgement) -> None:
    values = Claim(value=(1.0, 2.0, 4.0), spread=Spread(kind="sd-log", value=0.5), how="table")
    fixed = pool(asked("fixed", values), judgement)
    assert fixed.quantile([0.1, 0.9]).tolist() == [[1, 2, 4], [1, 2, 4]]
    single = pool(asked("single", values), judgement)
    np.testing.assert_allclose(single.quantile(0.5), [1, 2, 4])
    assert single.quantile(np.full((5, 2), 0.2)).shape == (5, 2, 3)
    assert len(set(np.round(single.quantile(0.9) / [1, 2, 4], 12))) == 1


@pytest.mark.parametrize(
    ("rule", "claims", "found", "allowed"),
    [
        ("single", [stated(1, 0.4), stated(2, 0.4)], "2 pooled claims", "another rule"),
        ("single", [Claim(value=1.0, how="table")], "none", "a spread"),
        ("lognormal-meta", [stated(-1, 0.4)], "-1 umol/L", "above 0"),
        ("logit-meta", [stated(1.5, 0.4)], "1.5 umol/L", "between 0 and 1"),
        ("lognormal-meta", [Claim(value=(1.0, 2.0), how="table")], "a list", "one number"),
        ("widest", [stated(1, 0.4, pooled=False)], "no claim", "at least one"),
    ],
)
def test_claims_that_do_not_suit_the_rule_are_refused(
    judgement: Judgement, rule: str, claims: list[Claim], found: str, allowed: str
) -> None:
    with pytest.raises(EvidenceError) as caught:
        pool(asked(rule, *claims), judgement)
    assert caught.value.file == "evidence/parameters/occupancy.toml"
    assert found in caught.value.found
    assert allowed in caught.value.allowed


def test_the_library_pools_by_name(tmp_path: Path, repository: Path) -> None:
    from tests.evidence.small import plant

    read: Library = library(plant(tmp_path, repository))
    assert read.prior("occupancy.molar_mass").median == 237.73
    assert read.prior("concentration.effect_half_life").median == pytest.approx(6.1 / 60)
