"""Which negative controls are asked for, and whether each can be one of the design."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from dipeval.cohort import Cohort
from dipeval.effects.asked import text_asked
from dipeval.effects.checks import negative_controls_words as words
from dipeval.effects.checks.negative_controls_refit import Refit, plan_refit
from dipeval.effects.checks.negative_controls_windows import Counted, as_counted, counted_by_cohort, declared
from dipeval.effects.design_analysis import DesignAnalysis
from dipeval.effects.measures import MEASURES, OF_TIMES
from dipeval.errors import DesignError, InputError
from dipeval.matching.doors import BEFORE, CohortLike
from dipeval.outcomes import FollowUp
from dipeval.vocabulary import TREATED, label

if TYPE_CHECKING:
    from dipeval.matching.doors import People


@dataclass(frozen=True, slots=True, kw_only=True)
class NegativeControl:
    """An outcome that treatment cannot have changed.

    Parameters
    ----------
    column
        Column that holds it: of the people (``before_index``) or of the outcomes (``after_index``).
    label
        What it is called for a reader; default the label of the column.
    when
        ``before_index``: counted over a window before the index date, and held out of the design. ``after_index``:
        measured after it, such as motoring offences.
    window
        Over which days the column was counted, from the index date: ``(first, last)`` or ``(what, first, last)``. A
        cohort knows that of its own columns.
    measure
        As in `estimate_effect`; default ``risk_difference`` for a yes/no column, else ``mean_difference``.
    follow_up
        ``after_index`` only, and with a cohort: which reoffences the column counts, such as
        ``FollowUp(groups=("motoring",))``; they are measured here.

    Raises
    ------
    InputError
        If these do not go together.

    Examples
    --------
    >>> NegativeControl(column="offences_quarter_8").label
    'Proven offences 638 to 728 days before'
    """

    column: str
    label: str = ""
    when: str = "before_index"
    window: Sequence[Any] | None = None
    measure: str | None = None
    follow_up: FollowUp | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.column, str) or not self.column:
            raise InputError("A negative control needs the name of one column.")
        if self.when not in words.WHEN:
            raise InputError(f"when={self.when!r} is not known; a control is before_index or after_index.")
        if self.measure is not None and self.measure not in MEASURES:
            raise InputError(f"measure={self.measure!r} is not known here; use one of {', '.join(MEASURES)}.")
        if self.measure in OF_TIMES:
            raise InputError(
                f"measure='{self.measure}' needs a time and an event, and a negative control is one column: choose "
                "'risk_difference' for whether it happened, or 'mean_difference' for a number."
            )
        after = self.when == "after_index"
        if after and self.window is not None:
            raise InputError(f"The window of '{self.column}' is before the index date, and the control is after it.")
        if not after and self.follow_up is not None:
            raise InputError(f"follow_up= is for what is measured after the index date; '{self.column}' is before it.")
        if self.window is not None and as_counted(self.column, self.window).days[1] >= 0:
            raise InputError(
                f"The window of '{self.column}' reaches the index date or beyond; it must end on day -1 (the day "
                "before) or earlier. What is measured after the index date is when='after_index'."
            )
        object.__setattr__(self, "label", text_asked("label", self.label) or label(self.column))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Known:
    """The people, and what is known of their columns."""

    people: People
    frame: pd.DataFrame
    measured_at: Mapping[str, str]
    counted: Mapping[str, Counted]
    cohort: Cohort | None


def check_controls(
    people: People,
    *,
    analysis: DesignAnalysis,
    controls: Sequence[NegativeControl],
    windows: Mapping[str, Sequence[Any]] | pd.DataFrame | None = None,
    drop_containing: bool = False,
    cohort: Cohort | None = None,
) -> None:
    """Refuse what `negative_controls` would refuse, before any design is made or outcome measured.

    Parameters
    ----------
    people, analysis, controls, windows, drop_containing, cohort
        As in `negative_controls`.

    Raises
    ------
    InputError
        If a column or a window is missing or cannot be used.
    DesignError
        If a control from before the index date is no such control for this design.

    Examples
    --------
    >>> people = pd.DataFrame({"treated": [1, 0], "age": [20, 30]})
    >>> analysis = DesignAnalysis(covariates=("age",), outcome="reoffended")
    >>> check_controls(people, analysis=analysis, controls=[NegativeControl(column="age")])
    Traceback (most recent call last):
    ...
    dipeval.errors.DesignError: 'Age' cannot be a negative control of this design: ...
    """
    refits_of(listed_controls(controls), known_of(people, windows, cohort), analysis, drop_containing=drop_containing)


def listed_controls(controls: Sequence[NegativeControl]) -> tuple[NegativeControl, ...]:
    """Return the controls as a tuple; refuse none, strangers, and labels used twice."""
    listed = tuple(controls) if isinstance(controls, Sequence) else (controls,)
    if not listed or not all(isinstance(item, NegativeControl) for item in listed):
        raise InputError("controls must be a list of NegativeControl(column=...), at least one.")
    labels = [item.label for item in listed]
    twice = sorted({words for words in labels if labels.count(words) > 1})
    if twice:
        raise InputError(f"Two negative controls have the same label: {', '.join(twice)}. Give each one of its own.")
    return listed


def known_of(
    people: People, windows: Mapping[str, Sequence[Any]] | pd.DataFrame | None, cohort: Cohort | None
) -> Known:
    """Return the people with what is known of their columns."""
    own = counted_by_cohort(windows) if isinstance(windows, pd.DataFrame) else declared(windows)
    whence = people if isinstance(people, Cohort) else cohort
    if whence is not None:
        if not isinstance(whence, Cohort):
            raise InputError(f"cohort must be what dip.build_cohort gives; it is a {type(whence).__name__}.")
        own = {**own, **counted_by_cohort(whence.covariates())}
    if isinstance(people, pd.DataFrame):
        strange = [] if windows is None or isinstance(windows, pd.DataFrame) else list(windows)
        _refuse_unknown([name for name in strange if name not in people.columns])
        if TREATED not in people.columns:
            raise InputError(f"There is no column '{TREATED}' in people; it says who was treated (0/1).")
        moments = {} if whence is None else whence.measured_at
        return Known(people=people, frame=people, measured_at=moments, counted=own, cohort=whence)
    if not isinstance(people, CohortLike):
        raise InputError(f"people must be a pandas DataFrame or a cohort; it is a {type(people).__name__}.")
    return Known(people=people, frame=people.people, measured_at=people.measured_at, counted=own, cohort=whence)


def _refuse_unknown(names: Sequence[Any]) -> None:
    """Refuse windows of columns that are not there: a slip of the pen would hide that events are shared."""
    if names:
        raise InputError(
            f"windows names {', '.join(map(str, names))}, which is no column of people; name the columns as they are."
        )


def counted_of(control: NegativeControl, known: Known) -> Counted | None:
    """What a control counts: as the cohort or the caller knows it, else as the control itself says."""
    if control.column in known.counted:
        return known.counted[control.column]
    return None if control.window is None else as_counted(control.column, control.window)


def refits_of(
    controls: Sequence[NegativeControl], known: Known, analysis: DesignAnalysis, *, drop_containing: bool
) -> list[Refit]:
    """Say for each control without which columns its design is to be made; every refusal at once."""
    if not isinstance(analysis, DesignAnalysis):
        raise InputError(f"analysis must be a DesignAnalysis(...); it is a {type(analysis).__name__}.")
    moments = {**(analysis.options.get("measured_at") or {}), **known.measured_at}
    refits, complaints = [], []
    for control in controls:
        if control.when == "after_index":
            if control.follow_up is not None and known.cohort is None:
                raise InputError(
                    f"follow_up= of '{control.label}' needs a cohort, whose events are counted: pass cohort=, or what "
                    "was measured as outcomes=."
                )
            refits.append(Refit(analysis=analysis))
            continue
        _check_before(control, known, moments)
        try:
            refits.append(
                plan_refit(
                    analysis,
                    column=control.column,
                    label=control.label,
                    held_out=counted_of(control, known),
                    counted=known.counted,
                    drop_containing=drop_containing,
                )
            )
        except DesignError as error:
            complaints.append(str(error))
    if complaints:
        raise DesignError(" ".join(complaints))
    return refits


def _check_before(control: NegativeControl, known: Known, moments: Mapping[str, str]) -> None:
    if control.column not in known.frame.columns:
        raise InputError(
            f"There is no column '{control.column}' among the people for the negative control '{control.label}'. "
            "What is measured after the index date is when='after_index', with outcomes=."
        )
    when = moments.get(control.column, "before_index")
    if when not in BEFORE or (known.cohort is not None and when != "before_index"):
        raise DesignError(
            f"'{control.column}' was not counted over a window before the index date ({when.replace('_', ' ')}): "
            "choose a count of earlier events, or when='after_index' for an outcome."
        )
    counted = counted_of(control, known)
    if counted is not None and counted.days[1] >= 0:
        raise DesignError(
            f"The window of '{control.column}' reaches the index date or beyond: it may hold what treatment changed."
        )
