"""Why two people were linked, and what each agreement is worth: Splink's numbers, without Splink's charts.

Only levels of agreement are shown ("same surname"), never a name, date or address.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd

from dipeval.errors import InputError, InvariantError
from dipeval.linkage.groups import group_of
from dipeval.presenting import HtmlMixin, Summary, format_number, format_percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from dipeval.linkage.result import Linkage

EXPLANATION_COLUMNS = ("part", "level", "match_weight", "running_weight")
WEIGHT_COLUMNS = ("link", "comparison", "level", "m", "u", "match_weight")
_TOLERANCE = 1e-4


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PairExplanation(HtmlMixin):
    """How the weight of one pair of people adds up. Made by `waterfall`. Their identifiers are not in it.

    Parameters
    ----------
    link
        The two files.
    total
        Match weight in bits: log2 of the odds that the two are the same.
    probability
        The same as a probability.
    linked
        Whether the pair was linked.

    Examples
    --------
    >>> parts = [("prior", "", -10.0, -10.0), ("sex", "same sex", 0.6, -9.4)]
    >>> frame = pd.DataFrame(parts, columns=list(EXPLANATION_COLUMNS))
    >>> PairExplanation(link="a - b", total=-9.4, probability=0.0015, linked=False, _frame=frame).summary().headline
    'A match probability of 0.2%; the pair was not linked.'
    """

    link: str
    total: float
    probability: float
    linked: bool
    _frame: pd.DataFrame = field(repr=False)

    def __post_init__(self) -> None:
        """Check that the parts add up."""
        if tuple(self._frame.columns) != EXPLANATION_COLUMNS:
            raise InvariantError(f"An explanation must have the columns {', '.join(EXPLANATION_COLUMNS)}.")
        if abs(float(self._frame["match_weight"].sum()) - self.total) > _TOLERANCE:
            raise InvariantError("The parts of a pair's weight do not add up to its match weight.")

    def to_frame(self) -> pd.DataFrame:
        """Return one row a part.

        Columns: part ("prior", each comparison, and the further weight of a rare value), level (of agreement),
        match_weight (bits added), running_weight (bits so far).
        """
        return self._frame.copy()

    def summary(self) -> Summary:
        """Return the parts in bits."""
        frame = self._frame
        shown = pd.DataFrame(
            {
                "Part": frame["part"],
                "Level": frame["level"],
                "Bits": [format_number(value) for value in frame["match_weight"]],
                "Bits so far": [format_number(value) for value in frame["running_weight"]],
            }
        )
        done = "linked" if self.linked else "not linked"
        headline = f"A match probability of {format_percent(self.probability)}; the pair was {done}."
        notes = (
            "Each bit doubles the odds that the two are the same person; 0 bits are even odds.",
            "Whether a pair is linked depends on its rivals too: each person has one partner at most.",
        )
        return Summary(title=f"Why this pair ({self.link})", headline=headline, table=shown, notes=notes)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the parts as a waterfall and return the Axes drawn on."""
        from dipeval.plots.linkage_weights import draw_waterfall

        return draw_waterfall(self.to_frame(), ax=ax)


def waterfall(linkage: Linkage, left_person: str, right_person: str, *, table: str | None = None) -> PairExplanation:
    """Explain the weight of one candidate pair.

    Parameters
    ----------
    linkage
        From `link`.
    left_person, right_person
        As in one row of ``linkage.pairs()``.
    table
        The right-hand file; needed only if the two are candidates in several groups of files.

    Returns
    -------
    PairExplanation

    Raises
    ------
    InputError
        If the two are no candidates, or were linked without a model.

    Examples
    --------
    >>> from dipeval.linkage import link
    >>> from dipeval.linkage.example import two_small_files
    >>> linkage = link(two_small_files())
    >>> pair = linkage.pairs().iloc[0]
    >>> explained = waterfall(linkage, pair["left_person"], pair["right_person"])
    >>> explained.to_frame()["part"].iloc[0], explained.linked
    ('prior', True)
    """
    group, row = group_of(linkage, left_person, right_person, table)
    if group.model is None:
        raise InputError(
            f"{group.label} was linked without a model, so there are no weights to show. "
            "Link with the profile attributor or full."
        )
    parts = linkage.pair_weights(group.tables[0] if table is None else table)
    if not _rows(parts, left_person, right_person).any():
        parts = pd.concat([linkage.pair_weights(name) for name in group.tables], ignore_index=True)
    found = parts[_rows(parts, left_person, right_person)].drop_duplicates(["part", "level"])
    order = (found["part"] != "prior").sort_values(kind="stable").index
    found = found.loc[order, ["part", "level", "match_weight"]].reset_index(drop=True)
    level = found["level"].astype(object).where(found["level"].notna(), "")
    pair = group.pairs.loc[row]
    return PairExplanation(
        link=group.label,
        total=float(pair["match_weight"]),
        probability=float(pair["match_probability"]),
        linked=bool(pair["linked"]),
        _frame=found.assign(level=level, running_weight=found["match_weight"].cumsum()),
    )


def _rows(parts: pd.DataFrame, left_person: str, right_person: str) -> pd.Series:
    return (parts["left_person"] == left_person) & (parts["right_person"] == right_person)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MatchWeights(HtmlMixin):
    """What each level of agreement is worth, model by model. Made by `match_weights`.

    Examples
    --------
    >>> row = ("a - b", "sex", "same sex", 0.99, 0.66, 0.585)
    >>> MatchWeights(_frame=pd.DataFrame([row], columns=list(WEIGHT_COLUMNS))).summary().headline
    'The agreement that tells most is same sex: it makes a link 1.5 times as likely.'
    """

    _frame: pd.DataFrame = field(repr=False)

    def __post_init__(self) -> None:
        """Check the columns."""
        if tuple(self._frame.columns) != WEIGHT_COLUMNS:
            raise InvariantError(f"A table of weights must have the columns {', '.join(WEIGHT_COLUMNS)}.")

    def to_frame(self) -> pd.DataFrame:
        """Return one row a link, comparison and level.

        Columns: link, comparison, level, m (chance of the level if the two are the same person), u (if they are not),
        match_weight (log2 of m / u, in bits).
        """
        return self._frame.copy()

    def summary(self) -> Summary:
        """Return the weights in bits, a column a link."""
        keys = ["comparison", "level"]
        order = self._frame[keys].drop_duplicates()
        shown = order.set_axis(["Comparison", "Level"], axis=1).reset_index(drop=True)
        for link, part in self._frame.groupby("link", sort=False):
            bits = part.drop_duplicates(keys).set_index(keys)["match_weight"]
            found = bits.reindex(pd.MultiIndex.from_frame(order))
            shown[str(link)] = [format_number(value) if pd.notna(value) else "" for value in found]
        notes = (
            "In bits: each doubles the odds that two people are the same, a minus halves them.",
            "Rare names, initials and the like are worth more than shown, common ones less.",
        )
        return Summary(title="What each agreement is worth", headline=self._headline(), table=shown, notes=notes)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the weights as bars and return the Axes drawn on."""
        from dipeval.plots.linkage_weights import draw_match_weights

        return draw_match_weights(self.to_frame(), ax=ax)

    def _headline(self) -> str:
        if self._frame.empty:
            return "Nothing was learnt in this linkage: it has no weights."
        best = self._frame.loc[self._frame["match_weight"].idxmax()]
        times = 2.0 ** float(best["match_weight"])
        shown = format_number(times, 0 if times >= 10 else 1)
        return f"The agreement that tells most is {best['level']}: it makes a link {shown} times as likely."


def match_weights(linkage: Linkage) -> MatchWeights:
    """Return the weights of every model of a linkage.

    Parameters
    ----------
    linkage
        From `link`.

    Returns
    -------
    MatchWeights
        Without rows if nothing was modelled (profile deterministic, true links).

    Examples
    --------
    >>> from dipeval.linkage import link
    >>> from dipeval.linkage.example import two_small_files
    >>> sorted(set(match_weights(link(two_small_files())).to_frame()["comparison"]))[:2]
    ['area', 'date of birth']
    """
    parts = [
        model.weights_frame().assign(link=f"{linkage.anchor} - {', '.join(model.tables)}") for model in linkage.models
    ]
    empty = pd.DataFrame({name: pd.Series(dtype=object) for name in WEIGHT_COLUMNS[:3]})
    empty = empty.assign(**{name: pd.Series(dtype="float64") for name in WEIGHT_COLUMNS[3:]})
    frame = pd.concat(parts, ignore_index=True) if parts else empty
    return MatchWeights(_frame=frame[list(WEIGHT_COLUMNS)])
