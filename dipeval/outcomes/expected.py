"""How many reoffended against how many a risk score expected."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from dipeval.errors import InputError, InvariantError
from dipeval.presenting import HtmlMixin, Summary, format_count, format_number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from dipeval.outcomes.result import Outcomes

RISK_SCORE: Final = "risk_score"
LEVEL: Final = 0.95
EVERYBODY: Final = "all"
COLUMNS: Final = ("group", "n", "observed", "expected", "ratio", "conf_low", "conf_high")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ObservedExpected(HtmlMixin):
    """How many reoffended against how many a risk score expected. Made by `Outcomes.observed_expected`.

    Parameters
    ----------
    definition
        What counted as reoffending, in words.
    notes
        What to bear in mind.

    Notes
    -----
    Intervals: exact Poisson limits of the observed number (Garwood 1936, *Biometrika* 28, 437-442) divided by the
    expected number, which is taken as known. A person can reoffend only once in a yes/no, so the limits are wider
    than need be where reoffending is common.

    Examples
    --------
    >>> import dipeval as dip
    >>> from dipeval.linkage import true_linkage
    >>> extracts = dip.simulate(people=300, seed=1)
    >>> cohort = dip.build_cohort(extracts, true_linkage(extracts))
    >>> score = (cohort.people["copas_rate"] * 0 + 0.5).rename("half")
    >>> outcomes = dip.measure_reoffending(cohort)
    >>> outcomes.observed_expected(score).to_frame()["group"].tolist()
    ['all']
    """

    definition: str
    notes: tuple[str, ...] = ()
    _frame: pd.DataFrame = field(repr=False)

    def __post_init__(self) -> None:
        frame = self._frame
        kept = (
            list(frame.columns) == list(COLUMNS)
            and bool((frame["observed"] <= frame["n"]).all())
            and bool((frame["expected"] <= frame["n"]).all())
            and bool((frame["conf_low"] <= frame["ratio"]).all())
            and bool((frame["ratio"] <= frame["conf_high"]).all())
        )
        if not kept:
            raise InvariantError("Observed and expected numbers do not fit together. Please report this.")

    def to_frame(self) -> pd.DataFrame:
        """Return one row a group.

        Columns: group ("all" for everybody), n, observed (reoffended), expected (sum of the risk scores), ratio,
        conf_low, conf_high (95%).
        """
        return self._frame.copy()

    def summary(self) -> Summary:
        """Return the ratios; counts are exact and must pass the disclosure gate before release."""
        frame = self._frame
        table = pd.DataFrame(
            {
                "Group": frame["group"].map(lambda name: "All" if name == EVERYBODY else str(name)),
                "Followed": frame["n"].map(format_count),
                "Reoffended": frame["observed"].map(format_count),
                "Expected": frame["expected"].map(lambda value: format_number(value, 1)),
                "Observed / expected": frame["ratio"].map(format_number),
                "95% from": frame["conf_low"].map(format_number),
                "95% to": frame["conf_high"].map(format_number),
            }
        )
        observed, expected = int(frame["observed"].sum()), float(frame["expected"].sum())
        return Summary(
            title="Observed and expected reoffending",
            headline=(
                f"{format_count(observed)} of {format_count(frame['n'].sum())} reoffended, against "
                f"{format_number(expected, 1)} expected by the risk score: a ratio of "
                f"{format_number(observed / expected)}."
            ),
            table=table,
            notes=(
                self.definition,
                "A ratio below 1 is fewer than the score expected; whether that is the programme's doing, it cannot "
                "say.",
                "The interval is the exact Poisson interval of the observed number, with the expected number taken as "
                "known; where reoffending is common it is wider than need be.",
                *self.notes,
            ),
        )

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the ratios with their intervals and return the Axes drawn on (exact figures: not for release)."""
        from dipeval.plots.outcomes import observed_expected_plot

        return observed_expected_plot(self.to_frame(), ax=ax)


def observed_expected(outcomes: Outcomes, risk_score: Any = None, *, by: Any = None) -> ObservedExpected:
    """Return observed and expected numbers of people who reoffended, in all or by group.

    See `Outcomes.observed_expected`.
    """
    frame = outcomes._frame
    score = _probabilities(_column(outcomes, RISK_SCORE if risk_score is None else risk_score, "risk_score"), frame)
    groups = pd.Series(EVERYBODY, index=frame.index) if by is None else _groups(_column(outcomes, by, "by"))
    table = pd.DataFrame(
        {"group": groups.to_numpy(), "observed": frame["reoffended"].to_numpy(), "expected": score.to_numpy()}
    )
    totals = table.groupby("group", sort=True, observed=True).agg(
        n=("observed", "size"), observed=("observed", "sum"), expected=("expected", "sum")
    )
    _refuse_nothing_expected(totals)
    low, high = poisson_limits(totals["observed"].to_numpy())
    expected = totals["expected"].to_numpy()
    totals = totals.reset_index().assign(
        ratio=totals["observed"].to_numpy() / expected, conf_low=low / expected, conf_high=high / expected
    )
    return ObservedExpected(
        definition=outcomes.follow_up.in_words(), notes=_notes(outcomes), _frame=totals[list(COLUMNS)]
    )


def poisson_limits(counts: np.ndarray, level: float = LEVEL) -> tuple[np.ndarray, np.ndarray]:
    """Return exact limits of Poisson means (Garwood 1936), by chi-square quantiles; the lower limit of 0 is 0.

    Examples
    --------
    >>> low, high = poisson_limits(np.array([0, 10]))
    >>> low.round(4).tolist(), high.round(4).tolist()
    ([0.0, 4.7954], [3.6889, 18.3904])
    """
    from scipy.stats import chi2

    tail = (1 - level) / 2
    low = np.where(counts > 0, chi2.ppf(tail, 2 * np.maximum(counts, 1)) / 2, 0.0)
    return low, chi2.ppf(1 - tail, 2 * (counts + 1)) / 2


def _column(outcomes: Outcomes, given: Any, option: str) -> pd.Series:
    """A column of the cohort's people by name, or a Series of the caller's, on the index of the outcomes."""
    index = outcomes._frame.index
    if isinstance(given, pd.Series):
        absent = int((~index.isin(given.index)).sum())
        if absent or not given.index.is_unique:
            raise InputError(
                f"{option} must be a Series with one value for each of the {len(index)} followed, on their index; "
                f"{absent} have none."
            )
        return given.reindex(index)
    cohort = outcomes._cohort
    known = () if cohort is None else tuple(cohort.measured_at)
    if not isinstance(given, str) or given not in known:
        raise InputError(
            f"{option} must be a column of the cohort's people or a Series on their index; the cohort has no "
            f"{given!r}. A risk score comes from a column risk_score of the table that holds the index event."
        )
    assert cohort is not None
    return cohort.people[given].reindex(index)


def _probabilities(score: pd.Series, frame: pd.DataFrame) -> pd.Series:
    numbers = pd.to_numeric(score, errors="coerce").astype("float64")
    missing = int(numbers.isna().sum())
    if missing:
        raise InputError(
            f"The risk score is missing, or no number, for {missing} of the {len(frame)} followed; expected numbers "
            "need one for each. Give a Series with all of them, or build the cohort of those who have one."
        )
    outside = int(((numbers < 0) | (numbers > 1)).sum())
    if outside:
        raise InputError(
            f"{outside} risk scores are not between 0 and 1; they must be probabilities of a reoffence (divide "
            "percentages by 100)."
        )
    return numbers


def _groups(values: pd.Series) -> pd.Series:
    return values.astype("object").where(values.notna(), "not stated").map(str)


def _refuse_nothing_expected(totals: pd.DataFrame) -> None:
    empty = int((totals["expected"] <= 0).sum())
    if empty:
        raise InputError(f"In {empty} groups the risk scores add up to 0, so there is no ratio to give.")


def _notes(outcomes: Outcomes) -> tuple[str, ...]:
    frame, notes = outcomes._frame, []
    short = int((frame["censor_reason"] == "extract_end").sum())
    if short:
        notes.append(
            f"{format_count(short)} were followed for less than {outcomes.follow_up.days} days because the extract "
            "ends: for them fewer are observed than the score speaks of."
        )
    if outcomes.unit != "people":
        notes.append("A person can be counted at several index events, so the interval is narrower than it should be.")
    notes.append(
        f"The score must be of the same outcome over the same time ({outcomes.follow_up.days} days); this is not "
        "checked."
    )
    return tuple(notes)
