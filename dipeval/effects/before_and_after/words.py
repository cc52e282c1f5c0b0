"""The sentences a before-after comparison says for itself.

Rules: a change is never said without what would be seen without any effect; a change that lies inside it, or outside
it, is no proof of an effect, nor of there being none; an interval that includes equality says that more people would be
needed. All wording is in the constants of this module, where a test reads it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from dipeval.presenting import format_count, format_number, format_percent

if TYPE_CHECKING:
    from dipeval.effects.before_and_after.figures import Figure
    from dipeval.effects.before_and_after.result import BeforeAfter

OPENING: Final = (
    "Offences a person: {observed}{interval} from the {window} before to the {window} after. Without any effect, "
    "{expected} would be seen from {cause} alone"
)
INTERVAL: Final = " ({level}% interval: from {low} to {high})"
COVERED: Final = "{opening}: no effect can be concluded from this change, and none can be ruled out."
COVERED_TIME: Final = (
    "{opening}. By time at risk (time in custody left out on both sides) it is {rate}, where {expected_rate} would be "
    "seen: no effect can be concluded from this change, and none can be ruled out."
)
COVERED_BACK: Final = (
    "{opening}, and {back} if people only went back to their earlier level: no effect can be concluded from "
    "this change, and none can be ruled out."
)
FURTHER: Final = (
    "{opening}. There were fewer offences after than that. This is no proof that treatment worked: growing older, "
    "custody and whatever else changed meanwhile may have done it. Only people alike who were not treated can tell."
)
SHORT: Final = (
    "{opening}. There were more offences after than that. This is no proof that treatment did harm: whatever else "
    "changed meanwhile may have done it. Only people alike who were not treated can tell."
)
NO_INTERVAL: Final = "{opening}: no effect can be concluded from so few offences, and none can be ruled out."
COMPARED_CLEAR: Final = (
    "Among comparable untreated people: {comparison}. Relative to their change, treated people had {size} offences "
    "each ({level}% interval: from {low} to {high})."
)
COMPARED_UNCLEAR: Final = (
    "Among comparable untreated people: {comparison}. Relative to their change, the data are compatible with anything "
    "from {low} to {high} offences for each treated person ({level}% interval): more people would be needed to tell."
)

CAUSES: Final[dict[str, str]] = {
    "none": "steady rates of offending",
    "index_counted": "counting the index event before",
    "at_least": "choosing people for their offences before",
    "own": "how people were chosen",
}
NOTES_RULE: Final[dict[str, str]] = {
    "none": (
        "Nobody was chosen for the offences before, and the index event is not among them, as declared: steady rates "
        "then give the same number before and after on average."
    ),
    "index_counted": (
        "The index event is counted among the offences before (on average {index} a person) and has no counterpart "
        "after: that alone gives a change of −{index} in {before}."
    ),
    "at_least": (
        "Chosen were people with at least {at_least} {offences} in the window before. Chance decides in part who had, "
        "so the same people have fewer in the next window on average (regression to the mean; closed form for "
        "gamma-Poisson offending)."
    ),
    "own": (
        "People were chosen by a rule of your own. What each of them is expected to do follows from all windows so far "
        "(gamma-Poisson offending)."
    ),
}
NOTE_ESTIMATED: Final = (
    "How much people differ was estimated from the windows up to the index: k = {k} (profile {level}% interval {low} "
    "to {high}; small: people differ much). The range of what is expected is that over this interval."
)
NOTE_GIVEN: Final = "How much people differ was given, not estimated: k = {given} (small: people differ much)."
NOTE_RANGE: Final = (
    "How much people differ cannot be told from fewer than two windows further back. What is expected is given for "
    "k from {low} to {high}, a wide range (0.53 fits a published cohort of drug-misusing offenders); add earlier "
    "windows to narrow it."
)
NOTE_CLASSES: Final = (
    "Classes: fell is fewer offences after than before{room}, rose is more, and rose sharply is more by over {sharp} "
    "of those before (any rise from none). Without any effect many people fall and many rise, for chance moves counts: "
    "no class by itself shows benefit or harm."
)
NOTE_ROOM: Final = ", by over {similar} of them"
NOTE_BACK: Final = (
    "Back to their earlier level: {change} ({interval}), from the window before to the {further} "
    "further back. It needs no model, only that nothing would have changed."
)
NOTE_PEAK: Final = (
    "In the window before, people offended more than in the windows further back: they came to the programme at a "
    "peak, and going back to their usual level is a fall that needs no treatment."
)
NOTE_LED: Final = (
    "An offence dated before the index event counts before, and so does the one that led to it where it is dated so: "
    "that alone makes the number after look lower. Leave the last days before the index out (gap_days) if so."
)
NOTE_GAP: Final = "The {gap} days before the index are left out, for the offence that led to it may be dated there."
NOTE_CLIMB: Final = (
    "In the window before, people offended less than in the windows further back: offending was going down before the "
    "index event, and would perhaps have gone on doing so."
)
NOTE_FIRST: Final = (
    "Each person's index event is the first in {period}: from the start of that to the index event lies nothing that "
    "led to another. The window before can therefore hold fewer offences than an ordinary one, and the change be a "
    "rise, or a smaller fall than is expected. Windows further back have less of this, or none: see the change back to "
    "their earlier level."
)
PERIODS: Final[dict[str, str]] = {"first": "the period of intake", "per_quarter": "its quarter"}
NOTE_UNEVEN: Final = (
    "People's offences change more from window to window than steady rates give (dispersion {ratio}; 1 is steady): "
    "where people were chosen for the offences before, the fall to expect is then larger than the one shown."
)
NOTE_OTHER_CAUSES: Final = (
    "Not in what is expected: growing older, a change in policing or recording, deaths, and time in custody after the "
    "index event{custody}. Each can lower the number after, with or without treatment."
)
NOTE_RATES: Final = " (allowed for only in the change by time at risk)"
NOTE_LEFT_OUT: Final = "{n} of {whole} people do not meet the rule and are left out; they help to say what is expected."
NOTE_DESIGN: Final = (
    "The comparison with untreated people is that of the design ({method}, fingerprint {fingerprint}), a "
    "difference-in-differences: {se_method}. It is about {whom}."
)
NOTE_UNEQUAL: Final = (
    "The design weights its treated people differently (a sample). The changes of treated people count each of them "
    "for one; the difference between the two changes goes by the weights."
)
OF_EVERYBODY: Final = "everybody the design uses"
OF_CHOSEN: Final = "those the design uses who meet the rule, in both groups, with its weights as they are"
NOTE_NO_DESIGN: Final = (
    "No comparison people stand beside these, so nothing here can be put down to the programme: only the change of "
    "comparable untreated people in the same time can show what would have happened without it."
)
NOTE_SAME_TIME: Final = "Intervals are robust{by_person}; each person is compared with himself or herself."

ROWS: Final[dict[str, str]] = {
    "mean_before": "Offences a person, before",
    "mean_after": "Offences a person, after",
    "change": "Change",
    "change_of_others": "Change, the index events left out",
    "rate_change": "Change by time at risk",
    "earlier_level": "Change back to their earlier level",
    "fell": "Fell",
    "similar": "Similar",
    "rose": "Rose",
    "rose_sharply": "Of these, rose sharply",
    "change_comparison": "Change among comparable untreated people",
    "difference_in_differences": "Difference between the two changes (offences a person)",
}

TEMPLATES: Final = tuple(
    text for name, text in list(globals().items()) if name.isupper() and isinstance(text, str)
) + tuple(text for table in (CAUSES, NOTES_RULE, PERIODS, ROWS) for text in table.values())


def change_words(value: float, digits: int = 1) -> str:
    """Return a relative change in words.

    Examples
    --------
    >>> change_words(-0.2715), change_words(0.031), change_words(0.0001)
    ('a fall of 27.2%', 'a rise of 3.1%', 'no change')
    """
    shown = format_percent(abs(value), digits)
    if shown == format_percent(0.0, digits):
        return "no change"
    return f"a {'fall' if value < 0 else 'rise'} of {shown}"


def range_words(low: float, high: float, digits: int = 1) -> str:
    """Return the two ends of a range of changes in words.

    Examples
    --------
    >>> range_words(-0.3, -0.22), range_words(-0.1, 0.05)
    ('from a fall of 30.0% to a fall of 22.0%', 'from a fall of 10.0% to a rise of 5.0%')
    """
    return f"from {change_words(low, digits)} to {change_words(high, digits)}"


def expected_words(figure: Figure, digits: int = 1) -> str:
    """Return what is expected without any effect, with its range where there is one."""
    if math.isnan(figure.estimate):
        return f"between {change_words(figure.low, digits)} and {change_words(figure.high, digits)}"
    own = change_words(figure.estimate, digits)
    low, high = (change_words(end, digits) for end in (figure.low, figure.high))
    return own if low == high == own else f"{own} (from {low} to {high})"


def headline(found: BeforeAfter, digits: int = 1) -> str:
    """Return the change, never without what would be seen without any effect, and what may be concluded."""
    figure, interval = found.change, ""
    if not math.isnan(figure.low):
        low, high = (change_words(end, digits) for end in (figure.low, figure.high))
        interval = INTERVAL.format(level=_level(found), low=low, high=high)
    opening = OPENING.format(
        observed=change_words(figure.estimate, digits),
        interval=interval,
        window=window_words(found),
        expected=expected_words(found.expected, digits),
        cause=CAUSES[found.rule],
    )
    template = {
        "covered": COVERED,
        "covered_by_time": COVERED_TIME,
        "covered_by_earlier": COVERED_BACK,
        "further": FURTHER,
        "short": SHORT,
        "unknown": NO_INTERVAL,
    }[found.reading]
    back = change_words(found.earlier_level.estimate, digits) if found.earlier_level is not None else ""
    rate, expected_rate = "", ""
    if found.rate_change is not None and found.expected_rate_change is not None:
        rate = change_words(found.rate_change.estimate, digits)
        expected_rate = expected_words(found.expected_rate_change, digits)
    told = template.format(opening=opening, back=back, rate=rate, expected_rate=expected_rate)
    return f"{told} {compared(found, digits)}" if found.difference is not None else told


def compared(found: BeforeAfter, digits: int = 1) -> str:
    """Return the sentence about the comparison people's own change and the difference between the two."""
    effect = found.difference
    assert effect is not None
    template = COMPARED_UNCLEAR if effect.includes_equality else COMPARED_CLEAR
    return template.format(
        comparison=change_words(found.change_comparison.estimate, digits),
        size=_offences(effect.estimate),
        low=_offences(effect.conf_low),
        high=_offences(effect.conf_high),
        level=_level(found),
    )


def notes(found: BeforeAfter, digits: int = 1, count: Callable[[float], str] = format_count) -> tuple[str, ...]:
    """Return what must stand beside the figures: percentages with so many decimals, numbers of people by ``count``."""
    lines = [_rule(found), _spread(found)]
    if found.n_left_out:
        whole = found.n + found.n_left_out
        lines.append(NOTE_LEFT_OUT.format(n=count(found.n_left_out), whole=count(whole)))
    if found.earlier_level is not None:
        back = found.earlier_level
        further = "window" if found.n_earlier == 1 else f"mean of the {found.n_earlier} windows"
        change, interval = change_words(back.estimate, digits), range_words(back.low, back.high, digits)
        lines.append(NOTE_BACK.format(change=change, interval=interval, further=further))
        lines += [NOTE_PEAK] * (found.rule == "none" and back.high < 0) + [NOTE_CLIMB] * (back.low > 0)
    if found.gap_days is not None:
        lines.append(NOTE_GAP.format(gap=found.gap_days) if found.gap_days else NOTE_LED)
    if found.index_choice in PERIODS:
        lines.append(NOTE_FIRST.format(period=PERIODS[found.index_choice]))
    if found.uneven is not None:
        lines.append(NOTE_UNEVEN.format(ratio=format_number(found.uneven)))
    lines += [classes_rule(found), NOTE_OTHER_CAUSES.format(custody=NOTE_RATES * (found.rate_change is not None))]
    lines.append(NOTE_SAME_TIME.format(by_person=", clustered by person" * found.clustered))
    lines += [NOTE_UNEQUAL] * found.unequal_weights
    effect = found.difference
    lines.append(
        NOTE_NO_DESIGN
        if effect is None
        else NOTE_DESIGN.format(
            method=effect.design_method,
            fingerprint=effect.design_fingerprint[:12],
            se_method=effect.se_method,
            whom=OF_CHOSEN if found.n_left_out else OF_EVERYBODY,
        )
    )
    return tuple(line for line in lines if line)


def classes_rule(found: BeforeAfter) -> str:
    """Return the rule of the classes, with what they show."""
    room = NOTE_ROOM.format(similar=format_percent(found.similar, 0)) if found.similar else ""
    return NOTE_CLASSES.format(room=room, sharp=format_percent(found.sharp, 0))


def window_words(found: BeforeAfter) -> str:
    """Return what a window is called."""
    return "window" if found.days is None else f"{found.days} days"


def _rule(found: BeforeAfter) -> str:
    return NOTES_RULE[found.rule].format(
        index=format_number(found.mean_index),
        before=format_number(found.mean_before),
        at_least=found.at_least,
        offences="offence" if found.at_least == 1 else "offences",
    )


def _spread(found: BeforeAfter) -> str:
    """How the spread is known. It decides the classes under any rule, and the mean under some."""
    spread = found.spread
    template = {"estimated": NOTE_ESTIMATED, "given": NOTE_GIVEN, "range": NOTE_RANGE}[spread.source]
    low, high = format_number(spread.low), format_number(spread.high)
    given = low if low == high else f"{low} to {high}"
    return template.format(k=format_number(spread.k), low=low, high=high, given=given, level=_level(found))


def _level(found: BeforeAfter) -> str:
    return f"{100 * found.level:g}"


def _offences(value: float) -> str:
    return f"{format_number(abs(value))} {'fewer' if value < 0 else 'more'}"
