"""Each rule catches the fault it is named for, and says file, field, found and allowed."""

from pathlib import Path

import pytest

from racemate.evidence.check import RULES, check, links
from racemate.evidence.library import read_library
from tests.evidence.small import DECLARED, change, plant

CONCENTRATION = "parameters/concentration.toml"
OCCUPANCY = "parameters/occupancy.toml"
SEVERITY = "parameters/severity.toml"
CHANNEL = "quantities/channel.toml"
PROTOCOL = "trials/small-2020/protocol.toml"
OUTCOMES = "trials/small-2020/outcomes.csv"
MADRS = "scales/madrs.toml"
EBERT = "sources/ebert-1997.toml"
POOL = "meta/small-pool.toml"
ANCHORS = "anchors.toml"
REPORTS = "safety/reports.toml"

TRIAL_USE = 'use = "calibration"\n'
CLAIM = """  value = 28
  spread = { kind = "range95", low = 7, high = 112 }
  source = "hirota-1999"
  place = "results"
  how = "recalled"
"""
TWICE = (CLAIM, f"{CLAIM}  [[occupancy.kd_mor_s.claim]]\n{CLAIM}")
ROW = "ketamine,,madrs,itt,observed-mean,0,h,32.6,point,sd,6.1,,,47,,,olofsen-2012,Table 1,table,\n"
ROW_TWICE = (ROW, ROW + ROW)
ORPHAN = """[severity.tabel]
label = "a misspelt field"
unit = "1"
range = [0, 1]
pool = "fixed"
vary = "shared"
claim = [{ value = 0.5, source = "olofsen-2012", place = "Methods", how = "table" }]
[severity.table]"""

# rule, file, text replaced, text planted, field, found, allowed
FAULTS = [
    ("reads", OCCUPANCY, "value = 0.3", "value = nan", "claim[1].value", "nan", "a finite number"),
    ("reads", OCCUPANCY, "value = 0.3", 'value = "0.3"', "kd_nmda_s.claim[1].value", "'0.3'", "a number"),
    ("reads", OCCUPANCY, 'label = "S-ketamine at the NMDA', 'lable = "S-ketamine at the NMDA', "lable", "lable", "'label'"),
    ("reads", OCCUPANCY, 'how = "abstract"', 'how = "abstact"', "claim[1].how", "'abstact'", "'abstract'"),
    ("reads", OCCUPANCY, "[occupancy.kd_mor_s]", "[occupancy.kd_nmda_s]", "line", "twice", "each name once"),
    ("reads", OCCUPANCY, "[occupancy.molar_mass]", "[dose.molar_mass]", "dose", "'dose'", "[occupancy.<field>]"),
    ("reads", OCCUPANCY, 'species = "rat"', 'species = "rats"', "claim[1].species", "'rats'", "'rat'"),
    ("reads", OCCUPANCY, 'target = "nmda"', 'target = "nmdar"', "kd_nmda_s.target", "'nmdar'", "'nmda'"),
    ("reads", OCCUPANCY, 'kind = "sd-log", value = 0.6', 'kind = "sd-log"', "claim[2].spread", "sd-log", "needs a value"),
    ("reads", CONCENTRATION, "cv = 0.615", "cv = 0.615, sd = 0.5", "between", "0.615", "exactly one of sd, cv and variance"),
    ("reads", PROTOCOL, 'use = "calibration"\n', "", "trial.use", "nothing", "required"),
    ("reads", PROTOCOL, 'use = "calibration"', 'use = "training"', "trial.use", "'training'", "'hold-out'"),
    ("reads", CONCENTRATION, "cv = 0.615", "cv = 0.615, uncertainty = 0", "between", "uncertainty", "above 0"),
    ("reads", OUTCOMES, "ls-difference", "ls-diference", "line 5.statistic", "'ls-diference'", "'ls-difference'"),
    ("reads", OUTCOMES, "sd,6.1,,,47", "sd,6.1,,,47.5", "line 2.n", "'47.5'", "a whole number"),
    ("reads", OUTCOMES, "32.6,point", "nan,point", "line 2.value", "nan", "a finite number"),
    ("reads", OUTCOMES, "raw means", "raw, means", "line 4", "cells", "20 cells"),
    ("reads", OUTCOMES, "arm,period", "arms,period", "header", "'arms'", "'arm'"),
    ("reads", EBERT, 'id       = "ebert-1997"', 'id = "ebert-1998"', "id", "'ebert-1998'", "'ebert-1997'"),
    ("reads", EBERT, "looked_for = 2026-11-21", 'looked_for = "lately"', "errata.looked_for", "'lately'", "date"),
    ("source_exists", OCCUPANCY, 'source = "ebert-1997"', 'source = "ebert-1979"', "claim[1].source", "'ebert-1979'", "'ebert-1997'"),
    ("source_was_seen", EBERT, 'seen     = "abstract"', 'seen = "none"', "claim[1].how", "'abstract'", "'recalled'"),
    ("doi_is_well_formed", EBERT, '"10.1016', '"https://doi.org/10.1016', "doi", "https", "10.<registrant>"),
    ("registry_is_well_formed", PROTOCOL, "NCT00768430", "NCT768430", "trial.registry", "'NCT768430'", "NCT00768430"),
    ("dates_are_possible", EBERT, "year     = 1997", "year = 19997", "year", "19997", "1800"),
    ("dates_are_possible", EBERT, "looked_for = 2026", "looked_for = 1926", "errata.looked_for", "1926", "1997"),
    ("source_is_given", OCCUPANCY, '  source = "ebert-1997"\n', "", "claim[1].source", "no source", "'assumed'"),
    ("place_is_given", OCCUPANCY, 'place = "abstract"\n', "", "claim[1].place", "nothing", "'Table 3'"),
    ("reason_is_given", OCCUPANCY, 'note = "Between the ends that reviews quote."', "", "claim[2].note", "without", "a sentence"),
    ("unit_converts", OCCUPANCY, 'unit = "nmol/L"', 'unit = "ng/mL"', "claim[2].unit", "'ng/mL'", "such as umol/L"),
    ("unit_converts", OCCUPANCY, 'unit = "umol/L"', 'unit = "umoll"', "kd_nmda_s.unit", "'umoll'", "such as"),
    ("value_is_inside_range", OCCUPANCY, "value = 0.3", "value = 30", "claim[1].value", "30 umol/L", "0.01 to 20"),
    ("value_is_inside_range", CONCENTRATION, "range = [0, 1]", "range = [0, 54]", "f_nasal.range", "54", "0 to 1"),
    ("spread_is_possible", OCCUPANCY, "value = 0.6", "value = -0.6", "claim[2].spread.value", "-0.6", "above 0"),
    ("spread_is_possible", OCCUPANCY, "low = 7", "low = 29", "claim[1].spread", "29 to 112", "either side"),
    ("doubtful_is_wide", OCCUPANCY, "low = 7, high = 112", "low = 26, high = 30", "claim[1].spread", "lognormal", "at least 0.3"),
    ("doubtful_is_wide", OCCUPANCY, '  spread = { kind = "sd-log", value = 0.9 }\n', "", "claim[2].spread", "none", "wide"),
    ("arithmetic_recomputes", OCCUPANCY, "650 / 1.647", "650 / 1.467", "claim[2].arithmetic", "443.08", "gives 395"),
    ("arithmetic_recomputes", OCCUPANCY, '  arithmetic = "650 / 1.647"\n', "", "claim[2].arithmetic", "nothing", "sqrt"),
    ("arithmetic_recomputes", OCCUPANCY, "650 / 1.647", "__import__('os').getpid()", "claim[2].arithmetic", "not arithmetic", "sqrt"),
    ("arithmetic_recomputes", SEVERITY, '"0", "1 / 2"', '"1 / 2"', "claim[1].arithmetic", "2 expressions", "3 expressions"),
    ("claims_differ", OCCUPANCY, TWICE[0], TWICE[1], "claim[2]", "claim[1]", "once"),
    ("n_is_positive", CONCENTRATION, "n = 12", "n = 0", "claim[1].n", "0", "at least 1"),
    ("between_fits_vary", CONCENTRATION, 'vary = "person"', 'vary = "shared"', "k_nasal.between", "between people", "'shared'"),
    ("between_fits_vary", CONCENTRATION, "cv = 0.615", "cv = -0.615", "k_nasal.between", "0.56", "above 0"),
    ("prior_can_be_pooled", OCCUPANCY, "range = [0.01, 20]", "range = [0.29, 0.5]", "kd_nmda_s.range", "% of", "at least 80%"),
    ("prior_can_be_pooled", CONCENTRATION, 'pool = "logit-meta"', 'pool = "single"', "claim[1].spread", "none", "a spread"),
    ("reads", CHANNEL, 'link = "occupancy"\n', "", "ki_memantine.link", "nothing", "required"),
    ("reads", CHANNEL, 'link = "occupancy"', 'link = "ocupancy"', "ki_memantine", "'ocupancy'", "'occupancy'"),
    ("reads", CHANNEL, 'link = "occupancy"', 'link = "occupancy"\npool = "single"', "ki_memantine.pool", "'pool'", "one of"),
    ("reads", CHANNEL, "[channel.ki_memantine]", "[chanel.ki_memantine]", "chanel", "'chanel'", "[channel.<field>]"),
    ("reads", CHANNEL, 'drug = "memantine"', 'drug = "memantin"', "ki_memantine.drug", "'memantin'", "'memantine'"),
    ("source_exists", CHANNEL, 'source = "ebert-1997"', 'source = "ebert-1979"', "claim[1].source", "'ebert-1979'", "'ebert-1997'"),
    ("place_is_given", CHANNEL, 'place = "Table 1"\n', "", "ki_memantine.claim[1].place", "nothing", "'Table 3'"),
    ("unit_converts", CHANNEL, 'unit = "nmol/L"', 'unit = "ng/mL"', "ki_memantine.claim[2].unit", "'ng/mL'", "such as umol/L"),
    ("spread_is_possible", CHANNEL, "low = 0.4", "low = 0.6", "ki_memantine.claim[1].spread", "0.6 to 0.7", "either side"),
    ("quantity_only_claims", CHANNEL, 'how = "recalled"', 'how = "recalled"\npooled = false', "claim[2].pooled", "false", "no link reads"),
    ("pooled_trial_is_known", PROTOCOL, TRIAL_USE, TRIAL_USE + 'people_of = ["small-2020"]\n', "trial.people_of", "'small-2020'", "known name"),
    ("arm_is_named_once", PROTOCOL, 'name = "midazolam"', 'name = "ketamine"', "arm", "2 of", "once"),
    ("arm_is_in_the_protocol", OUTCOMES, "ketamine vs midazolam", "ketamine vs midazolm", "line 5.arm", "'midazolm'", "'midazolam'"),
    ("arm_is_in_the_protocol", OUTCOMES, "ketamine,first", "ketamine,frist", "line 3.period", "'frist'", "'first'"),
    ("recalled_is_no_target", OUTCOMES, "context,", ",", "line 7.use", "'calibration'", "'context'"),
    ("row_place_is_given", OUTCOMES, "Table 1", "", "line 2.place", "nothing", "'Table 2'"),
    ("row_unit_reads", OUTCOMES, "24,h,-16.5", "24,parsec,-16.5", "line 3.time_unit", "'parsec'", "time"),
    ("row_unit_reads", OUTCOMES, "32.6,point", "32.6,pont", "line 2.unit", "'pont'", "point"),
    ("count_is_within_n", OUTCOMES, "47,30", "47,48", "line 6.count", "48 of 47", "0 to n"),
    ("share_agrees_with_count", OUTCOMES, "64,percent", "46,percent", "line 6.value", "46 percent", "63.83"),
    ("value_is_possible", OUTCOMES, "32.6,point", "132.6,point", "line 2.value", "132.6", "0 to 60"),
    ("row_spread_fits_its_kind", OUTCOMES, "sd,6.1", "sd,", "line 2.spread_kind", "'sd'", "a spread"),
    ("row_spread_fits_its_kind", OUTCOMES, "-12.71,-3.20", "12.71,3.20", "line 5.spread_kind", "12.71", "either side"),
    ("row_arithmetic_recomputes", OUTCOMES, "32.6 - 16.5", "32.6 - 15.6", "line 4.note", "17", "gives 16.1"),
    ("row_arithmetic_recomputes", OUTCOMES, "= 32.6 - 16.5; raw", "raw", "line 4.note", "'raw", "'= '"),
    ("rows_differ", OUTCOMES, ROW_TWICE[0], ROW_TWICE[1], "line 3", "line 2", "once"),
    ("scale_is_possible", MADRS, "value = 12", "value = 72", "remission[1].value", "72", "0 to 60"),
    ("scale_is_possible", MADRS, "[0, 9, 20, 60]", "[0, 20, 9, 60]", "link[1].here", "20", "never fall"),
    ("scale_is_sourced", MADRS, ', note = "Half or more, the usual convention."', "", "response.note", "without", "a sentence"),
    ("reads", POOL, 'better = "higher"', 'better = "up"', "pooled[1].better", "'up'", "'higher'"),
    ("reads", POOL, "adjusted = -3.2\n", "", "difference[1]", "spread", "adjusted difference"),
    ("reads", POOL, 'statistic = "risk-ratio"', 'statistic = "risk-raito"', "pooled[1].statistic", "'risk-raito'", "'risk-ratio'"),
    ("reads", ANCHORS, 'topic = "measurement"', 'topic = "measuring"', "raters-apart.topic", "'measuring'", "'measurement'"),
    ("reads", ANCHORS, "[anchor.raters-apart]", "[anker.raters-apart]", "anker", "'anker'", "anchor"),
    ("reads", REPORTS, 'table_how = "derived"\n', "", "small-sedation", "esketamine", "how was the table read"),
    ("reads", REPORTS, "reports = [19, 21]", "reports = [21, 19]", "small-drunk", "21", "lower end first"),
    ("reads", REPORTS, 'event = "nausea"', 'event = "nausee"', "small-drunk.event", "'nausee'", "'nausea'"),
    ("source_exists", ANCHORS, 'source = "olofsen-2012"', 'source = "olofsen-2021"', "ketamine-24h.source", "'olofsen-2021'", "'olofsen-2012'"),
    ("reported_is_sourced", ANCHORS, 'place = "text"\n', "", "ketamine-24h.place", "nothing", "'Table 3'"),
    ("reported_is_sourced", ANCHORS, 'how = "recalled"', 'how = "recalled"\nuse = "calibration"', "recalled-movement.use", "'calibration'", "'context'"),
    ("reported_unit_reads", ANCHORS, 'unit = "percent"', 'unit = "percnt"', "raters-apart.unit", "'percnt'", "percent"),
    ("reported_unit_reads", ANCHORS, 'time_unit = "h"\n', "", "ketamine-24h.time_unit", "''", "together"),
    ("reported_spread_holds_value", POOL, "low = 1.22", "low = 1.42", "pooled[1].spread", "1.42 to 1.61", "either side"),
    ("reported_spread_holds_value", POOL, "low = -6.88", "low = -1.88", "difference[1].spread", "-1.88", "either side"),
    ("reported_count_agrees", ANCHORS, "count = 7\n", "count = 8\n", "raters-apart.value", "8/113", "7.08"),
    ("reported_count_agrees", ANCHORS, "count = 7\n", "count = 170\n", "raters-apart.count", "170 of 113", "0 to n"),
    ("reported_arithmetic_recomputes", ANCHORS, "100 * 7 / 113", "100 * 7 / 131", "raters-apart.arithmetic", "5.3", "6.2"),
    ("anchor_agrees_with_trial", ANCHORS, "value = -16.5", "value = -15.6", "ketamine-24h.value", "-15.6", "-16.5"),
    ("anchor_agrees_with_trial", ANCHORS, 'trial = "small-2020"', 'trial = "small-2002"', "ketamine-24h.trial", "'small-2002'", "'small-2020'"),
    ("study_is_possible", POOL, 'second = "control"', 'second = "contrl"', "study[2].difference[1]", "'contrl'", "'control'"),
    ("study_is_possible", POOL, "count = 30", "count = 48", "study[1].arm[1].count", "48 of 47", "0 to n"),
    ("study_difference_recomputes", POOL, "raw = -4.11", "raw = -4.21", "difference[1].raw", "-4.21", "-4.11"),
    ("combined_arm_recomputes", POOL, "sd = 13.95", "sd = 13.59", "study[2].arm[3].combines", "13.59", "13.95"),
    ("study_agrees_with_trial", POOL, "count = 30", "count = 29", "study[1].arm[1]", "count 29", "'response'"),
    ("signal_table_gives_measures", REPORTS, "c = 7196", "c = 7199", "small-sedation.ror", "172.68", "the table gives"),
    ("signal_table_gives_measures", REPORTS, "meant = 1899.64", "meant = 1889.64", "small-dissociation.prr", "1889.64", "the table gives"),
    ("misprint_is_of_this_row", REPORTS, "  printed = 899.64", "  printed = 899.46", "small-dissociation.misprint", "899.46", "899.64"),
    ("signal_interval_fits_reports", REPORTS, "reports = [19, 21]", "reports = [30, 40]", "small-drunk.reports", "30 to 40", "4.09 to 5.36"),
    ("study_is_sourced", POOL, 'place = "Table 1"\n', "", "study[1].place", "nothing", "'Table 3'"),
    ("parameter_is_asked_for", SEVERITY, "[severity.table]", ORPHAN, "severity.tabel", "no link", "'severity.table'"),
    ("parameter_is_present", SEVERITY, "[severity.table]", "[severity.chart]", "severity.table", "nothing", "'1'"),
    ("unit_fits_the_link", OCCUPANCY, 'unit = "g/mol"', 'unit = "g"', "molar_mass.unit", "'g' ([mass])", "such as g/mol"),
]  # fmt: skip


@pytest.fixture
def evidence(tmp_path: Path, repository: Path) -> Path:
    return plant(tmp_path, repository)


def test_the_small_folder_keeps_every_rule(evidence: Path) -> None:
    assert check(read_library(evidence), DECLARED) == {}


@pytest.mark.parametrize(("rule", "file", "old", "new", "field", "found", "allowed"), FAULTS)
def test_a_planted_fault_is_caught(
    evidence: Path, rule: str, file: str, old: str, new: str, field: str, found: str, allowed: str
) -> None:
    change(evidence, file, old, new)
    broken = check(read_library(evidence), DECLARED)
    assert rule in broken, broken
    matches = [
        finding
        for finding in broken[rule]
        if field in finding.field and found in finding.found and allowed in finding.allowed
    ]
    assert matches, broken[rule]
    blamed = OCCUPANCY if rule == "source_was_seen" else file
    assert {finding.file for finding in matches} == {f"evidence/{blamed}"}


def test_every_rule_has_a_planted_fault() -> None:
    rules = {rule.__name__ for rule in (*RULES, *links.RULES)}
    assert rules - {fault[0] for fault in FAULTS} == set()


def test_a_source_nobody_cites_is_named_unless_a_card_cites_it(evidence: Path) -> None:
    for _ in range(2):
        change(evidence, OCCUPANCY, 'source = "hirota-1999"', 'source = "ebert-1997"')
    library = read_library(evidence)
    (finding,) = check(library, DECLARED)["source_is_used"]
    assert (finding.file, finding.field) == ("evidence/sources/hirota-1999.toml", "id")
    assert check(library, DECLARED, cited={"hirota-1999"}) == {}
