"""What only a simulation knows: whose records are whose, and what would have happened otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from dipeval.errors import InputError, InvariantError
from dipeval.presenting import HtmlMixin, Summary, format_count
from dipeval.simulate.arrays import MISSING, to_dates, to_text
from dipeval.vocabulary import DISPOSALS, OFFENCE_GROUPS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WORLDS: Final = ("treated", "untreated")
PICTURE_DAYS: Final = 365


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Truth(HtmlMixin):
    """The truth behind simulated extracts: links, starts of treatment, and both offence histories.

    In the *treated* world a person with a positive test starts treatment within the grace period; in the
    *untreated* world not, but perhaps later, exactly as the observed untreated do. Custody and deaths are the same in
    both. The observed offences of a person are those of the world the person is really in. For people without a
    positive test both worlds are one.

    Parameters
    ----------
    seed, effect
        As passed to `simulate`; `effect` is the rate ratio of offending from the start of treatment.
    grace_days
        Days after the first positive test within which a start counts as early.
    """

    seed: int
    effect: float
    grace_days: int
    _people: pd.DataFrame = field(repr=False)
    _histories: Mapping[str, Any] = field(repr=False)
    _custody: pd.DataFrame = field(repr=False)
    _deaths: pd.DataFrame = field(repr=False)
    _records: Mapping[str, tuple[Any, Any]] = field(repr=False)

    def __post_init__(self) -> None:
        people = self._people
        started = people["started_within_grace"].to_numpy(dtype=bool)
        wait = (people["start_date"] - people["index_date"]).dt.days.to_numpy()[started]
        if not bool(np.all((wait >= 0) & (wait <= self.grace_days))):
            raise InvariantError("A simulated early start lies outside the grace period.")
        if not people["true_person"].is_unique:
            raise InvariantError("A simulated person appears twice.")
        if any(len(ids) != len(persons) for ids, persons in self._records.values()):
            raise InvariantError("Some simulated records have no true person.")

    @property
    def links(self) -> pd.DataFrame:
        """Whose record is whose: table, record_id, true_person; every record of every table about people."""
        parts = [
            pd.DataFrame({"table": table, "record_id": ids, "true_person": np.asarray(persons, dtype=np.int64)})
            for table, (ids, persons) in self._records.items()
        ]
        return pd.concat(parts, ignore_index=True)

    @property
    def people(self) -> pd.DataFrame:
        """One row a person.

        true_person, index_date (first positive test; NaT if none), started_within_grace, start_date (the early start
        that happened, NaT otherwise), later_start_date (the later start in the untreated world; for people who
        started early it did not happen).
        """
        return self._people.copy()

    @property
    def offences(self) -> pd.DataFrame:
        """Both complete histories: true_person, world, offence_date, offence_group, disposal_date, disposal."""
        return pd.concat([self.history(world) for world in WORLDS], ignore_index=True)

    @property
    def custody(self) -> pd.DataFrame:
        """Custody spells, the same in both worlds: true_person, start_date, end_date, reason."""
        return self._custody.copy()

    @property
    def deaths(self) -> pd.DataFrame:
        """Deaths, the same in both worlds: true_person, death_date."""
        return self._deaths.copy()

    def history(self, world: str) -> pd.DataFrame:
        """Return the offences of everybody in one world.

        Parameters
        ----------
        world
            ``treated`` or ``untreated``.

        Returns
        -------
        DataFrame
            true_person, world, offence_date, offence_group, disposal_date, disposal; sorted by person and day.

        Raises
        ------
        InputError
            If there is no such world.

        Examples
        --------
        >>> from dipeval.simulate import simulate
        >>> truth = simulate(50, seed=1).truth
        >>> len(truth.history("treated")) <= len(truth.history("untreated"))
        True
        """
        if world not in WORLDS:
            raise InputError(f"There is no world called '{world}'; ask for 'treated' or 'untreated'.")
        kept = np.flatnonzero(self._histories[world])
        person, day, group = (self._histories[name][kept].astype(np.int64) for name in ("person", "day", "group"))
        kept = kept[np.argsort((person << 24) + (day << 6) + group, kind="stable")]
        rows = {name: self._histories[name][kept] for name in ("person", "day", "group", "disposal_day", "disposal")}
        return pd.DataFrame(
            {
                "true_person": rows["person"].astype(np.int64),
                "world": to_text(np.zeros(len(rows["day"]), dtype=np.int8), (world,)),
                "offence_date": to_dates(rows["day"]),
                "offence_group": to_text(rows["group"], OFFENCE_GROUPS),
                "disposal_date": to_dates(rows["disposal_day"]),
                "disposal": to_text(rows["disposal"], DISPOSALS),
            },
            copy=False,
        )

    def to_frame(self) -> pd.DataFrame:
        """Return `people`.

        Returns
        -------
        pandas.DataFrame
            true_person, index_date, started_within_grace, start_date, later_start_date; one row a person.
        """
        return self.people

    def mean_offences(self) -> pd.DataFrame:
        """Return how many offences people had committed, on average, by each day after their first positive test.

        Returns
        -------
        pandas.DataFrame
            group (``treated`` or ``untreated``: the world), time_days (0 to 365), estimate (offences so far a person
            with a positive test), n (these people). People who died stay in the count.
        """
        tested = self._people[self._people["index_date"].notna()]
        first = tested.set_index("true_person")["index_date"]
        parts = []
        for world in WORLDS:
            offences = self.history(world)
            after = (offences["offence_date"] - offences["true_person"].map(first)).dt.days
            seen = np.bincount(after[after.between(1, PICTURE_DAYS)].astype("int64"), minlength=PICTURE_DAYS + 1)
            parts.append(
                pd.DataFrame(
                    {
                        "group": world,
                        "time_days": np.arange(PICTURE_DAYS + 1),
                        "estimate": np.cumsum(seen) / max(len(tested), 1),
                        "n": len(tested),
                    }
                )
            )
        return pd.concat(parts, ignore_index=True)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the mean number of offences after the first positive test in both worlds and return the Axes."""
        from dipeval.plots.outcomes import two_worlds_plot

        return two_worlds_plot(self.mean_offences(), ax=ax)

    def summary(self) -> Summary:
        """Say in a sentence what was simulated."""
        people = self._people
        positive, early = int(people["index_date"].notna().sum()), int(people["started_within_grace"].sum())
        later = int((people["later_start_date"].notna() & ~people["started_within_grace"]).sum())
        counts = pd.DataFrame(
            {
                "what": ["people", "with a positive test", "started in the grace period", "started later", "died"],
                "n": [len(people), positive, early, later, len(self._deaths)],
            }
        )
        headline = (
            f"No real person is in these data: {format_count(len(people))} people were simulated with seed "
            f"{self.seed}, and treatment multiplies the rate of offending by {self.effect:g}."
        )
        note = f"The grace period is {self.grace_days} days after the first positive test."
        return Summary(title="Simulated truth", headline=headline, table=counts, notes=(note,))


def make_histories(offences: Any) -> dict[str, Any]:
    """Keep offences as compact arrays that `Truth` turns into sorted frames when asked."""
    names = ("person", "day", "group", "disposal", "disposal_day", "treated", "untreated")
    return {name: getattr(offences, name) for name in names}


def make_people(n: int, index_day: Any, early: Any, early_day: Any, later_day: Any) -> pd.DataFrame:
    """Return the frame of `Truth.people`; people beyond the tested ones have no dates."""

    def padded(days: Any) -> Any:
        full = np.full(n, MISSING, dtype=np.int64)
        full[: len(days)] = days
        return to_dates(full)

    started = np.zeros(n, dtype=bool)
    started[: len(early)] = early
    return pd.DataFrame(
        {
            "true_person": np.arange(n, dtype=np.int64),
            "index_date": padded(index_day),
            "started_within_grace": started,
            "start_date": padded(np.where(early, early_day, MISSING)),
            "later_start_date": padded(later_day),
        }
    )
