"""The sentences about negative controls: outcomes that treatment cannot have changed.

A difference there is a warning about the comparison; none found is no proof that there is nothing to find.
"""

from __future__ import annotations

from typing import Final

BEFORE: Final = "before the index date (held out of the design)"
AFTER: Final = "after the index date"
WHEN: Final[dict[str, str]] = {"before_index": BEFORE, "after_index": AFTER}

HEADINGS: Final[dict[str, str]] = {"before_index": "Before the index date", "after_index": "After the index date"}

TITLE: Final = "Negative controls: what treatment cannot have changed"
HEADLINE_SOME: Final = (
    "{n} of {total} negative controls {differ} between the groups by more than chance allows for ({level}% intervals; "
    "{expected} expected by chance alone): the groups differ in something that was not adjusted for, and the answer on "
    "the real outcome may be wrong for the same reason."
)
HEADLINE_REFITTED: Final = (
    "{n} of {total} negative controls {differ} between the groups by more than chance allows for ({level}% intervals; "
    "{expected} expected by chance alone), by designs made again without some covariates: without those the groups "
    "would differ in what matters. The design that gives the answer has them, so that the warning is a weaker one."
)
HEADLINE_CHANCE: Final = (
    "{n} of {total} negative controls {differ} between the groups by more than the {level}% interval allows for; "
    "chance alone would bring {expected} on average, and this many or more with probability {chance} if they were "
    "independent: a warning that is not a clear one."
)
HEADLINE_NONE: Final = (
    "None of the {total} negative controls differs between the groups by more than its {level}% interval allows for: "
    "this check gives no warning. It finds only a bias larger than these intervals are wide, so that it does not show "
    "that there is none."
)
HEADLINE_NONE_OF_ONE: Final = (
    "The negative control does not differ between the groups by more than its {level}% interval allows for: this check "
    "gives no warning. It finds only a bias larger than that interval is wide, so that it does not show that there is "
    "none."
)
EXCLUDES: Final = "the groups differ: a warning"
INCLUDES: Final = "may be alike or differ: the interval includes equality"

NOTE_WHAT: Final = (
    "A negative control is an outcome that treatment cannot have changed; where the groups differ on it, they were not "
    "made alike in all that matters (Lipsitch, Tchetgen Tchetgen and Cohen 2010)."
)
NOTE_REFITTED: Final = (
    "What was counted before the index date was held out: each of these differences comes from the design made again "
    "without it, by the same method."
)
NOTE_LEFT_OUT: Final = (
    "For '{label}' the design was made again without {columns}, which share events with it. That design has less to go "
    "by than the one that gives the answer: a difference may come from what was left out."
)
NOTE_NOT_DECLARED: Final = (
    "Over which days {columns} {is_are} counted was not declared (windows=...): that no covariate counts some of the "
    "same events rests on the caller."
)
NOTE_AFTER: Final = (
    "Measured after the index date: {labels}. It rests on judgement, not on the data, that treatment does not change "
    "{it_them}; a treatment that changes how people live may."
)
NOTE_UNBALANCED: Final = (
    "For '{label}' the largest standardised difference of the covariates themselves is {smd}: a difference there may "
    "come from these."
)
NOTE_CHANCE: Final = (
    "At {level}% one interval in {one_in} leaves equality out by chance alone; the number expected takes them for "
    "independent, and negative controls that count much the same thing go wrong together."
)

REFUSED: Final = (
    "'{label}' cannot be a negative control of this design: {clashes}. The groups were made alike on it. Take "
    "{columns} out of the covariates, or pass drop_containing=True to have the design made again without {it_them}"
)
CLASH_SAME: Final = "the column itself is a covariate"
CLASH_CONTAINS: Final = "{column} counts the same thing over days that take in its own"
CLASH_SHARES: Final = "{column} shares days and events with it"
REFUSED_FORMULA: Final = (
    "'{label}' needs the design made again without {columns}, which the formula (or the sample weights) of the design "
    "names: write it without {it_them}."
)
REFUSED_EMPTY: Final = (
    "Without {columns}, '{label}' leaves the design with no covariate at all: choose another window, or name "
    "covariates that lie outside it."
)

TEMPLATES: Final = tuple(text for name, text in list(globals().items()) if name.isupper() and isinstance(text, str))
