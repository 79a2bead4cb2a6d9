"""A small evidence folder that keeps every rule, for tests that break one rule at a time."""

from pathlib import Path
from shutil import copy

SOURCES = ("ebert-1997", "hirota-1999", "olofsen-2012", "perez-ruixo-2021")

DECLARED = {
    "concentration.k_nasal": "1/h",
    "concentration.f_nasal": "1",
    "concentration.effect_half_life": "h",
    "occupancy.kd_nmda_s": "umol/L",
    "occupancy.kd_mor_s": "umol/L",
    "occupancy.molar_mass": "g/mol",
    "severity.table": "1",
}

FILES = {
    "parameters/concentration.toml": """
[concentration.k_nasal]
label = "nasal absorption"
unit = "1/h"
range = [0.1, 30]
pool = "single"
vary = "person"
between = { law = "lognormal", cv = 0.615, source = "perez-ruixo-2021", place = "Table 3", how = "transcription" }
  [[concentration.k_nasal.claim]]
  value = 2.93
  spread = { kind = "cv", value = 0.1, how = "assumed", note = "The standard error was not in the transcription." }
  source = "perez-ruixo-2021"
  place = "Table 3"
  how = "transcription"
[concentration.f_nasal]
label = "share of the first device absorbed through the nose"
unit = "1"
range = [0, 1]
pool = "logit-meta"
vary = "shared"
  [[concentration.f_nasal.claim]]
  value = 54
  unit = "percent"
  source = "perez-ruixo-2021"
  place = "abstract"
  how = "abstract"
[concentration.effect_half_life]
label = "blood to effect site"
unit = "h"
range = [0.01, 1]
pool = "single"
vary = "shared"
  [[concentration.effect_half_life.claim]]
  value = 6.1
  unit = "min"
  spread = { kind = "range", low = 2.0, high = 11.8, note = "Lower end lifted from 0." }
  n = 12
  source = "olofsen-2012"
  place = "abstract"
  how = "abstract"
  species = "human"
""",
    "quantities/channel.toml": """
[channel.ki_memantine]
label = "memantine at the PCP site"
unit = "umol/L"
drug = "memantine"
target = "nmda"
link = "occupancy"
  [[channel.ki_memantine.claim]]
  value = 0.55
  spread = { kind = "range", low = 0.4, high = 0.7 }
  source = "ebert-1997"
  place = "Table 1"
  how = "transcription"
  species = "rat"
  [[channel.ki_memantine.claim]]
  value = 700
  unit = "nmol/L"
  source = "olofsen-2012"
  how = "recalled"
  population = "another tissue"
""",
    "parameters/occupancy.toml": """
[occupancy.kd_nmda_s]
label = "S-ketamine at the NMDA receptor"
unit = "umol/L"
range = [0.01, 20]
pool = "lognormal-meta"
vary = "shared"
drug = "esketamine"
target = "nmda"
  [[occupancy.kd_nmda_s.claim]]
  value = 0.3
  source = "ebert-1997"
  place = "abstract"
  how = "abstract"
  species = "rat"
  [[occupancy.kd_nmda_s.claim]]
  value = 395
  unit = "nmol/L"
  spread = { kind = "sd-log", value = 0.6 }
  source = "ebert-1997"
  place = "abstract"
  how = "derived"
  arithmetic = "650 / 1.647"
[occupancy.kd_mor_s]
label = "S-ketamine at the mu receptor"
unit = "umol/L"
range = [0.5, 1000]
pool = "lognormal-meta"
vary = "shared"
  [[occupancy.kd_mor_s.claim]]
  value = 28
  spread = { kind = "range95", low = 7, high = 112 }
  source = "hirota-1999"
  place = "results"
  how = "recalled"
  [[occupancy.kd_mor_s.claim]]
  value = 15
  spread = { kind = "sd-log", value = 0.9 }
  how = "assumed"
  note = "Between the ends that reviews quote."
[occupancy.molar_mass]
label = "ketamine, free base"
unit = "g/mol"
range = [200, 300]
pool = "fixed"
vary = "shared"
  [[occupancy.molar_mass.claim]]
  value = 237.73
  source = "hirota-1999"
  place = "formula"
  how = "table"
""",
    "parameters/severity.toml": """
[severity.table]
label = "three points of a curve"
unit = "1"
range = [0, 2]
pool = "fixed"
vary = "shared"
  [[severity.table.claim]]
  value = [0.0, 0.5, 1.41]
  source = "olofsen-2012"
  place = "Methods"
  how = "derived"
  arithmetic = ["0", "1 / 2", "sqrt(2)"]
""",
    "trials/small-2020/protocol.toml": """
[trial]
title = "A trial for tests"
sources = ["olofsen-2012"]
registry = ["NCT00768430"]
use = "calibration"
  [trial.bias]
  randomised = true
  blinded = "double"
[[arm]]
name = "ketamine"
[[arm]]
name = "midazolam"
[[period]]
name = "first"
""",
    "trials/small-2020/outcomes.csv": """\
arm,period,outcome,population,statistic,time,time_unit,value,unit,spread_kind,spread,low,high,n,count,use,source,place,how,note
ketamine,,madrs,itt,observed-mean,0,h,32.6,point,sd,6.1,,,47,,,olofsen-2012,Table 1,table,
ketamine,first,madrs,itt,observed-change,24,h,-16.5,point,,,,,47,,,olofsen-2012,text,abstract,
ketamine,,madrs,itt,observed-mean,24,h,16.1,point,,,,,47,,,olofsen-2012,text,derived,= 32.6 - 16.5; raw means
ketamine vs midazolam,,madrs,itt,ls-difference,24,h,-7.95,point,range95,,-12.71,-3.20,72,,,olofsen-2012,abstract,abstract,
ketamine,,madrs,itt,response,24,h,64,percent,,,,,47,30,,olofsen-2012,abstract,abstract,
all,,madrs,itt,p-value,24,h,0.003,1,,,,,72,,context,olofsen-2012,,recalled,below
""",
    "meta/small-pool.toml": """
id = "small-pool"
title = "A pool for tests"
sources = ["olofsen-2012"]
[[pooled]]
compare = "ketamine vs midazolam"
outcome = "madrs"
statistic = "risk-ratio"
value = 1.4
unit = "1"
spread = { kind = "range95", low = 1.22, high = 1.61 }
better = "higher"
source = "olofsen-2012"
place = "abstract"
how = "abstract"
[[study]]
name = "small"
trial = "small-2020"
outcome = "madrs"
statistic = "response"
time = 24
time_unit = "h"
source = "olofsen-2012"
place = "Table 1"
how = "table"
  [[study.arm]]
  name = "ketamine"
  count = 30
  n = 47
[[study]]
name = "two doses, one control"
outcome = "madrs"
statistic = "observed-change"
source = "olofsen-2012"
place = "Table 1"
how = "table"
  [[study.arm]]
  name = "low"
  mean = -19.0
  sd = 13.86
  n = 111
  [[study.arm]]
  name = "high"
  mean = -18.8
  sd = 14.12
  n = 98
  [[study.arm]]
  name = "both"
  mean = -18.91
  sd = 13.95
  n = 209
  combines = ["low", "high"]
  [[study.arm]]
  name = "control"
  mean = -14.8
  sd = 15.07
  n = 108
  [[study.difference]]
  first = "both"
  second = "control"
  raw = -4.11
  adjusted = -3.2
  spread = { kind = "range95", low = -6.88, high = 0.45 }
""",
    "anchors.toml": """
[anchor.ketamine-24h]
topic = "control-arm"
who = "ketamine, one infusion"
outcome = "madrs"
statistic = "observed-change"
time = 24
time_unit = "h"
value = -16.5
unit = "point"
trial = "small-2020"
arm = "ketamine"
source = "olofsen-2012"
place = "text"
how = "abstract"
[anchor.recalled-movement]
topic = "control-arm"
who = "placebo"
outcome = "madrs"
statistic = "observed-change"
value = -3.8
unit = "point"
spread = { kind = "se", value = 2.97 }
source = "olofsen-2012"
how = "recalled"
[anchor.raters-apart]
topic = "measurement"
who = "two raters of one recording"
outcome = "madrs"
statistic = "share"
value = 6.2
unit = "percent"
count = 7
n = 113
source = "olofsen-2012"
place = "results"
how = "derived"
arithmetic = "100 * 7 / 113"
""",
    "safety/reports.toml": """
[signal.small-sedation]
drug = "esketamine"
event = "sedation"
database = "FAERS"
window = "2019"
printed = { ror = 172.68, prr = 155.53, rr = 142.05 }
table = { a = 688, b = 6199, c = 7196, d = 11196373 }
table_how = "derived"
source = "olofsen-2012"
place = "abstract"
how = "abstract"
[signal.small-dissociation]
drug = "esketamine"
event = "dissociation"
database = "FAERS"
window = "2019"
printed = { ror = 2257.8, prr = 899.64 }
table = { a = 1093, b = 5794, c = 936, d = 11202633 }
table_how = "derived"
source = "olofsen-2012"
place = "abstract"
how = "abstract"
  [[signal.small-dissociation.misprint]]
  measure = "prr"
  printed = 899.64
  meant = 1899.64
  note = "The leading digit is lost."
[signal.small-drunk]
drug = "esketamine"
event = "nausea"
database = "FAERS"
window = "2019"
printed = { ic = 4.84, ic_low = 4.09, ic_high = 5.36 }
reports = [19, 21]
source = "olofsen-2012"
place = "abstract"
how = "abstract"
""",
    "scales/madrs.toml": """
name = "madrs"
label = "Montgomery-Asberg Depression Rating Scale"
range = [0, 60]
higher_is_worse = true
response = { value = 0.5, how = "assumed", note = "Half or more, the usual convention." }
remission = [{ value = 12, source = "olofsen-2012", place = "Methods", how = "table" }]
[[link]]
to = "hamd17"
kind = "table"
here = [0, 9, 20, 60]
there = [0, 7, 16, 52]
source = "olofsen-2012"
place = "Table 2"
how = "table"
""",
}


def plant(root: Path, repository: Path) -> Path:
    """Write the small folder under `root`, with the vocabulary, judgement and sources of the repository; return its path."""
    evidence = root / "evidence"
    for name, text in FILES.items():
        path = evidence / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (evidence / "sources").mkdir()
    names = ["vocabulary.toml", "pooling.toml", *(f"sources/{source}.toml" for source in SOURCES)]
    for name in names:
        copy(repository / "evidence" / name, evidence / name)
    return evidence


def change(evidence: Path, file: str, old: str, new: str) -> None:
    """Replace the first occurrence of a text in a file; a text that is not there is the test's own fault."""
    path = evidence / file
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{old!r} is not in {file}"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
