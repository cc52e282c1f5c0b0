"""The true effect among the people a design analyses, from both simulated histories of each. Simulated data only.

Exact arithmetic on known counterfactuals, no estimation: for each person the outcome in the world with early treatment
minus the outcome in the world without it, by the same rule and from the same time zero as the estimate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from dipeval.errors import InputError, InvariantError
from dipeval.outcomes import FollowUp
from dipeval.outcomes.expressions import reoffences, reoffending
from dipeval.outcomes.measure import require_observable
from dipeval.presenting import HtmlMixin, Summary, format_count, format_number
from dipeval.vocabulary import label

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from dipeval.cohort import Cohort
    from dipeval.engine import Engine

# Measure -> the outcome it is about.
_OUTCOME_OF: Final = {
    "risk_difference": "reoffended",
    "risk_ratio": "reoffended",
    "mean_difference": "n_reoffences",
}
MEASURES: Final = tuple(_OUTCOME_OF)
WORLDS: Final = ("treated", "untreated")
_OFFENCE_COLUMNS: Final = ["true_person", "offence_date", "offence_group", "disposal_date", "disposal"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrueEffect(HtmlMixin):
    """What early treatment really changed among the analysed treated. Made by `true_effect`.

    Parameters
    ----------
    measure
        risk_difference, risk_ratio or mean_difference.
    estimate
        The true value of the measure.
    mean_treated, mean_untreated
        Mean outcome of the same people in the treated and in the untreated world.
    n
        People it is about: analysed as treated and truly treated.
    n_analysed
        People the design analyses as treated.
    n_mislabelled
        Of these, people who truly did not start within the grace period after their first positive test: their
        records were linked wrongly, or the cohort follows them from a later test, of which no truth is known.

    Examples
    --------
    >>> truth = TrueEffect(measure="risk_difference", estimate=-0.05, mean_treated=0.55, mean_untreated=0.60,
    ...                    n=98, n_analysed=100, n_mislabelled=2)
    >>> truth.to_frame()["estimate"].tolist()
    [-0.05]
    """

    measure: str
    estimate: float
    mean_treated: float
    mean_untreated: float
    n: int
    n_analysed: int
    n_mislabelled: int

    def __post_init__(self) -> None:
        if self.n + self.n_mislabelled != self.n_analysed or self.n < 1:
            raise InvariantError("The true effect's people do not add up. Please report this.")

    def to_frame(self) -> pd.DataFrame:
        """Return the true effect as one row.

        Returns
        -------
        pandas.DataFrame
            term (the measure), group (the outcome), estimate, n (people), n_analysed, n_mislabelled, mean_treated,
            mean_untreated.
        """
        names = ("estimate", "n", "n_analysed", "n_mislabelled", "mean_treated", "mean_untreated")
        row = {"term": self.measure, "group": _OUTCOME_OF[self.measure]}
        return pd.DataFrame([row | {name: getattr(self, name) for name in names}])

    def summary(self) -> Summary:
        """Return the true effect in words."""
        table = pd.DataFrame(
            [
                ("With early treatment", format_number(self.mean_treated, 3)),
                ("Without early treatment", format_number(self.mean_untreated, 3)),
                (label(self.measure)[:1].upper() + label(self.measure)[1:], format_number(self.estimate, 3)),
            ],
            columns=["World", "Mean outcome"],
        )
        return Summary(
            title="The true effect (simulated people)",
            headline=f"The true {label(self.measure)} is {format_number(self.estimate, 3)}.",
            table=table,
            notes=(
                f"Over {format_count(self.n)} people analysed as treated who truly were; "
                f"{format_count(self.n_mislabelled)} of the {format_count(self.n_analysed)} analysed truly were not.",
            ),
        )

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the mean outcome of the same people in both worlds and return the Axes drawn on."""
        from dipeval.plots.effects import true_means_plot

        return true_means_plot(self.to_frame(), ax=ax)


def true_effect(
    truth: Any,
    cohort: Cohort,
    *,
    follow_up: FollowUp | None = None,
    among: Any,
    measure: str = "risk_difference",
) -> TrueEffect:
    """Return the true effect of early treatment among the people a design analyses as treated.

    Parameters
    ----------
    truth
        ``extracts.truth`` of simulated extracts: links, people, both offence histories, deaths.
    cohort
        The cohort that was analysed: it gives each person's time zero.
    follow_up
        The outcome definition (days); the one used for the estimate.
    among
        The design: ``.weights`` and ``.treated``, indexed by person_id.
    measure
        ``risk_difference`` and ``risk_ratio`` of reoffending, or ``mean_difference`` in proven reoffences.

    Returns
    -------
    TrueEffect
        Over the people with a positive weight, analysed as treated, who truly started within the grace period.

    Raises
    ------
    InputError
        If the design is about others than the treated, each counted once; if there is no truth, its grace period is
        another than the cohort's, or nobody analysed was truly treated.

    Examples
    --------
    >>> import dipeval as dip
    >>> from dipeval.linkage import true_linkage
    >>> extracts = dip.simulate(people=400, seed=1)
    >>> cohort = dip.build_cohort(extracts, true_linkage(extracts))
    >>> design = dip.weight(cohort, treated="treated", covariates=["copas_rate"], method="none")
    >>> true_effect(extracts.truth, cohort, among=design).n_mislabelled
    0
    """
    _check_measure(truth, measure)
    return true_outcomes(truth, cohort, follow_up=follow_up, among=among).effect(measure)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrueOutcomes:
    """What happens, with and without treatment, to the people truly treated: one look serves every measure.

    Parameters
    ----------
    n_analysed
        People analysed as treated.
    """

    n_analysed: int
    _worlds: Mapping[str, pd.DataFrame] = field(repr=False)

    def effect(self, measure: str) -> TrueEffect:
        """Return the true effect by one measure (see `true_effect`)."""
        with_it, without = (float(self._worlds[world][_OUTCOME_OF[measure]].mean()) for world in WORLDS)
        n = len(self._worlds[WORLDS[0]])
        return TrueEffect(
            measure=measure,
            estimate=_contrast(measure, with_it, without),
            mean_treated=with_it,
            mean_untreated=without,
            n=n,
            n_analysed=self.n_analysed,
            n_mislabelled=self.n_analysed - n,
        )


def true_outcomes(truth: Any, cohort: Cohort, *, follow_up: FollowUp | None = None, among: Any) -> TrueOutcomes:
    """Look up both histories of the people a design analyses as treated; parameters as in `true_effect`."""
    follow_up = FollowUp() if follow_up is None else follow_up
    _check_whom(among)
    _check(truth, cohort, follow_up)
    analysed = _analysed(cohort, among)
    matched = _true_persons(truth, analysed)
    if matched.empty:
        raise InputError(
            f"None of the {len(analysed)} people analysed as treated truly was treated, so there is no true effect to "
            "give. Check that truth, cohort and design come from the same simulated extracts."
        )
    histories = truth.offences
    return TrueOutcomes(
        n_analysed=len(analysed),
        _worlds={
            world: _outcome_in(world, histories, truth.deaths, matched, follow_up, cohort.engine) for world in WORLDS
        },
    )


def _check_measure(truth: Any, measure: str) -> None:
    if truth is None:
        raise InputError("There is no truth to compare with: only simulated extracts carry one (extracts.truth).")
    if measure not in MEASURES:
        raise InputError(f"measure '{measure}' has no true value here; use one of {', '.join(MEASURES)}.")


def _check(truth: Any, cohort: Cohort, follow_up: FollowUp) -> None:
    if truth.grace_days != cohort.rule.grace_days:
        raise InputError(
            f"The truth knows who started within {truth.grace_days} days; the cohort calls treated who started within "
            f"{cohort.rule.grace_days}. Build the cohort with CohortRule(grace_days={truth.grace_days})."
        )
    if (cohort.rule.exposure, cohort.rule.exposure_timing) != ("treatment", "after_index"):
        raise InputError(
            "The truth knows what structured treatment after the index test changed; the cohort has another exposure, "
            "of which no truth is known."
        )
    if follow_up.basis != "proven" or cohort.rule.late_index == "keep" or follow_up.at_extract_end == "censor":
        raise InputError(
            'The truth holds proven offences over the whole follow-up: use FollowUp(basis="proven", '
            'at_extract_end="refuse") and a cohort with late_index="cut_back".'
        )
    require_observable(cohort, follow_up)


def _check_whom(among: Any) -> None:
    """The truth is averaged over the treated, each counted once: another estimate has another truth."""
    weights = among.weights[(among.weights > 0) & among.treated.astype(bool)]
    if getattr(among, "estimand", "ATT") != "ATT" or weights.nunique() > 1:
        raise InputError(
            "The true effect is that on the treated people used, each counted once; this design is about others, or "
            "weights the treated. Compare it with a design for the ATT without sample weights."
        )


def _analysed(cohort: Cohort, among: Any) -> pd.DataFrame:
    """The cohort rows that the design analyses as treated."""
    used = (among.weights > 0) & among.treated.astype(bool)
    chosen = used.index[used.to_numpy()]
    people = cohort.people
    strangers = int((~chosen.isin(people.index)).sum())
    if strangers:
        raise InputError(f"{strangers} people of the design are not in the cohort; pass the cohort it was made from.")
    return people.loc[chosen, ["index_record_id", "index_date", "time_zero_date"]].sort_index()


def _true_persons(truth: Any, analysed: pd.DataFrame) -> pd.DataFrame:
    """Who they truly are, by their index test; only those who truly started within the grace period after it.

    Both histories part at the first positive test: for people followed from a later one they hold no answer.
    """
    tests = truth.links[truth.links["table"] == "drug_tests"]
    who = pd.Series(tests["true_person"].to_numpy(), index=tests["record_id"].map(str))
    truly_started = truth.people[truth.people["started_within_grace"].astype(bool)]
    first_test = truly_started.set_index("true_person")["index_date"]
    people = analysed.assign(true_person=analysed["index_record_id"].map(who))
    same_test = people["true_person"].map(first_test) == people["index_date"]
    return people[same_test].rename_axis("person_id").reset_index()


def _outcome_in(
    world: str, histories: pd.DataFrame, dead: pd.DataFrame, people: pd.DataFrame, follow_up: FollowUp, engine: Engine
) -> pd.DataFrame:
    who = people[["person_id", "true_person"]]
    history = histories.loc[histories["world"] == world, _OFFENCE_COLUMNS]
    followed = engine.put(people[["person_id", "time_zero_date"]], "true_people")
    offences = engine.put(history.merge(who, on="true_person").drop(columns="true_person"), f"true_{world}")
    deaths = engine.put(dead.merge(who, on="true_person")[["person_id", "death_date"]], "true_deaths")
    counted = reoffences(followed, offences, deaths, follow_up)
    return engine.to_pandas(reoffending(followed, counted, deaths, follow_up)).sort_values("person_id")


def _contrast(measure: str, with_it: float, without: float) -> float:
    if measure != "risk_ratio":
        return with_it - without
    if without == 0:
        raise InputError("Nobody would have reoffended without treatment, so a ratio of risks has no value.")
    return with_it / without
