"""The meeting of numbers and equations: everything by name, in declared units, edges off exactly zero."""

import numpy as np
import pytest

from racemate.chain import whole
from racemate.evidence.finding import EvidenceError
from racemate.evidence.library import library
from racemate.hypothesis import all_names, edges
from racemate.model import bind, unpack
from racemate.units import declared


@pytest.mark.parametrize("name", all_names())
def test_every_card_binds_every_parameter(name):
    model = bind(name)
    assert set(model.bound) == set(declared(whole.Par))
    values = np.array(
        [v for b in model.bound.values() for v in (b.typical if isinstance(b.typical, tuple) else (b.typical,))]
    )
    assert np.isfinite(values).all()


@pytest.mark.parametrize("name", all_names())
def test_an_edge_that_is_off_is_exactly_zero_and_cannot_be_drawn(name):
    model = bind(name)
    off = set(edges()) - set(model.hypothesis.edges)
    assert off
    for bound in model.bound.values():
        edge = bound.name.rpartition(".")[2].removeprefix("g_")
        if edge in off and bound.name.rpartition(".")[2].startswith("g_"):
            assert bound.typical == 0.0
            assert bound.prior is None


def test_values_arrive_in_the_unit_the_chain_declares():
    bound = bind("composite").bound["dose.device_gap"]
    assert library().parameter("dose.device_gap").unit == "min"
    assert bound.unit == "h"
    assert bound.typical == pytest.approx(5 / 60, rel=1e-12)


def test_a_parameter_table_is_read_back_by_name():
    model = bind("composite")
    table = model.table({"occupancy.kd_nmda_s": np.array([0.3, 0.5])}, 2)
    par = unpack(model.rows, table)
    assert par.occupancy.kd_nmda_s.tolist() == [0.3, 0.5]
    assert len(par.circuit.node_above) == len(model.typical.circuit.node_above) == 9
    assert par.circuit.node_above[4].tolist() == [model.typical.circuit.node_above[4]] * 2


def test_missing_and_stray_parameters_are_both_named(tmp_path, monkeypatch):
    import shutil

    from racemate.evidence.library import evidence_root

    shutil.copytree(evidence_root(), tmp_path / "evidence")
    file = tmp_path / "evidence" / "parameters" / "plasticity.toml"
    file.write_text(
        file.read_text(encoding="utf-8").replace("plasticity.tau_new", "plasticity.tau_newer"), encoding="utf-8"
    )
    with pytest.raises(EvidenceError) as caught:
        bind("composite", library(tmp_path / "evidence"))
    assert "plasticity.tau_new: found nothing, allowed: a claim for this parameter" in str(caught.value)
    assert "plasticity.tau_newer: found a parameter of no link" in str(caught.value)
