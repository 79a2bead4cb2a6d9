"""Plan: everything a protocol does to a batch of people, on one time axis in hours.

All arms of a trial share one plan: a dose that an arm does not get is there with an amount of zero.  So one batch, one grid and one
compiled program serve every arm.
"""

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from racemate.chain import dose as dosing
from racemate.chain.severity import Setting

Amounts = NDArray[np.float64]


@dataclass(frozen=True)
class Dose:
    """One dose at one time: ``amount_mg`` of shape (people,), ``duration_h`` of an infusion (0: bolus), ``later`` nasal devices."""

    time_h: float
    drug: str
    route: str
    amount_mg: Amounts
    duration_h: float = 0.0
    later: bool = False
    most_mg: float = 0.0
    """What anybody might still be given, where that is decided on the way; a grid is found for the largest."""

    def __post_init__(self) -> None:
        """Refuse what no body can take."""
        if self.route not in dosing.routes(self.drug):
            known = ", ".join(dosing.routes(self.drug)) or f"drugs: {', '.join(dosing.drugs())}"
            raise ValueError(f"dose: found {self.drug} by {self.route}, allowed: {known}")
        if not np.isfinite(self.time_h) or self.duration_h < 0:
            raise ValueError(
                f"dose of {self.drug}: found time {self.time_h} h, duration {self.duration_h} h, allowed: finite, >= 0"
            )
        if self.amount_mg.size and not (np.isfinite(self.amount_mg).all() and (self.amount_mg >= 0).all()):
            raise ValueError(
                f"dose of {self.drug} at {self.time_h} h: found {self.amount_mg.min()} mg, allowed: finite amounts >= 0 mg"
            )

    @property
    def largest_mg(self) -> float:
        """The largest amount that anybody gets or might get."""
        return max(float(self.amount_mg.max(initial=0.0)), self.most_mg)


@dataclass(frozen=True)
class Condition:
    """One field of the chain's Setting that holds from ``start_h`` to ``end_h``; ``value`` of shape (people,)."""

    start_h: float
    end_h: float
    name: str
    value: Amounts
    most: float = 0.0
    """What might still hold for anybody, where that is decided on the way."""

    def __post_init__(self) -> None:
        """Refuse an unknown field or an empty interval."""
        if self.name not in Setting._fields:
            raise ValueError(f"setting: found {self.name!r}, allowed: {', '.join(Setting._fields)}")
        if not self.start_h < self.end_h:
            raise ValueError(
                f"setting {self.name}: found {self.start_h} to {self.end_h} h, allowed: an end after the start"
            )

    @property
    def largest(self) -> float:
        """The largest value that holds or might hold for anybody."""
        return max(float(self.value.max(initial=0.0)), self.most)


@dataclass(frozen=True)
class Plan:
    """Doses, conditions and reading times of one batch of people."""

    people: int
    doses: tuple[Dose, ...]
    conditions: tuple[Condition, ...]
    visits_h: NDArray[np.float64]
    """Times at which the chain is read, ascending, hours."""
    antidepressant_start_h: Amounts = field(default_factory=lambda: np.zeros(0))
    """Start of a new antidepressant or of the natural course, per person; beyond the last visit for those who have none."""
    decided_h: float = np.inf
    """Up to when it is decided what is done to people; who carries them on goes no further than that."""
    asked_h: Amounts | None = None
    """Hour after which nobody asks how each person is, shape (people,); who carries people on may stop there.  None: never."""
    stops: bool = True
    """Whether people can be stopped at a visit: a window ends at each.  Else windows pass over visits, which are read inside them."""

    def __post_init__(self) -> None:
        """Refuse plans whose arrays do not fit the number of people, or whose times do not ascend."""
        if self.people < 1:
            raise ValueError(f"people: found {self.people}, allowed: at least 1")
        for part in (
            *(d.amount_mg for d in self.doses),
            *(c.value for c in self.conditions),
            self.antidepressant_start_h,
            *(() if self.asked_h is None else (self.asked_h,)),
        ):
            if part.shape != (self.people,):
                raise ValueError(f"plan: found an array of shape {part.shape}, allowed: ({self.people},)")
        if self.visits_h.size == 0 or np.any(np.diff(self.visits_h) <= 0) or not np.isfinite(self.visits_h).all():
            raise ValueError("visits_h: allowed are finite times in ascending order, at least one")
        if not self.stops and np.isfinite(self.decided_h):
            raise ValueError(
                f"decided_h: found {self.decided_h} h, allowed: none where nobody can be stopped at a visit"
            )

    @property
    def start_h(self) -> float:
        """First moment anything happens or is read."""
        times = [d.time_h for d in self.doses] + [c.start_h for c in self.conditions] + [float(self.visits_h[0])]
        return min(times)

    def of(self, who: NDArray[np.integer]) -> "Plan":
        """The plan of some of its people, by place."""
        return replace(
            self,
            people=len(who),
            doses=tuple(replace(dose, amount_mg=dose.amount_mg[who]) for dose in self.doses),
            conditions=tuple(replace(condition, value=condition.value[who]) for condition in self.conditions),
            antidepressant_start_h=self.antidepressant_start_h[who],
            asked_h=None if self.asked_h is None else self.asked_h[who],
        )

    def conditions_at(self, time_h: float) -> Setting:
        """Setting that holds just after ``time_h``: arrays of shape (people,), zero where nothing was said."""
        now = {name: np.zeros(self.people) for name in Setting._fields}
        for condition in self.conditions:
            if condition.start_h <= time_h < condition.end_h:
                now[condition.name] = now[condition.name] + condition.value
        return Setting(**now)


def nasal_session(
    time_h: float, drug: str, amount_mg: Amounts, par: dosing.Par, most_mg: float = 0.0
) -> tuple[Dose, ...]:
    """Devices of one nasal session, a fixed gap apart, until the largest amount of the batch is delivered, or the most it might be."""
    most = max(float(amount_mg.max(initial=0)), most_mg)
    count = int(np.ceil(most / par.device - 1e-9))
    each = [
        (dosing.device_amount(amount_mg, k, par, np), dosing.device_amount(most_mg, k, par, np)) for k in range(count)
    ]
    return tuple(
        Dose(time_h + k * par.device_gap, drug, "intranasal", amount, later=k > 0, most_mg=float(left))
        for k, (amount, left) in enumerate(each)
    )
