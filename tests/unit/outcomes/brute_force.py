"""Outcomes of invented people by brute force: one index event and one offence at a time, with Python dates and sets."""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

from dipeval.outcomes import FollowUp
from dipeval.vocabulary import OFFENCE_CLASSES, OFFENCE_GROUPS

DAY = dt.timedelta(days=1)
EXTRACT_DATE = dt.date(2022, 6, 30)
Rows = list[dict[str, Any]]
# Days between an offence and what came of it, or between a time zero and an offence: at and beside every edge.
EDGES = (0, 0, 1, 1, 2, 29, 30, 31, 45, 59, 60, 61, 89, 90, 91, 119, 120, 121, 150)


def crowd(n: int, seed: int, *, indexes: int = 1) -> dict[str, Rows]:
    """Invented people; with `indexes` above 1 up to that many index events each."""
    rng = random.Random(seed)
    made: dict[str, Rows] = {"followed": [], "offences": [], "custody_spells": [], "deaths": []}
    for place in range(n):
        person = f"person-{place:04d}"
        month_ends = [dt.date(2020, 2, 29), dt.date(2020, 12, 31), dt.date(2021, 2, 28), dt.date(2022, 3, 31)]
        start = rng.choice(month_ends) if rng.random() < 0.3 else dt.date(2020, 1, 1) + rng.randrange(850) * DAY
        zeros = {start, *(start + rng.choice((1, 2, 30, 60, 91, 200)) * DAY for _ in range(rng.randrange(indexes)))}
        for zero in sorted(zeros):
            name = person if indexes == 1 else f"{person}-{zero.isoformat()}"
            made["followed"].append({"index_id": name, "person_id": person, "time_zero_date": zero})
        made["offences"] += [_offence(person, rng.choice(sorted(zeros)), rng) for _ in range(rng.choice((0, 1, 3, 9)))]
        made["custody_spells"] += _spells(person, start, rng)
        if rng.random() < 0.25:
            died = {max(zeros) + rng.choice((1, 2, 30, 59, 60, 61, 200)) * DAY for _ in range(rng.choice((1, 2)))}
            made["deaths"] += [{"person_id": person, "death_date": day} for day in sorted(died)]
    for rows in made.values():
        rng.shuffle(rows)
    return made


def _offence(person: str, zero: dt.date, rng: random.Random) -> dict[str, Any]:
    committed = zero + rng.choice((-1, 1, 1)) * rng.choice(EDGES) * DAY
    dealt = rng.choice((None, *EDGES, *EDGES))
    disposed = None if dealt is None else committed + dealt * DAY
    if disposed is not None and rng.random() < 0.2:
        disposed = max(committed, zero + rng.choice((0, 1, 89, 90, 91, 119, 120, 121)) * DAY)
    arrested = None if rng.random() < 0.3 else committed + rng.choice(EDGES[:12]) * DAY
    disposal = rng.choice(("conviction", "conviction", "caution", "other", "none", None))
    return {
        "person_id": person,
        "offence_date": committed,
        "offence_group": rng.choice(OFFENCE_GROUPS),
        "disposal_date": disposed,
        "disposal": disposal,
        "custodial": rng.choice((True, False, None)),
        "arrest_date": arrested,
    }


def _spells(person: str, day: dt.date, rng: random.Random) -> Rows:
    """Spells that do not touch, as a cohort holds them; the last may not have ended."""
    spells, start = [], day + rng.randrange(-40, 30) * DAY
    for _ in range(rng.choice((0, 0, 1, 2, 3))):
        end = start + rng.choice((0, 1, 7, 30, 100)) * DAY
        spells.append({"person_id": person, "start_date": start, "end_date": end})
        start = end + rng.choice((1, 5, 40)) * DAY
    if spells and rng.random() < 0.2:
        spells[-1]["end_date"] = dt.date(9999, 12, 31)
    return spells


class Truth:
    """What the outcomes of one index event must be."""

    def __init__(self, made: dict[str, Rows], index: dict[str, Any], follow_up: FollowUp, censor: bool) -> None:
        self.follow_up, self.zero, person = follow_up, index["time_zero_date"], index["person_id"]
        self.waiting = follow_up.waiting_days if follow_up.basis == "proven" else 0
        self.offences = [o for o in made["offences"] if o["person_id"] == person]
        self.spells = [s for s in made["custody_spells"] if s["person_id"] == person]
        self.died = min((d["death_date"] for d in made["deaths"] if d["person_id"] == person), default=dt.date.max)
        self.full = self.zero + follow_up.days * DAY
        self.end = min(self.full, EXTRACT_DATE - self.waiting * DAY) if censor else self.full
        self.last_known = EXTRACT_DATE if censor else dt.date.max
        self.labels = [self._label(o) for o in self.offences]
        self.counted = [o for o, label in zip(self.offences, self.labels, strict=True) if label == "counted"]
        self.any_counted = list(self.counted)
        if follow_up.same_day == "one_a_day":
            self._one_a_day()

    def day_of(self, offence: dict[str, Any]) -> dt.date | None:
        return offence["offence_date"] if self.follow_up.basis == "proven" else offence["arrest_date"]

    def _dealt(self, o: dict[str, Any]) -> dt.date | None:
        if self.follow_up.basis == "arrest":
            found = o["arrest_date"]
        else:
            found = o["disposal_date"] if o["disposal"] in ("caution", "conviction") else None
        return found if found is None or found <= self.last_known else None

    def _label(self, o: dict[str, Any]) -> str:
        dealt, committed = self._dealt(o), o["offence_date"]
        event = self.day_of(o) or committed
        last_dealt = self.full + self.waiting * DAY
        wanted = self.follow_up.offence_groups
        kind = not wanted or o["offence_group"] in wanted
        inside = self.zero < committed <= self.full
        if self.follow_up.include_index_day:
            inside = self.zero <= committed <= self.full
        alive = event <= self.died
        seen = event <= self.last_known - self.waiting * DAY
        would_count = inside and event <= self.full and dealt is not None and dealt <= last_dealt and alive and seen
        if not kind:
            return "other_kind" if would_count else ""
        if would_count:
            return "counted"
        if inside:
            return self._why_not(alive, seen, dealt)
        earlier = committed <= self.zero and not (self.follow_up.include_index_day and committed == self.zero)
        if earlier and dealt is not None and self.zero < dealt <= last_dealt:
            return "pseudo_reconviction"
        return "on_index_day" if committed == self.zero and dealt is not None else ""

    @staticmethod
    def _why_not(alive: bool, seen: bool, dealt: dt.date | None) -> str:
        if not alive:
            return "after_death"
        if not seen:
            return "after_extract_end"
        return "not_proven" if dealt is None else "disposed_too_late"

    def _one_a_day(self) -> None:
        weights, class_of = self.follow_up.severity or {}, self.follow_up.class_of
        order = ("violent", "acquisitive", "disorder", "drug", "other")
        best: dict[dt.date, dict[str, Any]] = {}
        for place, o in enumerate(self.offences):
            if self.labels[place] != "counted":
                continue
            day, group = self.day_of(o), o["offence_group"]
            assert day is not None
            rank = (-weights.get(group, 0), order.index(class_of[group]), group)
            if day not in best or rank < best[day]["rank"]:
                best[day] = {"rank": rank, "place": place}
        kept = {found["place"] for found in best.values()}
        for place, label in enumerate(self.labels):
            if label == "counted" and place not in kept:
                self.labels[place] = "same_day_repeat"
        self.counted = [o for o, label in zip(self.offences, self.labels, strict=True) if label == "counted"]

    def _held(self, until: dt.date) -> int:
        """Nights in custody from the day after time zero up to, and not on, a day; none from the day of death on."""
        nights, day = 0, self.zero + DAY
        while day < until and day < self.died:
            nights += any(s["start_date"] <= day < s["end_date"] for s in self.spells)
            day += DAY
        return nights

    def columns(self) -> dict[str, Any]:
        days = [(self.day_of(o) - self.zero).days for o in self.counted]  # type: ignore[operator]
        first = min(days) if days else None
        observed = min(self.end, self.died)
        why = "death" if self.died <= self.end else "extract_end" if self.end < self.full else "end_of_follow_up"
        weights, class_of = self.follow_up.severity, self.follow_up.class_of
        held = self._held(observed + DAY)
        time = (observed - self.zero).days if first is None else max(first, 0.5)
        before = held if first is None else self._held(self.zero + first * DAY)
        last_dealt = self.full + self.waiting * DAY
        classes = [class_of[o["offence_group"]] for o in self.counted]
        return {
            "reoffended": int(bool(days)),
            "n_reoffences": len(days),
            "days_to_first_reoffence": float("nan") if first is None else float(first),
            "time_days": float(time),
            "event": int(bool(days)),
            "censor_reason": "" if days else why,
            "custody_days": held,
            **{f"n_{name}": classes.count(name) for name in OFFENCE_CLASSES},
            "custodial_reconviction": float(
                any(
                    o["custodial"] and o["disposal"] == "conviction" and o["disposal_date"] is not None
                    and o["disposal_date"] <= last_dealt
                    for o in self.any_counted
                )
            ),
            "n_pseudo_reconvictions": self.labels.count("pseudo_reconviction"),
            "severity_score": float("nan")
            if weights is None
            else sum(weights[o["offence_group"]] for o in self.counted),
            "observed_days": (observed - self.zero).days,
            "at_risk_days": (observed - self.zero).days - held,
            "time_at_risk_days": float(time) - before,
        }  # fmt: skip
