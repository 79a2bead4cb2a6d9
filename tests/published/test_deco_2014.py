"""The circuit's node against the differential equations of deco-2014, run to rest."""

import numpy as np
import pytest
from evidence.derive import deco_node
from evidence.derive.reference_peaks import typical

from racemate.chain import circuit
from tests.published.folder import script, unchanged

JUDGE = script("deco-2014")
ROWS = JUDGE.compare()
RECORD = deco_node.read()
HALF_UM = 0.5


def test_every_rate_is_within_the_stated_error() -> None:
    errors = np.array([float(row["log_error"]) for row in ROWS])
    assert len(errors) == 81
    assert np.abs(errors).max() < RECORD["fit"]["max_error"]
    assert np.sqrt(np.mean(errors**2)) < RECORD["fit"]["rms_error"]


def test_the_committed_table_is_todays() -> None:
    unchanged("deco-2014", ROWS)


def test_the_node_still_settles_where_the_reference_says() -> None:
    kept = {(float(row["loss_e"]), float(row["loss_i"])): float(row["node"]) for row in ROWS}
    for row in JUDGE.settled(np.array([0.0, 0.5, 1.0])):
        rate = float(row["rate_hz"]) / RECORD["target"]["rate_hz"]
        assert rate == pytest.approx(kept[float(row["loss_e"]), float(row["loss_i"])], rel=1e-3)


def test_feedback_inhibition_is_that_of_the_virtual_brain() -> None:
    strength = deco_node.inhibition_strength(RECORD["constant"], RECORD["target"]["rate_hz"])
    assert strength == pytest.approx(RECORD["target"]["inhibition"], rel=0.005)


@pytest.mark.slow
def test_the_evidence_holds_todays_fit() -> None:
    e, i, logs = deco_node.table(RECORD, RECORD["fit"]["points"])
    p = deco_node.fit(e, i, logs)
    derived = deco_node.terms(e, i) @ p[:9] / (1 + deco_node.terms(e, i) @ p[9:])
    held = np.log(circuit.node(typical(circuit), e, i, np))
    assert np.abs(held - derived).max() < 1e-4
    assert np.abs(held - logs).max() < RECORD["fit"]["max_error"]


def test_the_line_below_never_vanishes() -> None:
    """Inside the square of losses, and a quarter beyond it where an opioid raises permission."""
    below = np.array(typical(circuit).node_below)
    axis = np.linspace(0, 1, 101)
    e, i = (part.ravel() for part in np.meshgrid(axis, 1.25 * axis, indexing="ij"))
    assert (1 + deco_node.terms(e, i) @ below).min() > 0.05


def raised(preference: float) -> float:
    """Highest rate over all concentrations, for a block of interneurons at a lower concentration by ``preference``."""
    c = np.geomspace(0.01, 50, 200)
    block_i, block_e = c / (c + HALF_UM), c / (c + HALF_UM * preference)
    return float(np.max(circuit.node(typical(circuit), block_e, block_i, np)))


def test_no_surge_without_an_interneuron_bias_of_about_three() -> None:
    assert raised(1) < 1
    assert raised(3) == pytest.approx(1.01, abs=0.02)
    assert raised(10) == pytest.approx(1.38, abs=0.03)
