"""Where the outcome meets the design: one row a person used, checked before anything is computed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Protocol

import numpy as np
import pandas as pd

from dipeval.effects.asked import text_asked
from dipeval.effects.measures import OF_DAYS, OF_RATES, OF_SHARES, OF_TIMES, RATIOS, TIMED_WORDS
from dipeval.effects.robust import Floats, Sample, exact_sum
from dipeval.errors import DesignError, EstimationError, InputError
from dipeval.outcomes.columns import IMMORTAL, UNFIT
from dipeval.vocabulary import OUTCOME_NAMES

# One person with more of a group's weight than this is the group: its spread then says nothing about others.
MOST_WEIGHT: Final = 0.9
# Numbers of this size and their squares can be added without running over.
LARGEST: Final = 1e100
# Name of the index of a cohort's people where a person can be in several times.
INDEX_ID: Final = "index_id"


class ComparisonDesign(Protocol):
    """What `estimate_effect` needs of a design: the attributes of `dipeval.matching.Design`."""

    @property
    def weights(self) -> pd.Series:
        """Weight of each person, 0 for the unused."""
        ...

    @property
    def treated(self) -> pd.Series:
        """Whether each person is treated."""
        ...

    @property
    def clusters(self) -> pd.Series | None:
        """Pair or set of each used person, or None."""
        ...

    @property
    def estimand_in_words(self) -> str:
        """Whom the estimate is about."""
        ...

    @property
    def fingerprint(self) -> str:
        """Identity of the design."""
        ...

    @property
    def method(self) -> str:
        """How the groups were made comparable."""
        ...


def options_of(design: object) -> Mapping[str, Any]:
    """Return what a design was asked for, as far as it says."""
    options = getattr(design, "options", None)
    return options if isinstance(options, Mapping) else {}


def cluster_word(design: ComparisonDesign) -> str:
    """Return what the clusters of a design are: a "pair", or a "set" of one person and several others."""
    return "set" if design.method == "full" or options_of(design).get("ratio", 1) > 1 else "pair"


def check_design(design: object) -> None:
    """Refuse what is no design."""
    needed = ("weights", "treated", "clusters", "estimand_in_words", "fingerprint", "method")
    if not all(hasattr(design, name) for name in needed):
        raise InputError(
            f"design must be what dip.match or dip.weight gives; it is a {type(design).__name__}. Call "
            "estimate_effect(design, outcome)."
        )


def outcome_series(outcome: pd.Series | pd.DataFrame, outcome_name: str | None) -> tuple[pd.Series, str]:
    """Return the outcome as a Series, with the name it is shown under."""
    name = text_asked("outcome_name", outcome_name)
    if isinstance(outcome, pd.DataFrame):
        if name is None:
            raise InputError("The outcome is a frame; say which column with outcome_name='...'.")
        if name not in outcome.columns:
            present = ", ".join(map(str, outcome.columns))
            raise InputError(f"The outcome frame has no column '{name}'; it has: {present}.")
        return one_column(outcome, name), name
    if not isinstance(outcome, pd.Series):
        raise InputError(
            "The outcome must be a pandas Series on the index of the design's people, or a DataFrame, such as "
            f"outcomes.to_frame()['reoffended']; it is a {type(outcome).__name__}."
        )
    return outcome, name or str("outcome" if outcome.name is None else outcome.name)


def one_column(frame: pd.DataFrame, name: str) -> pd.Series:
    """Return a column of a frame of outcomes; refuse if several have its name."""
    found = frame[name]
    if not isinstance(found, pd.Series):
        raise InputError(f"The outcome frame has more than one column '{name}'; rename or drop the others.")
    return found


def refuse_unfit(values: pd.Series, *, timed: bool = False) -> None:
    """Refuse outcomes that know they must not be compared by group (`dipeval.outcomes.columns.unfit`).

    Parameters
    ----------
    values
        The outcome.
    timed
        Whether the measure allows for how long each person was followed: a follow-up cut short then does no harm.
    """
    reason = values.attrs.get(UNFIT)
    if reason is not None and values.name in OUTCOME_NAMES and not (timed and reason != IMMORTAL):
        raise EstimationError(f"The outcome '{values.name}' cannot be compared between the groups: {reason}.")


def time_to_event(
    outcome: object, time: str | None, event: str | None, at_risk: object = None, *, measure: str = "hazard_ratio"
) -> tuple[pd.Series, pd.Series]:
    """Return the columns of a frame of outcomes with the event (0/1) and the time to it, or to the last seen."""
    what = TIMED_WORDS[measure].capitalize()
    if at_risk is not None:
        raise InputError(f"{what} takes the time from time=; leave at_risk= out.")
    if not isinstance(outcome, pd.DataFrame) or time is None or event is None:
        raise InputError(
            f"{what} needs the frame of outcomes and the names of two of its columns: time= (days until the "
            "event or the end of observation) and event= (1 if it happened then, else 0), such as "
            f"estimate_effect(design, outcomes.to_frame(), measure='{measure}', time='time_days', event='event')."
        )
    if not pd.api.types.is_hashable(time) or not pd.api.types.is_hashable(event):
        raise InputError("time= and event= each take the name of one column of the frame of outcomes.")
    missing = [name for name in (time, event) if name not in outcome.columns]
    if missing:
        present = ", ".join(map(str, outcome.columns))
        raise InputError(f"The outcome frame has no column '{missing[0]}'; it has: {present}.")
    return one_column(outcome, event), one_column(outcome, time)


def join(
    design: ComparisonDesign,
    values: pd.Series,
    name: str,
    cluster: pd.Series | None = None,
    at_risk: Floats | None = None,
) -> Sample:
    """Return the people the design uses with their outcome; refuse if one of them has none.

    Parameters
    ----------
    design
        A finished design.
    values
        The outcome, on the index of the design's people; other rows are ignored.
    name
        How the outcome is called in a message.
    cluster
        Whose row each is, where a person can have several.
    at_risk
        Time at risk of the people used, from `times_at_risk`.

    Returns
    -------
    Sample
    """
    if cluster is None and design.weights.index.name == INDEX_ID:
        raise EstimationError(
            "The rows of this design are index events, of which a person can have several: errors that take them for "
            "independent would be too small. Pass cluster=cohort.cluster (and make the groups comparable with "
            "dip.weight, not dip.match)."
        )
    weights = design.weights.astype("float64")
    if weights.isna().any() or (weights < 0).any() or not np.isfinite(weights.to_numpy()).all():
        raise DesignError("The design holds weights that are missing, infinite or below 0; make the design again.")
    used = weights.index[weights.to_numpy() > 0]
    if values.index.has_duplicates:
        raise InputError(
            f"The outcome '{name}' has more than one row for {int(values.index.duplicated().sum())} people; "
            "give one row a person."
        )
    numbers = _numbers(values, f"The outcome '{name}'").reindex(used)
    missing = int(numbers.isna().sum())
    if len(values) and len(used) and not used.isin(values.index).any():
        raise InputError(
            f"The outcome '{name}' has a row for none of the {len(used)} people the design uses: it stands on another "
            "index. Put it on the index of the people that the design was made of."
        )
    if missing:
        raise InputError(
            f"The outcome '{name}' is missing for {missing} of the {len(used)} people the design uses. Leaving them "
            "out now would undo the comparison: complete the outcome, or make the design again on the people who "
            "have it."
        )
    treated = design.treated.reindex(used).astype(bool).to_numpy()
    return Sample(
        outcome=np.asarray(numbers, dtype=np.float64),
        treated=treated,
        weights=np.asarray(weights.loc[used], dtype=np.float64),
        clusters=_cluster_codes(design, used) if cluster is None else _own_codes(design, cluster, used),
        at_risk=at_risk,
    )


def used_people(design: ComparisonDesign) -> pd.Index:
    """Return the labels of the people with a weight, in the order of the design."""
    return design.weights.index[design.weights.to_numpy() > 0]


def times_at_risk(at_risk: object, outcome: object, used: pd.Index) -> Floats | None:
    """Return the time at risk of the people used, from a Series or a column of the frame of outcomes.

    Parameters
    ----------
    at_risk
        The Series, the name of the column, or None.
    outcome
        The frame of outcomes, where a column is named.
    used
        The people, from `used_people`.

    Returns
    -------
    numpy.ndarray or None
    """
    if at_risk is None:
        return None
    if isinstance(at_risk, str):
        if not isinstance(outcome, pd.DataFrame) or at_risk not in outcome.columns:
            raise InputError(
                f"at_risk='{at_risk}' is no column of the outcome; pass the frame of outcomes, or at_risk as a Series "
                "on the index of the design's people, such as outcomes.to_frame()['at_risk_days']."
            )
        at_risk = one_column(outcome, at_risk)
    if not isinstance(at_risk, pd.Series) or at_risk.index.has_duplicates:
        raise InputError("at_risk must be a Series with one value a person, on the index of the design's people.")
    times = np.asarray(_numbers(at_risk, "The time at risk").reindex(used), dtype=np.float64)
    bad = int((~(times > 0)).sum())
    if bad:
        raise InputError(
            f"The time at risk is missing, 0 or below for {bad} of the {len(used)} people the design uses: a rate "
            "needs time during which it could have happened."
        )
    return times


def _numbers(values: pd.Series, what: str) -> pd.Series:
    """Return values as numbers whose squares can be reckoned with; `what` begins the message that refuses others."""
    dates = pd.api.types.is_datetime64_any_dtype(values) or pd.api.types.is_timedelta64_dtype(values)
    try:
        if dates:
            raise TypeError
        numbers = pd.to_numeric(values, errors="raise").astype("Float64").astype("float64")
    except (TypeError, ValueError):
        raise InputError(f"{what} is not numeric; code it as numbers (0 and 1 for yes/no).") from None
    if np.isinf(numbers.to_numpy()).any():
        raise InputError(f"{what} holds infinite values; replace them or leave those people out before.")
    largest = float(numbers.abs().max()) if numbers.notna().any() else 0.0
    if largest and not 1 / LARGEST <= largest <= LARGEST:
        raise InputError(f"{what} holds numbers too large, or all too small, to reckon with; give it in another unit.")
    return numbers


def _cluster_codes(design: ComparisonDesign, used: pd.Index) -> Any:
    clusters = design.clusters
    if clusters is None:
        return None
    word = cluster_word(design)
    codes, labels = pd.factorize(clusters.reindex(used), sort=False)
    if (codes < 0).any():
        raise DesignError(
            f"{int((codes < 0).sum())} people have a weight but belong to no {word}; make the design again."
        )
    if len(labels) < 2:
        raise EstimationError(
            f"The design has a single {word}: a spread cannot be estimated from it. Match more people."
        )
    return codes


def _own_codes(design: ComparisonDesign, cluster: object, used: pd.Index) -> Any:
    """Number the persons behind the rows."""
    if not isinstance(cluster, pd.Series):
        raise InputError(
            "cluster must be a Series on the index of the design's people, such as cohort.cluster; it is a "
            f"{type(cluster).__name__}."
        )
    if design.clusters is not None:
        word = cluster_word(design)
        raise EstimationError(
            f"The design has {word}s, and errors can be clustered by {word} or by person, not by both: make the groups "
            "comparable with dip.weight, where a person can be in more than once."
        )
    if cluster.index.has_duplicates:
        raise InputError("cluster has more than one value for some rows of the design; give one a row.")
    codes, labels = pd.factorize(cluster.reindex(used), sort=False)
    if (codes < 0).any():
        raise InputError(f"cluster is missing for {int((codes < 0).sum())} of the {len(used)} rows the design uses.")
    if len(labels) < 2:
        raise EstimationError("All rows belong to one cluster: a spread cannot be estimated from it.")
    return codes


def refuse_times(measure: str, time: object, event: object) -> None:
    """Refuse the columns of a time to an event where another measure is asked for."""
    if time is not None or event is not None:
        asked_of = " or ".join(f"'{name}'" for name in OF_TIMES)
        raise InputError(f"time= and event= are for measure={asked_of}, and '{measure}' was asked for.")


def refuse_horizon(measure: str, horizon: object) -> None:
    """Refuse a horizon where a measure that has none is asked for."""
    if horizon is not None and measure not in OF_DAYS:
        raise InputError(f"horizon= is for measure='rmst_difference', and '{measure}' was asked for; leave it out.")


def outcomes_of_all(design: ComparisonDesign, values: pd.Series, name: str) -> Floats:
    """Return the outcome of every person of the design, used or not; NaN where it is not known."""
    return np.asarray(_numbers(values, f"The outcome '{name}'").reindex(design.weights.index), dtype=np.float64)


def outcome_kind(sample: Sample) -> str:
    """Return ``yes_no``, ``count`` (whole numbers from 0) or ``number``."""
    values = sample.outcome
    if np.isin(values, (0.0, 1.0)).all():
        return "yes_no"
    return "count" if (values >= 0).all() and (values == np.floor(values)).all() else "number"


def check_fit(sample: Sample, measure: str, kind: str, name: str) -> None:
    """Refuse a measure that the outcome, or the number of people, cannot carry."""
    for words, side in (("treated", True), ("comparison", False)):
        count = int((sample.treated == side).sum())
        if count < 2:
            raise EstimationError(
                f"The design uses {count} {words} {'person' if count == 1 else 'people'}: at least 2 are needed in "
                "each group to estimate a spread. Widen the design or gather more people."
            )
        weights = sample.weights[sample.treated == side]
        if float(weights.max()) > MOST_WEIGHT * exact_sum(weights):
            raise EstimationError(
                f"One {words} person carries more than {MOST_WEIGHT:.0%} of the group's weight: the estimate would "
                "rest on that person and its interval would be far too narrow. The groups hardly overlap: match with "
                "a caliper, or use fewer covariates."
            )
    _check_kind(measure, kind, name)
    if sample.at_risk is not None and measure not in (*OF_RATES, *OF_TIMES):
        raise InputError(
            f"at_risk= is for measure='rate_ratio'; '{measure}' takes everybody alike. Leave it out, or ask for a rate."
        )
    if measure in RATIOS and 0 in (sample.mean(treated=True), sample.mean(treated=False)):
        raise EstimationError(
            f"Nobody has the outcome '{name}' in one of the groups, so a ratio has no finite interval; use "
            "measure='risk_difference'."
        )
    if measure == "odds_ratio" and 1 in (sample.mean(treated=True), sample.mean(treated=False)):
        raise EstimationError(
            f"Everybody has the outcome '{name}' in one of the groups, so an odds ratio has no finite interval; use "
            "measure='risk_difference'."
        )


def _check_kind(measure: str, kind: str, name: str) -> None:
    if measure in (*OF_SHARES, *OF_TIMES) and kind not in ("yes_no", "time"):
        instead = (
            "code the event as yes/no first"
            if measure in OF_TIMES
            else "use measure='mean_difference', or code the outcome as yes/no first"
        )
        raise InputError(
            f"The measure '{measure}' needs an outcome of 0 and 1, and '{name}' holds other values; {instead}."
        )
    if measure in OF_RATES and kind == "number":
        raise InputError(
            f"The measure '{measure}' needs a count (whole numbers from 0), and '{name}' holds other values; use "
            "measure='mean_difference'."
        )
