"""How good the links are when nobody knows the truth: four estimates that lean on different things.

*Duplicate method* (Blakely and Salmond 2002, Int J Epidemiol 31:1246): false links fall on people whether or not they
also have their true one, so people with two candidates above the cut tell how many false ones there are.
*Decoys*: see `dipeval.linkage.decoys`. *Model*: the one-to-one probabilities added up, and of the true pairs that were
never compared the share that its own figures imply (`dipeval.linkage.missed`). *Unlinkable share*: people with so few
identifiers that not even a record with the very same ones would reach the threshold.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd
from scipy import optimize

from dipeval.errors import InputError, InvariantError
from dipeval.linkage.decoys import DecoyLinks, link_decoys
from dipeval.linkage.groups import LinkGroup, identifiers_of, link_groups
from dipeval.linkage.missed import missed_share
from dipeval.linkage.shares import EXACT, normal_limits, share, wilson
from dipeval.linkage.unlinkable import self_match_weights
from dipeval.presenting import NOT_AVAILABLE, HtmlMixin, Summary, format_percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from dipeval.engine import Engine
    from dipeval.linkage.result import Linkage
    from dipeval.linkage.rule import LinkRule

COLUMNS = ("link", "method", "measure", "estimate", "conf_low", "conf_high", "n", "meaning")
METHODS = ("duplicates", "decoys", "model", "unlinkable")
_NAN = float("nan")
Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EstimatedQuality(HtmlMixin):
    """Quality of the links estimated without the truth. Made by `estimate_quality`.

    Examples
    --------
    >>> row = ("tests - treatment", "decoys", "precision", 0.98, 0.97, 0.99, 500, "Share of links that are right.")
    >>> EstimatedQuality(_frame=pd.DataFrame([row], columns=list(COLUMNS))).summary().headline
    'By the estimates at hand between 98.0% and 98.0% of the links made are right; all are rough.'
    """

    _frame: pd.DataFrame = field(repr=False)

    def __post_init__(self) -> None:
        """Check the columns and the methods."""
        if tuple(self._frame.columns) != COLUMNS:
            raise InvariantError(f"An estimate of quality must have the columns {', '.join(COLUMNS)}.")
        if not self._frame["method"].isin(METHODS).all():
            raise InvariantError("An estimate of quality names a method that does not exist.")

    def to_frame(self) -> pd.DataFrame:
        """Return one row a link, method and measure.

        Columns: link, method ("duplicates", "decoys", "model", "unlinkable"), measure ("precision", "recall",
        "false_link_rate", "unlinkable_anchor", "unlinkable_file"), estimate, conf_low, conf_high (95%; missing where
        nothing is sampled), n (people, links or decoys it rests on), meaning (in words).
        """
        return self._frame.copy()

    def summary(self) -> Summary:
        """Return one row a link: precision by each method, recall by the model, unlinkable shares."""
        words = {
            ("duplicates", "precision"): "Right, by duplicates",
            ("decoys", "precision"): "Right, by decoys",
            ("model", "precision"): "Right, by the model",
            ("model", "recall"): "Found, by the model",
            ("unlinkable", "unlinkable_anchor"): "Unlinkable, anchor",
            ("unlinkable", "unlinkable_file"): "Unlinkable, file",
        }
        rows = []
        for link, part in self._frame.groupby("link", sort=False):
            rows.append({"Link": link} | {word: _shown(part, *key) for key, word in words.items()})
        notes = (
            "All of these are rough: each leans on an assumption that cannot be checked in the data. Where they agree, "
            "trust them more.",
            "By duplicates: from people with two candidates above the threshold (Blakely and Salmond 2002).",
            "By decoys: from invented people who were linked as if they were real (Robach, Hof and van de Wiel 2025).",
            "By the model: from its own probabilities, one partner a person, and for pairs that were never compared "
            "from how often its own figures say that happens; errors of the model itself are not seen.",
            "Unlinkable: people with too few identifiers to reach the threshold even against their own twin.",
            EXACT,
        )
        table = pd.DataFrame(rows, columns=["Link", *words.values()])
        return Summary(title="Quality of the linkage, estimated", headline=self._headline(), table=table, notes=notes)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the estimates of precision and recall with their intervals and return the Axes drawn on."""
        from dipeval.plots.linkage import draw_estimated_quality

        return draw_estimated_quality(self.to_frame(), ax=ax)

    def _headline(self) -> str:
        known = self._frame[self._frame["measure"] == "precision"]["estimate"].dropna()
        if known.empty:
            return "No link was made, so there is no quality to estimate."
        low, high = format_percent(known.min()), format_percent(known.max())
        return f"By the estimates at hand between {low} and {high} of the links made are right; all are rough."


def _shown(part: pd.DataFrame, method: str, measure: str) -> str:
    rows = part.loc[(part["method"] == method) & (part["measure"] == measure), ["estimate", "conf_low", "conf_high"]]
    if rows.empty:
        return NOT_AVAILABLE
    estimate, low, high = rows.to_numpy(dtype="float64")[0].tolist()
    if math.isnan(low):
        return format_percent(estimate)
    return f"{format_percent(estimate)} ({format_percent(low)} to {format_percent(high)})"


def estimate_quality(linkage: Linkage) -> EstimatedQuality:
    """Estimate precision, recall and the unlinkable share of each link without knowing the truth.

    Parameters
    ----------
    linkage
        From `link` with a profile that models probabilities.

    Returns
    -------
    EstimatedQuality

    Raises
    ------
    InputError
        If the files were linked without a model.

    Examples
    --------
    >>> from dipeval.linkage import link
    >>> from dipeval.linkage.example import two_small_files
    >>> sorted(set(estimate_quality(link(two_small_files())).to_frame()["method"]))
    ['decoys', 'duplicates', 'model', 'unlinkable']
    """
    groups = [group for group in link_groups(linkage) if group.model is not None]
    if not groups:
        raise InputError(
            "No file was linked with a model, so quality cannot be estimated without the truth. Link with the profile "
            "attributor or full and at least one file that holds people, or pass known links."
        )
    rows: list[Row] = []
    for group in groups:
        rows += _by_duplicates(group, linkage.rule.threshold)
        left, right = identifiers_of(linkage, group.left_tables), identifiers_of(linkage, group.tables)
        linked_people = group.pairs.loc[group.pairs["linked"], "right_person"]
        linked = pd.Series(right.index.isin(linked_people), index=right.index)
        assert group.model is not None
        decoys = link_decoys(linkage.engine, left, right, linked, group.model, linkage.rule)
        rows += _by_decoys(group, decoys)
        rows += _by_model(group, missed_share(linkage, group.tables[0]))
        rows += _unlinkable(linkage.engine, group, left, right, linkage.rule)
    return EstimatedQuality(_frame=pd.DataFrame(rows, columns=list(COLUMNS)))


def false_links_per_person(none: float, one: float) -> float:
    """Return the mean number of false candidates a person, from the shares of people with none and with one.

    Let a share t of the people of the file have their true pair among the candidates above the cut, and let false
    candidates fall on each person as a Poisson number of mean f, whether or not the true pair is there (the
    principle of Blakely and Salmond). Then the share with no candidate is (1 - t) exp(-f), and that with one is
    t exp(-f) + (1 - t) f exp(-f). Putting the first into the second leaves

        exp(-f) + none * f = none + one

    whose smallest root is f; with nobody at two or more it is 0.

    Examples
    --------
    >>> t, f = 0.6, 0.05
    >>> none, one = (1 - t) * math.exp(-f), math.exp(-f) * (t + (1 - t) * f)
    >>> round(false_links_per_person(none, one), 9)
    0.05
    """
    if none + one >= 1:
        return 0.0
    # The left side falls until exp(-f) = none; beyond that everybody would have more false candidates than people.
    top = -math.log(none) if none > 0 else 50.0
    if math.exp(-top) + none * top > none + one - 1e-12:
        return top
    return float(optimize.brentq(lambda f: math.exp(-f) + none * f - none - one, 0.0, top))


def _by_duplicates(group: LinkGroup, threshold: float) -> list[Row]:
    """Precision of the one-to-one links by the duplicate method.

    A person without a true candidate but with a false one is linked falsely if the person of the anchor is still
    free; a share of the anchor is taken by better links. Where somebody has a true and a false candidate, the one
    with the higher probability wins: the true one nearly always, so these are not counted as false.
    """
    above = group.pairs[group.pairs["match_probability"] >= threshold]
    counts = above.groupby("right_person").size()
    n_people, n_links = group.n_right, int(group.pairs["linked"].sum())
    one, more = int((counts == 1).sum()), int((counts > 1).sum())
    limits = wilson(more, n_people)

    def precision(share_more: float) -> float:
        none = share(n_people - one - more, n_people)
        false = false_links_per_person(none, max(1 - none - share_more, 0.0))
        without_true = min(none * math.exp(false), 1.0)
        free = 1 - share(n_links, group.n_left)
        return max(1 - without_true * (1 - math.exp(-false)) * free * n_people / n_links, 0.0)

    values = tuple(precision(part) if n_links else _NAN for part in (share(more, n_people), limits[1], limits[0]))
    meaning = (
        f"Share of links that are right, from the {more:,} people of the file with two or more candidates above the "
        "threshold: false candidates fall on people whether or not they have a true one. Rough."
    )
    return [(group.label, "duplicates", "precision", *values, n_people, meaning)]


def _by_decoys(group: LinkGroup, decoys: DecoyLinks) -> list[Row]:
    """False-link rate of people without a partner, and from it precision.

    Of the people who have no true link, a share f is linked falsely and 1 - f stays unlinked. With U unlinked people
    there are therefore U f / (1 - f) false links.
    """
    rate = share(decoys.n_linked, decoys.n_decoys)
    # Decoys that share a donor are linked, or not, together: they are worth no more than there were donors.
    worth = min(decoys.n_decoys, decoys.n_donors)
    limits = wilson(rate * worth, worth) if worth else (_NAN, _NAN)
    n_links = int(group.pairs["linked"].sum())
    unlinked = group.n_right - n_links

    def precision(f: float) -> float:
        if not n_links or math.isnan(f):
            return _NAN
        return max(1 - unlinked * f / (1 - f) / n_links, 0.0) if f < 1 else 0.0

    lent = (
        "all people of the file (too few are unlinked), so the rate is on the high side"
        if decoys.from_everyone
        else ("the unlinked people of the file")
    )
    meaning_rate = (
        f"Chance that somebody without a partner is linked all the same: invented people, made of the identifiers of "
        f"{lent}, linked in competition with the real ones; interval as of {worth:,}. Rough."
    )
    meaning = (
        "Share of links that are right, if people without a true link are linked falsely as often as the decoys. Rough."
    )
    values = (precision(rate), precision(limits[1]), precision(limits[0]))
    return [
        (group.label, "decoys", "false_link_rate", rate, *limits, decoys.n_decoys, meaning_rate),
        (group.label, "decoys", "precision", *values, decoys.n_decoys, meaning),
    ]


def _by_model(group: LinkGroup, lost: float) -> list[Row]:
    """Expected precision and recall; the interval is that of drawing links by these probabilities, the model true.

    ``lost``: share of the true pairs that are not among the candidates.
    """
    pairs = group.pairs
    q, linked = pairs["link_probability"].to_numpy(), pairs["linked"].to_numpy(dtype=bool)
    n_links = int(linked.sum())
    right, missed = float(q[linked].sum()), float(q[~linked].sum())
    spread_right, spread_missed = (float((q[part] * (1 - q[part])).sum()) for part in (linked, ~linked))
    precision, recall = share(right, n_links), (1 - lost) * share(right, right + missed)
    precision_error = share(math.sqrt(spread_right), n_links)
    recall_error = _NAN
    if right + missed:
        recall_error = math.sqrt(missed**2 * spread_right + right**2 * spread_missed) / (right + missed) ** 2
        recall_error *= 1 - lost
    words = "by the model's own probabilities, each person one partner at most"
    return [
        (
            *(group.label, "model", "precision", precision, *_limits(precision, precision_error), n_links),
            f"Share of links that are right, {words}; rough, and blind to errors of the model itself.",
        ),
        (
            *(group.label, "model", "recall", recall, *_limits(recall, recall_error), len(pairs)),
            f"Share of true links that were found, {words}, {format_percent(lost)} of the true pairs never having been "
            "compared; rough, and too high where several identifiers of one person are wrong together.",
        ),
    ]


def _limits(estimate: float, error: float) -> tuple[float, float]:
    return (_NAN, _NAN) if math.isnan(estimate) else normal_limits(estimate, error)


def _unlinkable(engine: Engine, group: LinkGroup, left: pd.DataFrame, right: pd.DataFrame, rule: LinkRule) -> list[Row]:
    assert group.model is not None
    weights = self_match_weights(engine, left, right, group.model, rule)
    needed = math.log2(rule.threshold / (1 - rule.threshold)) if rule.threshold < 1 else math.inf
    rows: list[Row] = []
    for side, name, weight in (("anchor", group.anchor, weights[0]), ("file", ", ".join(group.tables), weights[1])):
        short = int((weight < needed).sum())
        meaning = (
            f"Share of the people of {name} with too few identifiers to reach the threshold even against a record "
            "with the very same ones. Counted, not sampled."
        )
        rows.append((group.label, "unlinkable", f"unlinkable_{side}", share(short, len(weight)), _NAN, _NAN,
                     len(weight), meaning))  # fmt: skip
    return rows
