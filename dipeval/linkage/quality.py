"""How good the links are, where the truth is known (simulated data, or a labelled sample)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from dipeval.errors import InputError, InvariantError
from dipeval.linkage.shares import EXACT, harmonic, share, wilson
from dipeval.presenting import NOT_AVAILABLE, HtmlMixin, Summary, format_count, format_percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLUMNS = (
    "link",
    "group",
    "n_links",
    "n_true",
    "precision",
    "precision_low",
    "precision_high",
    "recall",
    "recall_low",
    "recall_high",
    "f1",
)
EVERYONE = "everyone"
NOT_RECORDED = "not recorded"
SUBGROUPS = ("sex", "age_band", "ethnicity", "district")
_AGE_EDGES = (0, 18, 25, 35, 45, 55, 200)
_AGE_NAMES = ("17 and under", "18 to 24", "25 to 34", "35 to 44", "45 to 54", "55 and over")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LinkageQuality(HtmlMixin):
    """Precision, recall and F1 of each link, in pairs of people. Made by `Linkage.quality`.

    A link is right if most records of both sides belong to the same true person. Source of the measures:
    Harron et al. (2020), *Annals of Human Biology* 47. Intervals: Wilson (1927), 95%.

    Examples
    --------
    >>> frame = pd.DataFrame({"link": ["drug_tests - treatment"], "group": ["everyone"], "n_links": [95],
    ...                       "n_true": [100], "precision": [1.0], "precision_low": [0.961], "precision_high": [1.0],
    ...                       "recall": [0.95], "recall_low": [0.888], "recall_high": [0.978], "f1": [0.974]})
    >>> LinkageQuality(_frame=frame).summary().headline
    'Of all true links 95.0% were found; of the links made 100.0% were right.'
    """

    _frame: pd.DataFrame = field(repr=False)

    def __post_init__(self) -> None:
        """Check the columns."""
        if tuple(self._frame.columns) != COLUMNS:
            raise InvariantError(f"A quality table must have the columns {', '.join(COLUMNS)}.")

    def to_frame(self) -> pd.DataFrame:
        """Return one row a link and group, missing where nothing was linked or nothing is true.

        Columns: link, group ("everyone", and a subgroup of the people of the anchor if asked for), n_links, n_true,
        precision, precision_low, precision_high, recall, recall_low, recall_high (95% limits), f1.
        """
        return self._frame.copy()

    def summary(self) -> Summary:
        """Return the table for display with the worst link in the headline."""
        frame = self._frame
        shown = pd.DataFrame(
            {
                "Link": frame["link"],
                "Group": frame["group"],
                "Links made": [format_count(value) for value in frame["n_links"]],
                "True links": [format_count(value) for value in frame["n_true"]],
                "Precision": _with_limits(frame, "precision"),
                "Recall": _with_limits(frame, "recall"),
                "F1": [format_percent(value) for value in frame["f1"]],
            }
        )
        if (frame["group"] == EVERYONE).all():
            shown = shown.drop(columns="Group")
        notes = ("In brackets: 95% intervals (Wilson).", EXACT)
        return Summary(title="Quality of the linkage", headline=self._headline(), table=shown, notes=notes)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the precision and the recall of each link and return the Axes drawn on."""
        from dipeval.plots.linkage import draw_quality

        return draw_quality(self.to_frame(), ax=ax)

    def _headline(self) -> str:
        everyone = self._frame[self._frame["group"] == EVERYONE]
        known = everyone.dropna(subset=["f1"]).sort_values(["f1", "link"], kind="stable")
        if known.empty:
            return "There was no true link to find."
        worst = known.iloc[0]
        found = (
            f"f all true links {format_percent(worst['recall'])} were found; "
            f"of the links made {format_percent(worst['precision'])} were right."
        )
        return f"O{found}" if len(known) == 1 else f"Weakest link, {worst['link']}: o{found}"


def _with_limits(frame: pd.DataFrame, name: str) -> list[str]:
    return [
        NOT_AVAILABLE
        if pd.isna(value)
        else f"{format_percent(value)} ({format_percent(low)} to {format_percent(high)})"
        for value, low, high in zip(frame[name], frame[f"{name}_low"], frame[f"{name}_high"], strict=True)
    ]


def truth_links(truth: Any) -> pd.DataFrame:
    """Return table, record_id, true_person from a truth object or a frame.

    Raises
    ------
    InputError
        If there is no truth or a column is missing.
    """
    links = getattr(truth, "links", truth)
    if not isinstance(links, pd.DataFrame):
        raise InputError(
            "There is no truth to compare with: pass extracts.truth of simulated extracts, or a DataFrame with the "
            "columns table, record_id and true_person."
        )
    missing = [name for name in ("table", "record_id", "true_person") if name not in links]
    if missing:
        raise InputError(f"The truth has no column {', '.join(missing)}; it needs table, record_id and true_person.")
    if links.duplicated(["table", "record_id"]).any():
        raise InputError("The truth names a record more than once. Give each record of each table one true_person.")
    return links[["table", "record_id", "true_person"]]


def true_people(spine: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """Return table, person_id and the true_person of most of its records (ties: the first in order)."""
    known = spine.merge(truth, on=["table", "record_id"], how="inner")
    votes = known.groupby(["table", "person_id", "true_person"], sort=True).size().reset_index(name="n")
    votes = votes.sort_values(["table", "person_id", "n", "true_person"], ascending=[True, True, False, True])
    return votes.drop_duplicates(["table", "person_id"])[["table", "person_id", "true_person"]]


def age_bands(ages: pd.Series) -> pd.Series:
    """Return the band of each age in years, as text; missing stays missing.

    Examples
    --------
    >>> age_bands(pd.Series([17.9, 18, 70, None])).tolist()
    ['17 and under', '18 to 24', '55 and over', nan]
    """
    return pd.cut(ages.astype("float64"), list(_AGE_EDGES), right=False, labels=list(_AGE_NAMES)).astype(object)


def subgroup_of(about: pd.DataFrame, by: str) -> pd.Series:
    """Return the subgroup of each person of the anchor.

    Parameters
    ----------
    about
        Index person_id; age_years, sex, ethnicity, district (`Linkage.about`).
    by
        One of "sex", "age_band", "ethnicity", "district".

    Raises
    ------
    InputError
        If `by` is none of them.
    """
    if by not in SUBGROUPS:
        raise InputError(f"by must be one of {', '.join(SUBGROUPS)}; it is {by!r}.")
    values = age_bands(about["age_years"]) if by == "age_band" else about[by].astype(object)
    return values.where(values.notna(), NOT_RECORDED).astype(str)


def measure_quality(
    spine: pd.DataFrame,
    truth: Any,
    anchor: str,
    tables: list[str],
    *,
    by: str | None = None,
    about: pd.DataFrame | None = None,
) -> LinkageQuality:
    """Compare a spine with the truth.

    Parameters
    ----------
    spine
        table, record_id, person_id.
    truth
        An object with ``links``, or a frame with table, record_id, true_person.
    anchor
        The table that the others were linked to.
    tables
        The others.
    by
        A subgroup of the people of the anchor, each given a row of its own beside "everyone".
    about
        Index person_id of the anchor; age_years, sex, ethnicity, district. Needed with `by`.

    Returns
    -------
    LinkageQuality

    Raises
    ------
    InputError
        If the truth has not the columns needed, or `by` is unknown.
    """
    people = true_people(spine, truth_links(truth))
    at_anchor = people[people["table"] == anchor].assign(group=EVERYONE)
    parts = [at_anchor]
    if by is not None:
        if about is None:
            raise InputError(f"Quality by {by} needs to know about the people of {anchor}: pass about.")
        groups = at_anchor["person_id"].map(subgroup_of(about, by)).fillna(NOT_RECORDED)
        # A true person who stands in the anchor twice belongs to the group of the first.
        first = groups.groupby(at_anchor["true_person"]).transform("first")
        parts += [part.assign(group=name) for name, part in at_anchor.groupby(first, sort=True)]
    rows = [
        (f"{anchor} - {table}", *_measured(part, people[people["table"] == table]))
        for table in tables
        for part in parts
    ]
    return LinkageQuality(_frame=pd.DataFrame(rows, columns=list(COLUMNS)))


def _measured(at_anchor: pd.DataFrame, here: pd.DataFrame) -> tuple[Any, ...]:
    """One row: the links of these people of the anchor to one file."""
    links = at_anchor.merge(here, on="person_id", suffixes=("_left", "_right"))
    right = links[links["true_person_left"] == links["true_person_right"]]
    n_true = len(set(at_anchor["true_person"]) & set(here["true_person"]))
    n_found = right["true_person_left"].nunique()
    precision, recall = share(len(right), len(links)), share(n_found, n_true)
    return (
        at_anchor["group"].iloc[0] if len(at_anchor) else EVERYONE,
        len(links),
        n_true,
        precision,
        *wilson(len(right), len(links)),
        recall,
        *wilson(n_found, n_true),
        harmonic(precision, recall),
    )
