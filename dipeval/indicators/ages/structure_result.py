"""`AgeStructure`: the ages of the people who come in, by year and substance, and how they move."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from dipeval.errors import InvariantError
from dipeval.presenting import HtmlMixin, Summary, format_count, format_number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes

ANY: Final = "any"
SUBSTANCES: Final = {
    ANY: "Any of them",
    "opiates": "Opiates, with or without others",
    "cocaine": "Cocaine without opiates",
    "other": "Other drugs alone",
}
SOURCE_WORDS: Final = {
    "drug_tests": "people with a positive drug test in the year",
    "treatment": "people who began treatment in the year",
}
DIRECTIONS: Final = {
    "older": "they are getting older",
    "younger": "they are getting younger",
    "not settled": "whether they are getting older or younger is not settled",
}
COLUMNS: Final = (
    "year",
    "year_from",
    "year_to",
    "whole_year",
    "substance",
    "label",
    "age_group",
    "n",
    "n_people",
    "share",
    "conf_low",
    "conf_high",
)
MEDIAN_COLUMNS: Final = (
    "year",
    "year_from",
    "year_to",
    "whole_year",
    "substance",
    "label",
    "n_people",
    "n_no_age",
    "median_age",
    "conf_low",
    "conf_high",
    "rank",
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AgeStructure(HtmlMixin):
    """Ages of the people who come in. Made by `dipeval.age_structure`.

    Parameters
    ----------
    source
        ``drug_tests`` (people with a positive test) or ``treatment`` (people who began an episode).
    every
        ``year`` or ``financial_year``.
    date_to
        Last day counted.
    extract_date
        Last day the data cover.
    years_of_birth_only
        Whether dates of birth are made from ages, so that ages can be a year out.
    """

    source: str
    every: str
    date_to: dt.date
    extract_date: dt.date
    years_of_birth_only: bool
    _frame: pd.DataFrame = field(repr=False)
    _medians: pd.DataFrame = field(repr=False)
    _trends: pd.DataFrame = field(repr=False)

    def __post_init__(self) -> None:
        if tuple(self._frame.columns) != COLUMNS or tuple(self._medians.columns) != MEDIAN_COLUMNS:
            raise InvariantError("The columns of the age structure are not the documented ones.")
        added = self._frame.groupby(["substance", "year"])["n"].sum()
        whole = self._medians.set_index(["substance", "year"])["n_people"]
        if not added.sort_index().equals(whole.rename("n").sort_index()):
            raise InvariantError("People by age group do not come to the people counted.")

    def to_frame(self) -> pd.DataFrame:
        """Return one row a substance, year and age group.

        Columns: year, year_from, year_to, whole_year (False where the days counted cover only part of it), substance
        (``any``, ``opiates``, ``cocaine``, ``other``; a person is in one of the last three each year), label,
        age_group, n, n_people (of a known age), share, conf_low, conf_high (95%, Wilson).
        """
        return self._frame.copy()

    def medians(self) -> pd.DataFrame:
        """Return one row a substance and year.

        Columns: year, year_from, year_to, whole_year, substance, label, n_people (of a known age), n_no_age,
        median_age (completed years), conf_low, conf_high (95%, order statistics; missing with fewer than six people),
        rank (of the lower limit, counted from the youngest person).
        """
        return self._medians.copy()

    def trends(self) -> pd.DataFrame:
        """Return one row a substance: how much older the people of a year are than those of the year before.

        Columns: substance, label, n_people (different people), n_person_years, estimate (years of age a year, of the
        mean age), conf_low, conf_high (95%, errors clustered by person), direction (``older``, ``younger``, ``not
        settled``, ``not told``), status.
        """
        return self._trends.copy()

    def summary(self) -> Summary:
        """Return median ages by year and the trend; counts are exact: not for release."""
        own = self._medians
        table = pd.DataFrame(
            {
                "People with": own["label"],
                "Year": own["year"],
                "People": [format_count(n) for n in own["n_people"]],
                "Median age": [format_number(age, 1) for age in own["median_age"]],
                "95% interval": [
                    f"{format_number(low, 0)} to {format_number(high, 0)}" if low == low else ""
                    for low, high in zip(own["conf_low"], own["conf_high"], strict=True)
                ],
            }
        )
        headline = " ".join(trend_sentence(row) for row in self._trends.to_dict("records"))
        missing = int(own.loc[own["substance"].isin([ANY]), "n_no_age"].sum())
        notes = self.notes()
        if missing:
            notes = (*notes, f"{format_count(missing)} times a person without a known age came in: not counted.")
        return Summary(title="Ages of the people who come in", headline=headline, table=table, notes=notes)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw shares of age groups by year, a panel a substance, and return the Axes (exact: not for release)."""
        from dipeval.plots.age_bands import age_bands_plot

        several = self._frame["substance"].nunique() > 1
        own = self._frame[(self._frame["substance"] != ANY) | (not several)]
        return age_bands_plot(own, medians=self._medians, ax=ax)

    def notes(self) -> tuple[str, ...]:
        """Return what must be said beside the figures: nothing in it is about a person."""
        told = [
            f"Counted are {SOURCE_WORDS[self.source]}, each once a year, at the age of the first record of the year; "
            "with opiates if any record of the year names them.",
            "A group of which nobody left and which nobody joined would grow a year older each year. Who is tested or "
            "comes to treatment decides the ages as well: they are not those of all who use drugs.",
            "The trend is that of the mean age; the same people come back, which its interval allows for.",
        ]
        part = sorted(set(self._frame.loc[~self._frame["whole_year"].astype(bool), "year"]))
        if part:
            told.append(f"Only part of the year is counted: {', '.join(part)}.")
        if self.years_of_birth_only:
            told.append("Only years of birth are known here: ages can be a year out.")
        return tuple(told)


def trend_sentence(row: Mapping[Any, Any]) -> str:
    """Return the trend of one substance in words.

    Examples
    --------
    >>> trend_sentence({"label": "Opiates", "direction": "older", "estimate": 0.42, "conf_low": 0.3, "conf_high": 0.54,
    ...                 "status": "ok"})
    'Opiates: the mean age moves by 0.42 years each year (95% interval 0.30 to 0.54): they are getting older.'
    """
    if row["status"] != "ok":
        return f"{row['label']}: no trend is told ({row['status']})."
    value, low, high = (format_number(float(row[name]), 2) for name in ("estimate", "conf_low", "conf_high"))
    return (
        f"{row['label']}: the mean age moves by {value} years each year (95% interval {low} to {high}): "
        f"{DIRECTIONS[str(row['direction'])]}."
    )
