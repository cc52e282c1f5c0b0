"""The Fine-Gray model: what goes with the share to whom a thing happens, where something else may happen first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import pandas as pd

from dipeval.errors import EstimationError, InvariantError
from dipeval.presenting import Summary
from dipeval.survival.claims import claim_of_first, cluster_words, ratio_table
from dipeval.survival.columns import CENSORED, column
from dipeval.survival.hazards.around import AroundCox
from dipeval.survival.hazards.competing import Competing, cause_number, cause_words, read_competing, spare_name
from dipeval.survival.hazards.expansion import Expanded, expand
from dipeval.survival.hazards.model import CoxModel, cox
from dipeval.survival.hazards.wording import few_clusters
from dipeval.survival.options import names_of, one_or_several

RATIO = "Subdistribution hazard ratio"


def fine_gray(
    data: pd.DataFrame,
    *,
    covariates: Sequence[str],
    time: str,
    cause: str,
    of: int | str = 1,
    entry: str | None = None,
    weights: str | None = None,
    cluster: str | Sequence[str] | None = None,
    strata: str | Sequence[str] | None = None,
    id: str | None = None,
    censored: Sequence[str] = CENSORED,
    ties: str = "efron",
    small_sample: bool = False,
    level: float = 0.95,
) -> FineGrayModel:
    """Fit a model of the subdistribution hazard of one cause.

    Parameters
    ----------
    data
        One row a person.
    covariates
        Numeric or yes/no columns, known at the start.
    time
        Column with the time of whatever happened first or of leaving observation, from 0.
    cause
        Column with what happened: 0 (left observation) or a whole number from 1; or words, those in `censored` meaning
        that observation ended.
    of
        The cause modelled, by its number or word.
    entry
        Column with the start of being at risk, where people come late; at risk over (entry, time].
    weights
        Column with case weights above 0, such as those of a design.
    cluster
        Column that names what belongs together, such as the matched pair, or a list of two columns (pair and person).
        Without it errors are robust by person.
    strata
        Column or columns with strata, each with a baseline and a distribution of leaving observation of its own.
    id
        Column that names the person; checked to be one row each.
    censored
        Words that mean no more than that observation ended.
    ties
        "efron" (default) or "breslow".
    small_sample
        Errors corrected for what each person (or cluster) draws the estimate to itself, and limits of Student's t:
        without it intervals are too narrow where few people with the event are on one side. The default is R's error.
    level
        Coverage of the intervals.

    Returns
    -------
    FineGrayModel
        `to_frame()` has term, estimate (log subdistribution hazard ratio), std_error, conf_low, conf_high, p_value,
        hazard_ratio, hr_low, hr_high, n (people), n_events (of the cause).

    Raises
    ------
    EstimationError
        If the cause is never seen, a person has several rows, the likelihood has no maximum, or a column cannot be
        analysed.

    Notes
    -----
    Fine and Gray (1999), *JASA* 94, 496-509, fitted on weighted rows: Geskus (2011), *Biometrics* 67, 39-49. People are
    taken to leave observation alike whatever their covariates, within strata; where that is not so, name what it
    depends on in `strata`. With case weights the distribution of leaving observation is weighted too, so that a whole
    weight is as many people. The robust errors take the weights of observation as given.

    Examples
    --------
    >>> from dipeval import datasets, fine_gray
    >>> people = datasets.rossi()
    >>> people["first"] = people["arrested"].where(people["prio"] < 5, 2 * people["arrested"])
    >>> model = fine_gray(people, covariates=["fin", "age"], time="weeks_to_arrest", cause="first")
    >>> model.to_frame()[["term", "estimate", "std_error", "hazard_ratio"]].round(4)
      term  estimate  std_error  hazard_ratio
    0  fin   -0.2544     0.2243        0.7754
    1  age   -0.0384     0.0237        0.9623
    """
    names = names_of("covariates", covariates)
    found = read_competing(
        data, time=time, cause=cause, censored=censored, entry=entry, weights=weights, strata=strata, covariates=names
    )
    _check_one_row_each(data, id)
    number = cause_number(found.names, of, cause)
    expanded = expand(found.rows, found.cause, number)
    model = _cox_of_expanded(data, found, expanded, names, cluster, strata, ties, small_sample, level)
    return FineGrayModel(
        model=model,
        cause=found.names[number - 1],
        n=len(found.rows),
        n_events=int((found.cause == number).sum()),
        n_other=int(((found.cause > 0) & (found.cause != number)).sum()),
        weighted=weights is not None,
        late_entry=entry is not None,
        _errors=cluster_words(model.robust, cluster, small_sample=small_sample),
    )


def _cox_of_expanded(
    data: pd.DataFrame,
    found: Competing,
    expanded: Expanded,
    covariates: Sequence[str],
    cluster: str | Sequence[str] | None,
    strata: str | Sequence[str] | None,
    ties: str,
    small_sample: bool,
    level: float,
) -> CoxModel:
    """Fit Cox's model to the weighted rows, each with its person's covariates, clusters and strata."""
    words = ("start", "stop", "happened", "weight", "person")
    start, stop, happened, weight, person = (spare_name(data, word) for word in words)
    kept = [*covariates, *one_or_several("cluster", cluster), *one_or_several("strata", strata)]
    kept = [name for name in dict.fromkeys(kept) if name in data.columns]
    frame = data[kept].iloc[found.rows.position[expanded.source]].reset_index(drop=True)
    frame[start], frame[stop], frame[happened] = expanded.start, expanded.stop, expanded.event.astype(float)
    frame[weight], frame[person] = expanded.weight, expanded.source
    return cox(
        frame,
        covariates=covariates,
        time=stop,
        event=happened,
        entry=start,
        weights=weight,
        cluster=person if cluster is None else cluster,
        strata=strata,
        ties=ties,
        small_sample=small_sample,
        level=level,
    )


def _check_one_row_each(data: pd.DataFrame, id: str | None) -> None:
    if id is None:
        return
    repeated = int((column(data, id).value_counts() > 1).sum())
    if repeated:
        raise EstimationError(
            f"{repeated} people in '{id}' have several rows: a Fine-Gray model needs one row a person, with what was "
            "known at the start and what happened first."
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FineGrayModel(AroundCox):
    """A fitted Fine-Gray model.

    Parameters
    ----------
    model
        The Cox model of the weighted rows; its rows and residuals are those of the rows, not of people.
    cause
        What is modelled.
    n, n_events, n_other
        People, those to whom the cause happened, and those to whom something else did (never weighted).
    weighted, late_entry
        What the model took into account.
    """

    ratio_name: ClassVar[str] = RATIO

    model: CoxModel
    cause: str
    n: int
    n_events: int
    n_other: int
    weighted: bool
    late_entry: bool
    _errors: str = field(repr=False)

    def __post_init__(self) -> None:
        if self.n_events != self.model.n_events:
            raise InvariantError("A Fine-Gray model has lost or doubled events of its cause.")
        if self.n_events + self.n_other > self.n:
            raise InvariantError("A Fine-Gray model counts more events than people.")

    @property
    def method(self) -> str:
        """Model, ties, strata, weights and errors in words."""
        words = [f"Fine-Gray model of the subdistribution hazard, {self.model.ties.capitalize()} ties"]
        words += ["weighted"] if self.weighted else []
        words += ["stratified"] if self.model.stratified else []
        words += ["late entry"] if self.late_entry else []
        return ", ".join([*words, self._errors])

    def predict_incidence(
        self, people: pd.DataFrame, times: Sequence[float] | float, strata: object = None
    ) -> pd.DataFrame:
        """Return the share of people like these to whom the cause is predicted to have happened by given times.

        Parameters
        ----------
        people
            One row a person, with the model's covariates as columns.
        times
            Times from 0 to the end of the observed follow-up.
        strata
            One stratum for all: its value, or a tuple of values; by default each person's, from their own columns.

        Returns
        -------
        pandas.DataFrame
            person (index of `people`), time_days, estimate, std_error, conf_low, conf_high (log-log).
        """
        free = self.model.predict_survival(people, times, strata)
        shares = {"estimate": "estimate", "conf_low": "conf_high", "conf_high": "conf_low"}
        return free.assign(**{share: 1.0 - free[left] for share, left in shares.items()})

    def summary(self) -> Summary:
        """Return the subdistribution hazard ratios, the first term in the headline."""
        frame = self.to_frame()
        what = f"The subdistribution hazard of {cause_words(self.cause)}"
        notes = (
            f"{self.method}; {self.n:,} people, {self.n_events:,} to whom it happened, {self.n_other:,} to whom "
            "something else happened first; nobody was dropped.",
            f"{RATIO}: about the share to whom it happens, not the rate among those at risk.",
            *few_clusters(self.model._fit),
        )
        return Summary(
            title="What goes with the share to whom it happens",
            headline=claim_of_first(frame, what, RATIO, self.level),
            table=ratio_table(frame, RATIO, self.level),
            notes=notes,
        )
