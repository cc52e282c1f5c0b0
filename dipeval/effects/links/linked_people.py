"""People, candidates and the analysis brought together: what a set of links says of each person, and the estimate."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dipeval.errors import DipevalError, EstimationError, InputError
from dipeval.vocabulary import TREATED

Analysis = Callable[[pd.DataFrame], Any]
Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
ROLES = ("treatment", "outcome")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One run of the analysis, on the scale on which estimates are averaged (ratios as logarithms).

    ``df``: degrees of freedom without missing information. Those of a comparison of two groups lie between the smaller
    group less one (as many pairs, or a much larger other group; Welch 1947) and everybody less two; the least is taken.
    The rest is what the analysis says of itself, None where it says nothing.
    """

    estimate: float
    std_error: float
    df: int
    measure: str | None = None
    estimand: str | None = None
    se_method: str | None = None
    about: str = "ATT"
    n_left_out: int | None = None

    @property
    def ratio(self) -> bool:
        """Whether the measure is a ratio."""
        return is_ratio(self.measure)


def is_ratio(measure: Any) -> bool:
    """Return whether estimates of a measure are averaged as logarithms."""
    return isinstance(measure, str) and measure.endswith("_ratio")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LinkedPeople:
    """The people of an analysis and the candidate links that decide one column of it.

    Parameters
    ----------
    role
        ``treatment``: the links decide who was treated. ``outcome``: they decide the outcome.
    frame
        One row a person: covariates and what the links do not decide.
    column
        The column that the links decide.
    others
        The outcome columns (role treatment) or the treatment (role outcome).
    covariates
        Columns the analysis adjusts for.
    pairs
        Candidates of one file.
    place
        Row of each candidate's person in ``frame``; -1 for people outside the analysis.
    value
        What ``column`` is for the person if the candidate is the link, 0 or above; 0 without a link.
    """

    role: str
    frame: pd.DataFrame
    column: str
    others: tuple[str, ...]
    covariates: tuple[str, ...]
    pairs: pd.DataFrame
    place: NDArray[np.int64]
    value: Floats

    @property
    def says(self) -> Bools:
        """Whether the column is above 0 if the candidate is the link."""
        return self.value > 0

    def values(self, links: Bools) -> Floats:
        """Return the column for a set of links."""
        rows = links & (self.place >= 0)
        found = np.zeros(len(self.frame))
        np.maximum.at(found, self.place[rows], self.value[rows])
        return found

    def with_values(self, values: Floats) -> pd.DataFrame:
        """Return the analysis frame with the column filled."""
        whole = self.role == "treatment" or bool((values == np.floor(values)).all())
        return self.frame.assign(**{self.column: values.astype("int64") if whole else values})


def run(analysis: Analysis, people: pd.DataFrame) -> Answer:
    """Run the analysis and take its estimate and standard error, whatever kind of result it returns."""
    result = analysis(people)
    estimate, error = (
        result if isinstance(result, tuple) else (_number(result, "estimate"), _number(result, "std_error"))
    )
    measure = getattr(result, "measure", None)
    if is_ratio(measure):
        estimate = math.log(estimate) if estimate > 0 else -math.inf
    if not (np.isfinite(estimate) and np.isfinite(error) and error > 0):
        raise EstimationError("The analysis gave an estimate or a standard error that is no finite number above 0.")
    return Answer(
        estimate=float(estimate),
        std_error=float(error),
        df=max(_smaller_group(result, people) - 1, 1),
        measure=measure,
        estimand=getattr(result, "estimand", None),
        se_method=getattr(result, "se_method", None),
        about=getattr(result, "about", "ATT"),
        n_left_out=getattr(result, "n_left_out", None),
    )


def _smaller_group(result: Any, people: pd.DataFrame) -> int:
    used = getattr(result, "n_treated", None), getattr(result, "n_comparison", None)
    if None not in used:
        return min(int(n) for n in used if n is not None)
    treated = int((people[TREATED].to_numpy() > 0).sum())
    return min(treated, len(people) - treated)


def _number(result: Any, name: str) -> float:
    value = getattr(result, name, None)
    if value is None:
        raise InputError(
            "The analysis must return an Effect of dip.estimate_effect, something with estimate and std_error, or the "
            f"two as a tuple; it returned a {type(result).__name__}."
        )
    return float(value)


def check_covariates(analysis: Analysis, linked: LinkedPeople, values: Floats, everything: pd.DataFrame) -> Answer:
    """Run the analysis on the named columns only; refuse if it needs one that the draws would leave out."""
    declared = set(getattr(analysis, "needs", getattr(analysis, "covariates", ())))
    missing = sorted(declared - set(linked.covariates))
    if missing:
        raise InputError(_left_out(", ".join(missing)))
    people = linked.with_values(values)
    try:
        return run(analysis, people)
    except (KeyError, AttributeError, DipevalError) as error:
        unnamed = [str(name) for name in everything.columns if name not in people.columns]
        if not unnamed or not _runs(analysis, people.join(everything[unnamed])):
            raise
        named = error.args[0] if isinstance(error, KeyError) and error.args[0] in unnamed else None
        raise InputError(_left_out(named or f"some of {', '.join(unnamed)}")) from None


def _runs(analysis: Analysis, people: pd.DataFrame) -> bool:
    try:
        run(analysis, people)
    except Exception:
        return False
    return True


def _left_out(names: str) -> str:
    return (
        f"The analysis uses {names}, which the draws of links would leave out: an effect adjusted for a covariate is "
        "diluted if the links are drawn without it. Name every covariate of the analysis under covariates."
    )


def link_people(
    pairs: pd.DataFrame,
    *,
    role: str,
    people: pd.DataFrame,
    treated_from: Any,
    outcome: Any,
    covariates: Sequence[str],
) -> LinkedPeople:
    """Put the people and the candidates of one file together.

    Raises
    ------
    InputError
        If columns are missing, or what a candidate says is not known for every candidate of these people.
    """
    _need(people, covariates, "covariates")
    if role == "treatment":
        fixed, others = _columns(people, outcome, "outcome")
        column, rule = TREATED, treated_from
    else:
        fixed, others = _columns(people, treated_from if treated_from is not None else TREATED, TREATED)
        fixed, others = fixed.set_axis([TREATED], axis=1), (TREATED,)
        if not fixed[TREATED].isin((0, 1)).all():
            raise InputError("The treatment must be 0 or 1 (or False or True) for everybody.")
        column, rule = _outcome_column(outcome), outcome
    place = people.index.get_indexer(pd.Index(pairs["left_person"]))
    if (place < 0).all():
        raise InputError(
            "None of the people is among the candidate links. The index of people must be the person ids of this "
            "linkage (such as P000123, as in cohort.people)."
        )
    value = _what_pairs_say(pairs, rule, place)
    if role == "treatment" and not np.isin(value, (0.0, 1.0)).all():
        raise InputError("treated_from must say true or false of each candidate link.")
    return LinkedPeople(
        role=role,
        frame=people[list(covariates)].join(fixed),
        column=column,
        others=others,
        covariates=tuple(covariates),
        pairs=pairs,
        place=place.astype("int64"),
        value=value,
    )


def _need(people: pd.DataFrame, names: Sequence[str], what: str) -> None:
    missing = [name for name in names if name not in people.columns]
    if missing:
        there = ", ".join(map(str, people.columns))
        raise InputError(f"{what}: the people have no column {', '.join(missing)}; they have {there}.")


def _columns(people: pd.DataFrame, given: Any, role: str) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """The columns named, or the Series or frame passed, on the index of the people; complete."""
    if given is None:
        raise InputError(f"Pass {role}: a Series on the index of the people, a frame, or names of columns of people.")
    if isinstance(given, str | list | tuple):
        names = [given] if isinstance(given, str) else list(given)
        _need(people, names, role)
        found = people[names]
    else:
        found = given.to_frame(str(given.name or role)) if isinstance(given, pd.Series) else given
        if not isinstance(found, pd.DataFrame):
            raise InputError(f"{role} must be a Series, a frame or names of columns; it is a {type(given).__name__}.")
        found = found.reindex(people.index)
    missing = int(found.isna().any(axis=1).sum())
    if missing:
        raise InputError(f"{role} is missing for {missing:,} of the {len(people):,} people; complete it first.")
    return found, tuple(map(str, found.columns))


def _outcome_column(outcome: Any) -> str:
    if isinstance(outcome, pd.DataFrame):
        rest = [str(name) for name in outcome.columns if name not in ("left_person", "right_person")]
        if len(rest) == 1:
            return rest[0]
    return "reoffended"


def _what_pairs_say(pairs: pd.DataFrame, rule: Any, place: NDArray[np.intp]) -> Floats:
    """The value of every candidate: 1 for all, what a function says, or what a table says."""
    if rule is None:
        return np.ones(len(pairs))
    if callable(rule):
        said = rule(pairs.copy())
        if not hasattr(said, "__len__") or len(said) != len(pairs):
            raise InputError("The function must return one value for each candidate link it is given, in their order.")
        values = pd.Series(np.asarray(said), index=pairs.index)
    elif isinstance(rule, pd.DataFrame) and {"left_person", "right_person"} <= set(rule.columns):
        keys = ["left_person", "right_person"]
        rest = [name for name in rule.columns if name not in keys]
        if len(rest) != 1 or rule.duplicated(keys).any():
            raise InputError("The table of candidates needs left_person, right_person, one more column, and each once.")
        values = pairs[keys].merge(rule, on=keys, how="left").set_index(pairs.index)[rest[0]]
    else:
        raise InputError(
            "What a candidate link says must be a table with left_person, right_person and one value, a function of "
            f"the candidates, or None (any link says yes); it is a {type(rule).__name__}."
        )
    numbers = pd.to_numeric(values, errors="coerce").astype("float64").to_numpy()
    unknown = int(np.isnan(numbers[place >= 0]).sum())
    if unknown:
        raise InputError(f"Nothing is said of {unknown:,} candidate links of people in the analysis; say it of each.")
    if (numbers < 0).any():
        raise InputError("What a candidate link says must be 0 or above: somebody without a link counts as 0.")
    return np.nan_to_num(numbers)
