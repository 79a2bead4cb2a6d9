"""A trial of two arms, small enough to run while one waits, written as a user would write it."""

from pathlib import Path

PROTOCOL = """
context = "saline"
baseline = { mean = 32, sd = 5, how = "assumed", note = "For this test." }

[trial]
title    = "Ketamine against saline, a trial of one's own"
sources  = ["murrough-2013"]
use      = "context"
warnings = ["Nobody ran this trial."]

[trial.bias]
randomised = true

[[arm]]
name = "ketamine"
n    = 5
  [[arm.dose]]
  drug   = "ketamine"
  route  = "iv"
  amount = "0.5 mg/kg"
  over   = "40 min"

[[arm]]
name     = "saline"
n        = 5
sessions = "day 1"

[[rating]]
scale = "madrs"
at    = ["day 2", "day 4"]

[[analysis]]
outcome    = "madrs"
at         = ["day 2", "day 4"]
arms       = ["ketamine", "saline"]
contrasts  = ["ketamine vs saline"]
statistics = ["observed-change", "response", "difference", "p-value"]

[[pattern]]
name   = "ketamine better on day 2"
source = "murrough-2013"
  [[pattern.expect]]
  outcome     = "madrs"
  at          = ["day 2"]
  contrast    = "ketamine vs saline"
  significant = true
"""

OUTCOMES = """\
arm,period,outcome,population,statistic,time,time_unit,value,unit,spread_kind,spread,low,high,n,count,use,source,place,how,note
ketamine,,madrs,,observed-change,2,day,-14,point,sd,9,,,5,,,murrough-2013,nowhere,assumed,
saline,,madrs,,observed-change,2,day,-5,point,se,3,,,5,,,murrough-2013,nowhere,assumed,
ketamine,,madrs,,response,2,day,60,percent,,,,,5,3,,murrough-2013,nowhere,assumed,
ketamine vs saline,,madrs,,p-value,2,day,0.03,1,,,,,10,,,murrough-2013,nowhere,assumed,
"""

SIZE = ("--hypothesis", "opioid-permissive", "--replicates", "4", "--seed", "3", "--no-progress")


def write_trial(folder: Path, protocol: str = PROTOCOL, outcomes: str = OUTCOMES) -> Path:
    """A folder with the two files of a trial."""
    folder.mkdir(parents=True)
    (folder / "protocol.toml").write_text(protocol)
    (folder / "outcomes.csv").write_text(outcomes)
    return folder
