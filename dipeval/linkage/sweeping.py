"""What another threshold would have given: links, how many of them are right, how many are missed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from numbers import Real
from typing import TYPE_CHECKING, Any

import pandas as pd

from dipeval.errors import InputError, InvariantError
from dipeval.linkage.groups import LinkGroup, link_groups, true_pairs
from dipeval.linkage.resolve import one_to_one
from dipeval.linkage.rule import CANDIDATE_FLOOR
from dipeval.linkage.shares import EXACT, harmonic, share
from dipeval.presenting import HtmlMixin, Summary, format_count, format_percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from dipeval.linkage.result import Linkage

THRESHOLDS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
COLUMNS = (
    "link",
    "threshold",
    "n_links",
    "tied",
    "expected_right",
    "expected_false",
    "expected_missed",
    "precision",
    "recall",
    "f1",
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LinkSweep(HtmlMixin):
    """The links that each threshold would give. Made by `sweep`.

    Examples
    --------
    >>> rows = [("drug_tests - treatment", cut, 10, 0, 9.0, 1.0, missed, *[float("nan")] * 3)
    ...         for cut, missed in ((0.5, 1.5), (0.9, 3.0))]
    >>> LinkSweep(threshold=0.5, _frame=pd.DataFrame(rows, columns=list(COLUMNS))).balanced
    {'drug_tests - treatment': 0.5}
    """

    threshold: float
    _frame: pd.DataFrame = field(repr=False)

    def __post_init__(self) -> None:
        """Check the columns."""
        if tuple(self._frame.columns) != COLUMNS:
            raise InvariantError(f"A threshold sweep must have the columns {', '.join(COLUMNS)}.")

    def to_frame(self) -> pd.DataFrame:
        """Return one row a link and threshold.

        Columns: link, threshold, n_links, tied (people of the file left unlinked because two candidates were equally
        likely), expected_right, expected_false, expected_missed (by the one-to-one probabilities; pairs that no
        blocking key brought together are not among the missed), precision, recall, f1 (missing without the truth).
        """
        return self._frame.copy()

    @property
    def balanced(self) -> dict[str, float]:
        """The threshold of each link at which expected false and expected missed links are nearest to each other.

        Of a relative risk the bias from false links and from missed links cancels where the two are equal and do not
        differ between the groups compared (Bartlett et al. 2001, Statistics Canada): a hint, no rule.
        """
        gap = (self._frame["expected_false"] - self._frame["expected_missed"]).abs()
        # Equal gaps (no candidate between two thresholds): the lower one.
        order = self._frame.assign(gap=gap.round(9)).sort_values(["gap", "threshold"], kind="stable")
        best = order.drop_duplicates("link").sort_index()
        return {str(name): float(cut) for name, cut in zip(best["link"], best["threshold"], strict=True)}

    def summary(self) -> Summary:
        """Return links made and expected to be right, false and missed by threshold, all links together."""
        totals = ["n_links", "tied", "expected_right", "expected_false", "expected_missed"]
        frame = self._frame.groupby("threshold")[totals].sum().reset_index()
        shown = pd.DataFrame({"Threshold": [f"{cut:g}" for cut in frame["threshold"]]})
        words = ["Links made", "Tied", "Expected right", "Expected false", "Expected missed"]
        for name, word in zip(totals, words, strict=True):
            shown[word] = [format_count(value) for value in frame[name]]
        balance = ", ".join(f"{cut:g} ({link})" for link, cut in self.balanced.items())
        notes = (
            f"Expected false and expected missed links are nearest to each other at: {balance or 'no threshold'}. "
            "There the bias of a relative risk is least if errors do not differ between the groups compared "
            "(Bartlett et al. 2001). Where a missed link makes a treated person look untreated, a high threshold "
            "costs more than it saves.",
            "Expected figures rest on the model's own probabilities, one partner a person, and know nothing of "
            "pairs that were never compared.",
            EXACT,
        )
        return Summary(title="Links by threshold", headline=self._headline(), table=shown, notes=notes)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw expected false and missed links (precision and recall with truth) by threshold, and return the Axes."""
        from dipeval.plots.linkage import draw_sweep

        return draw_sweep(self.to_frame(), threshold=self.threshold, ax=ax)

    def _headline(self) -> str:
        if self._frame.empty:
            return "There was no candidate to link at any threshold."
        totals = self._frame.groupby("threshold")["n_links"].sum()
        low, high = totals.index[0], totals.index[-1]
        text = (
            f"From a threshold of {low:g} to one of {high:g} the links fall from {format_count(totals.iloc[0])} "
            f"to {format_count(totals.iloc[-1])}"
        )
        known = self._frame.dropna(subset=["f1"])
        if known.empty:
            return f"{text}."
        lowest, highest = format_percent(known["f1"].min()), format_percent(known["f1"].max())
        same = f"F1 is {highest} throughout" if lowest == highest else f"F1 stays between {lowest} and {highest}"
        return f"{text}; {same}."


def sweep(linkage: Linkage, thresholds: Iterable[float] = THRESHOLDS, truth: Any = None) -> LinkSweep:
    """Choose the links anew at each threshold.

    The candidates and their probabilities stay; the one-to-one rule (`dipeval.linkage.resolve`) is applied again.

    Parameters
    ----------
    linkage
        From `link`.
    thresholds
        Match probabilities from 0.001 to 1.
    truth
        Known links, for precision and recall; default none.

    Returns
    -------
    LinkSweep

    Raises
    ------
    InputError
        If a threshold is outside its range or the truth has not the columns needed.

    Examples
    --------
    >>> from dipeval.linkage import link
    >>> from dipeval.linkage.example import two_small_files
    >>> sweep(link(two_small_files()), (0.5, 0.9)).to_frame()["n_links"].tolist()
    [1, 1]
    """
    cuts = _checked(thresholds)
    rows: list[tuple[Any, ...]] = []
    for group in link_groups(linkage):
        same = None if truth is None else true_pairs(linkage, group, truth)
        rows += [_at(group, cut, same, linkage.rule.ties) for cut in cuts]
    frame = pd.DataFrame(rows, columns=list(COLUMNS)).astype(
        {"n_links": "int64", "tied": "int64"} | dict.fromkeys(("threshold", *COLUMNS[4:]), "float64")
    )
    return LinkSweep(threshold=linkage.rule.threshold, _frame=frame)


def _checked(thresholds: Iterable[float]) -> list[float]:
    cuts = list(thresholds)
    good = [isinstance(cut, Real) and not isinstance(cut, bool) and CANDIDATE_FLOOR <= cut <= 1 for cut in cuts]
    if not cuts or not all(good):
        raise InputError(
            f"thresholds must be one or more numbers between {CANDIDATE_FLOOR} and 1, such as (0.3, 0.5, 0.9)."
        )
    return sorted({float(cut) for cut in cuts})


def resolved(pairs: pd.DataFrame, threshold: float, ties: str = "drop") -> tuple[pd.Series, int]:
    """Apply the one-to-one rule to the candidates of one group: whether each is linked, and how many are tied.

    With ``ties="lowest_id"`` the order of the people is that of their ids in the spine.
    """
    renamed = pairs.rename(columns={"left_person": "left", "right_person": "right"})
    return one_to_one(renamed[["left", "right", "match_weight", "match_probability"]], threshold, ties)


def _at(group: LinkGroup, cut: float, same: tuple[pd.Series, int] | None, ties: str) -> tuple[Any, ...]:
    linked, tied = resolved(group.pairs, cut, ties)
    probability = group.pairs["link_probability"]
    right, everything = float(probability[linked].sum()), float(probability.sum())
    n_links = int(linked.sum())
    known = (float("nan"),) * 3
    if same is not None:
        is_right = linked & (same[0] == True)  # noqa: E712 - an object column that may hold None
        precision = share(int(is_right.sum()), int((linked & same[0].notna()).sum()))
        recall = share(int(is_right.sum()), same[1])
        known = (precision, recall, harmonic(precision, recall))
    return (group.label, cut, n_links, tied, right, n_links - right, everything - right, *known)


__all__ = ["THRESHOLDS", "LinkSweep", "resolved", "sweep"]
