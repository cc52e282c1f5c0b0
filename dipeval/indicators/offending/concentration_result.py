"""`Concentration`: how few people have how many of the events."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import pandas as pd

from dipeval.errors import InvariantError
from dipeval.indicators.offending.concentration_words import headline_words, note_words
from dipeval.presenting import HtmlMixin, Summary, format_number, format_percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLUMNS: Final = (
    "measure",
    "share_of_people",
    "people",
    "n_people",
    "n_events",
    "estimate",
    "conf_low",
    "conf_high",
    "chance",
    "chance_low",
    "chance_high",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Excess:
    """More events than expected, and how few people explain it.

    Parameters
    ----------
    observed, expected
        Events of all people.
    people
        The fewest people without whom the others had no more than expected; None without an excess.
    chance, chance_low, chance_high
        The same number where events fall by chance with the mean seen: middle, and 95% of the draws with an excess.
    """

    observed: float
    expected: float
    people: int | None
    chance: float
    chance_low: float
    chance_high: float

    @property
    def ratio(self) -> float:
        """Observed over expected events."""
        return self.observed / self.expected


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Concentration(HtmlMixin):
    """How events are spread over people. Made by `dipeval.concentration`.

    Parameters
    ----------
    label
        What is counted.
    n_without_person
        Rows left out because nothing says whose they are.
    at_least_one
        Whether people without an event are missing, so that chance gives everybody one at least.
    excess
        Observed beside expected events; None where no expected ones were given.
    """

    label: str
    n_without_person: int
    at_least_one: bool
    excess: Excess | None
    _frame: pd.DataFrame = field(repr=False)
    _lorenz: pd.DataFrame = field(repr=False)
    _counts: pd.DataFrame = field(repr=False)

    def __post_init__(self) -> None:
        frame, curve = self._frame, self._lorenz
        if tuple(frame.columns) != COLUMNS:
            raise InvariantError("The columns of a concentration are not the documented ones.")
        if not ((frame["conf_low"] <= frame["estimate"]) & (frame["estimate"] <= frame["conf_high"])).all():
            raise InvariantError("An interval of a concentration does not hold its estimate.")
        if (curve["share_of_events"] > curve["share_of_people"] + 1e-9).any():
            raise InvariantError("A Lorenz curve lies above the line of equal shares.")
        if int((self._counts["events"] * self._counts["people"]).sum()) != self.n_events:
            raise InvariantError("People by their number of events do not add up to the events.")

    @property
    def n_people(self) -> int:
        """People, those without an event included where they are known."""
        return int(self._frame["n_people"].iloc[0])

    @property
    def n_events(self) -> int:
        """Events of all of them."""
        return int(self._frame["n_events"].iloc[0])

    @property
    def gini(self) -> float:
        """Gini coefficient: 0 if all have the same number of events."""
        return float(self._frame["estimate"].iloc[0])

    def to_frame(self) -> pd.DataFrame:
        """Return the Gini coefficient, then a row a share of the people.

        Columns: measure (``gini`` or ``top``); share_of_people (those with most events; missing for gini), people (so
        many are they; a part of a person where it does not come out even); n_people and n_events of all; estimate (for
        top: their share of all events), conf_low, conf_high (95%, bootstrap); chance, chance_low, chance_high (the same
        where events fall by chance: mean, and 95% of the draws).
        """
        return self._frame.copy()

    def lorenz(self) -> pd.DataFrame:
        """Return the Lorenz curve at every 1% of the people.

        Columns: share_of_people (those with fewest events first), share_of_events, by_chance.
        """
        return self._lorenz.copy()

    def counts(self) -> pd.DataFrame:
        """Return how many people have how many events: events, people."""
        return self._counts.copy()

    def summary(self) -> Summary:
        """Return the shares in words; exact, for the disclosure gate to release."""
        frame = self._frame
        percent = (frame["measure"] == "top").tolist()

        def shown(column: str) -> list[str]:
            values = zip(frame[column], percent, strict=True)
            return [format_percent(value) if share else format_number(value, 2) for value, share in values]

        table = pd.DataFrame(
            {
                "Measure": [
                    f"Share of the {100 * share:g}% with most" if top else "Gini coefficient"
                    for share, top in zip(frame["share_of_people"], percent, strict=True)
                ],
                "Found": shown("estimate"),
                "From": shown("conf_low"),
                "To": shown("conf_high"),
                "By chance alone": shown("chance"),
                "Chance: from": shown("chance_low"),
                "Chance: to": shown("chance_high"),
            }
        )
        return Summary(
            title=f"Concentration of {self.label}",
            headline=headline_words(self.label, frame, self.excess),
            table=table,
            notes=note_words(
                self.label,
                excess=self.excess,
                n_people=self.n_people,
                n_without_person=self.n_without_person,
                at_least_one=self.at_least_one,
            ),
        )

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the Lorenz curve beside chance, and return the Axes drawn on (exact figures: not for release)."""
        from dipeval.plots.concentration import lorenz_plot

        return lorenz_plot(self._lorenz, label=self.label, ax=ax)
