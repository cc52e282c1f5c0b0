"""Who was linked and who was not: the linked and the unlinked people of both sides of each link."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from dipeval.errors import InputError, InvariantError
from dipeval.linkage.quality import NOT_RECORDED
from dipeval.linkage.shares import EXACT
from dipeval.presenting import HtmlMixin, Summary, format_percent
from dipeval.vocabulary import label

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from dipeval.linkage.result import Linkage

COLUMNS = (
    "link",
    "side",
    "characteristic",
    "level",
    "n_linked",
    "n_unlinked",
    "mean_linked",
    "mean_unlinked",
    "smd",
)
CHARACTERISTICS = ("sex", "ethnicity", "district")
OVERALL = "all levels"
YEARS = "years"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LinkedComparison(HtmlMixin):
    """Linked against unlinked people of both sides. Made by `compare_linked`.

    Standardised difference: difference of means divided by the pooled standard deviation (root of the mean of the
    two groups' variances; of a share, p(1 - p)); over all levels of a characteristic the Mahalanobis-type distance of
    Yang and Dalton (2012), SAS Global Forum 335, which has no sign.

    Examples
    --------
    >>> row = ("drug_tests - treatment", "file", "sex", "all levels", 80, 20, float("nan"), float("nan"), 0.25)
    >>> LinkedComparison(_frame=pd.DataFrame([row], columns=list(COLUMNS))).worst["characteristic"]
    'sex'
    """

    _frame: pd.DataFrame = field(repr=False)

    def __post_init__(self) -> None:
        """Check the columns."""
        if tuple(self._frame.columns) != COLUMNS:
            raise InvariantError(f"A comparison of linked people must have the columns {', '.join(COLUMNS)}.")

    def to_frame(self) -> pd.DataFrame:
        """Return one row a link, side, characteristic and level.

        Columns: link, side ("anchor": its people with a link to the file against those without; "file": the file's
        people with a link to the anchor against those without), characteristic (age, sex, ethnicity, district),
        level ("years"; a level; "not recorded"; "all levels"), n_linked, n_unlinked (people behind the row: of that
        level; with a known age), mean_linked, mean_unlinked (mean age, or the share of all who have the level;
        missing for "all levels"), smd (denominator: the pooled standard deviation; missing if one side is empty).
        """
        return self._frame.copy()

    @property
    def worst(self) -> pd.Series:
        """The row of `to_frame` with the largest difference over a whole characteristic."""
        frame = self._whole().dropna(subset=["smd"])
        if frame.empty:
            return pd.Series(dict.fromkeys(COLUMNS))
        return frame.iloc[int(frame["smd"].abs().argmax())]

    def summary(self) -> Summary:
        """Return the standardised differences by link, side and characteristic."""
        frame = self._whole()
        keys = ["link", "characteristic"]
        wide = frame.pivot_table(index=keys, columns="side", values="smd", aggfunc="first", sort=False, dropna=False)
        wide = wide.reindex(columns=["anchor", "file"]).dropna(how="all").reset_index()
        shown = pd.DataFrame(
            {
                "Link": wide["link"],
                "Characteristic": [label(str(name)) for name in wide["characteristic"]],
                "Difference among the people of the anchor": [_smd(value) for value in wide["anchor"]],
                "Difference among the people of the file": [_smd(value) for value in wide["file"]],
            }
        )
        notes = (
            "Difference: linked less unlinked, in % of the pooled standard deviation; over the levels of a "
            "characteristic the distance of Yang and Dalton, which has no sign. Above 10% is worth a sentence.",
            "People without a link are those with none to find and those whose link was missed: a difference on the "
            "anchor's side is expected where the file is selective. On the file's side, if all its people ought to "
            "stand in the anchor, a difference shows whom the linkage misses.",
            "Missing values are a level of their own.",
            EXACT,
        )
        return Summary(title="Linked and unlinked people", headline=self._headline(), table=shown, notes=notes)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the size of each characteristic's standardised difference and return the Axes drawn on."""
        from dipeval.plots.linkage import draw_linked_comparison

        return draw_linked_comparison(self._whole(), ax=ax)

    def _whole(self) -> pd.DataFrame:
        return self._frame[self._frame["level"].isin([OVERALL, YEARS])]

    def _headline(self) -> str:
        worst = self.worst
        if worst["link"] is None:
            return "Linked and unlinked people cannot be compared: nothing is known of one of the two."
        side = "of the anchor" if worst["side"] == "anchor" else "of the file"
        return (
            f"Linked and unlinked people differ most in {label(str(worst['characteristic'])).lower()} "
            f"({worst['link']}, people {side}): {_smd(abs(worst['smd']))} of a standard deviation."
        )


def _smd(value: float) -> str:
    return format_percent(value)


def compare_linked(linkage: Linkage, table: str | None = None) -> LinkedComparison:
    """Compare the people who were linked with those who were not, on both sides of a link.

    Parameters
    ----------
    linkage
        From `link`.
    table
        The file on the other side of the link; default every file.

    Returns
    -------
    LinkedComparison

    Raises
    ------
    InputError
        If there is no such file, or it is the anchor.

    Examples
    --------
    >>> from dipeval.linkage import link
    >>> from dipeval.linkage.example import two_small_files
    >>> compared = compare_linked(link(two_small_files()), "treatment")
    >>> compared.to_frame().query("side == 'file' and level == 'F'")[["n_linked", "n_unlinked"]].to_numpy().tolist()
    [[1, 0]]
    """
    tables = [name for name in linkage.counts["table"] if name != linkage.anchor]
    if table is not None and table not in tables:
        raise InputError(
            f"table must be one of the files linked to {linkage.anchor} ({', '.join(tables)}); it is {table!r}."
        )
    spine = linkage.to_frame()
    at_anchor = set(spine.loc[spine["table"] == linkage.anchor, "person_id"])
    about_anchor = linkage.about(linkage.anchor)
    rows: list[tuple[Any, ...]] = []
    for name in [table] if table is not None else tables:
        there = set(spine.loc[spine["table"] == name, "person_id"])
        for side, about, others in (("anchor", about_anchor, there), ("file", linkage.about(name), at_anchor)):
            linked = pd.Series(about.index.isin(others), index=about.index)
            rows += [(f"{linkage.anchor} - {name}", side, *row) for row in _compared(about, linked)]
    return LinkedComparison(_frame=pd.DataFrame(rows, columns=list(COLUMNS)))


def _compared(about: pd.DataFrame, linked: pd.Series) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = []
    ages = about["age_years"].astype("float64")
    if ages.notna().any():
        rows.append(("age", YEARS, *_of_numbers(ages[linked].dropna(), ages[~linked].dropna())))
    if ages.isna().any() and ages.notna().any():
        rows.append(("age", NOT_RECORDED, *_of_flag(ages.isna(), linked)))
    for name in CHARACTERISTICS:
        values = about[name].astype(object)
        if values.isna().all():
            continue
        values = values.where(values.notna(), NOT_RECORDED).astype(str)
        levels = sorted(set(values) - {NOT_RECORDED}) + [NOT_RECORDED] * bool((values == NOT_RECORDED).any())
        rows += [(name, level, *_of_flag(values == level, linked)) for level in levels]
        counts = int(linked.sum()), int((~linked).sum())
        rows.append((name, OVERALL, *counts, float("nan"), float("nan"), _distance(values, linked, levels)))
    return rows


def _of_numbers(one: pd.Series, other: pd.Series) -> tuple[Any, ...]:
    if not len(one) or not len(other):
        return len(one), len(other), _mean(one), _mean(other), float("nan")
    pooled = float(np.sqrt((one.var(ddof=1) + other.var(ddof=1)) / 2)) if min(len(one), len(other)) > 1 else 0.0
    difference = _mean(one) - _mean(other)
    return len(one), len(other), _mean(one), _mean(other), difference / pooled if pooled else float("nan")


def _mean(values: pd.Series) -> float:
    return float(values.mean()) if len(values) else float("nan")


def _of_flag(flag: pd.Series, linked: pd.Series) -> tuple[Any, ...]:
    p, q = _mean(flag[linked]), _mean(flag[~linked])
    pooled = float(np.sqrt((p * (1 - p) + q * (1 - q)) / 2))
    smd = float("nan") if np.isnan(pooled) else (p - q) / pooled if pooled else (0.0 if p == q else float("nan"))
    return int(flag[linked].sum()), int(flag[~linked].sum()), p, q, smd


def _distance(values: pd.Series, linked: pd.Series, levels: list[str]) -> float:
    """Yang and Dalton's distance between two sets of shares; levels that nobody has on either side cannot occur."""
    if not linked.any() or linked.all():
        return float("nan")
    one, other = (
        values[side].value_counts(normalize=True).reindex(levels, fill_value=0.0).to_numpy(dtype="float64")[1:]
        for side in (linked, ~linked)
    )
    spread = sum(np.diag(p) - np.outer(p, p) for p in (one, other)) / 2
    difference = one - other
    if not len(difference):
        return 0.0
    solved = np.linalg.pinv(spread) @ difference
    if not np.allclose(spread @ solved, difference):
        # Some level has all of one side and none of the other: no spread to measure the difference by.
        return float("nan")
    return float(np.sqrt(max(float(difference @ solved), 0.0)))


__all__ = ["LinkedComparison", "compare_linked"]
