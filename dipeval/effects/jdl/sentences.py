"""How the sentences of an analysis in the style of the Justice Data Lab are filled in.

The wording itself stands in `dipeval.effects.jdl.words`. Percentages can be asked for without decimals, for a report
on few people.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from dipeval.effects.jdl.figures import (
    difference_shown,
    interval_shown,
    level_shown,
    of_hundred,
    others,
    size_shown,
    window,
)
from dipeval.effects.jdl.words import (
    CAN_SAY,
    CAN_SAY_TOO_FEW,
    CAN_SAY_UNCLEAR,
    CAN_SAY_UNLIKE,
    CANNOT_SAY_CLEAR,
    CANNOT_SAY_OTHERS,
    CANNOT_SAY_UNCLEAR,
    CANNOT_SAY_UNLIKE,
    CANNOT_SAY_WITHHELD,
    HEADINGS,
    HEADLINE_OVERRIDDEN,
    HEADLINE_WITHHELD,
    HIGHER,
    LOWER,
    NO_REASON,
    NOT_MEASURED,
    NOTE_BANDS,
    NOTE_BEFORE,
    NOTE_COVARIATES,
    NOTE_DESIGN,
    NOTE_ERRORS,
    NOTE_ESTIMAND,
    NOTE_SUBMITTED,
    NOTE_THREE,
    NUMBERS,
    OVERRIDDEN,
    OVERRIDDEN_UNLIKE,
    POORLY_MATCHED,
    REASON,
    STYLE,
    TOO_FEW,
    TOO_FEW_MATCHED,
    UNCLEAR,
    UNDERPOWERED,
    UNVERIFIED,
    VERDICT_NOT_MEASURED,
    VERDICT_UNCLEAR,
    VERDICT_UNDERPOWERED,
    VERDICTS,
    WHY_TIME,
)
from dipeval.matching.balance_words import BAND_WORDS, bands_counted, smd_shown
from dipeval.matching.options import SCALE_WORDS, UNIT_WORDS
from dipeval.presenting import format_count, format_number, format_percent
from dipeval.vocabulary import term_label

if TYPE_CHECKING:
    from dipeval.effects.jdl.measures import JdlMeasure
    from dipeval.effects.jdl.result import JdlStyle
    from dipeval.matching import Balance


def of_reasons(
    balance: Balance,
    *,
    submitted: int,
    matched: int,
    least: tuple[int, int],
    count: Callable[[float], str] = format_count,
    named: Callable[[str], str] = term_label,
) -> tuple[str, ...]:
    """Return a sentence for each check that comes before the outcome and fails.

    Parameters
    ----------
    balance
        Of the design.
    submitted, matched
        Treated people.
    least
        Fewest of each.
    count, named
        How a number of people, and a term, is shown.

    Returns
    -------
    tuple of str
    """
    found = []
    if balance.band == "red":
        found.append(POORLY_MATCHED.format(term=named(balance.worst_term), smd=smd_shown(balance.max_smd)))
    if submitted < least[0]:
        found.append(TOO_FEW.format(n=count(submitted), least=format_count(least[0])))
    if matched < least[1]:
        found.append(TOO_FEW_MATCHED.format(n=count(matched), least=format_count(least[1])))
    return tuple(found)


def verdict(result: JdlStyle, measure: JdlMeasure, digits: int = 1) -> str:
    """Return the verdict on one measure in a sentence, without its figures.

    Parameters
    ----------
    result
        The analysis.
    measure
        One of its measures.
    digits
        Decimals of the percentages.

    Returns
    -------
    str
    """
    heading, found = HEADINGS[measure.kind], measure.verdict
    if found in (LOWER, HIGHER):
        return VERDICTS[measure.kind, found].format(window=window(result.rule.follow_up_days), others=others(result))
    if found == UNCLEAR:
        return VERDICT_UNCLEAR.format(measure=heading, others=others(result))
    if found == UNDERPOWERED and measure.effect is not None:
        share = result.rule.worthwhile
        return VERDICT_UNDERPOWERED.format(
            measure=heading,
            detectable=size_shown(measure, measure.minimum_detectable, digits),
            worthwhile=size_shown(measure, share * measure.effect.mean_comparison, digits),
            share=format_percent(share, 0),
        )
    return VERDICT_NOT_MEASURED.format(measure=heading, why=measure.why_not)


def numbers(measure: JdlMeasure, digits: int = 1) -> str:
    """Return the two groups' figures, the difference and its interval; empty where there are none."""
    effect = measure.effect
    if effect is None:
        return ""
    return NUMBERS.format(
        treated=level_shown(measure, effect.mean_treated, digits),
        comparison=level_shown(measure, effect.mean_comparison, digits),
        size=difference_shown(measure, effect.estimate, digits),
        interval=interval_shown(measure, effect.conf_low, effect.conf_high, digits),
        level=f"{100 * effect.level:g}",
    )


def headline(result: JdlStyle, digits: int = 1, reasons: Sequence[str] | None = None) -> str:
    """Return the sentence to quote: the verdict on the rate with its figures, or why there is none.

    Parameters
    ----------
    result
        The analysis.
    digits
        Decimals of the percentages.
    reasons
        Why it is withheld, where its own words must not be shown as they are.

    Returns
    -------
    str
    """
    if result.withheld:
        return HEADLINE_WITHHELD.format(reasons=" ".join(result.reasons if reasons is None else reasons))
    measure = result.measures[0]
    told = f"{verdict(result, measure, digits)} {numbers(measure, digits)}".strip()
    return HEADLINE_OVERRIDDEN.format(verdict=told) if result.overridden else told


def overridden(result: JdlStyle, reasons: Sequence[str] | None = None) -> str:
    """Return what stands over results that are shown although the checks failed; empty where they were passed."""
    if not result.overridden:
        return ""
    reason = result.rule.reason
    told = REASON.format(reason=reason) if reason else NO_REASON
    why = " ".join(result.reasons if reasons is None else reasons)
    return OVERRIDDEN.format(reason=told, reasons=why) + (OVERRIDDEN_UNLIKE if result.band == "red" else "")


def can_say(result: JdlStyle) -> tuple[str, ...]:
    """Return what may be said, a sentence a measure."""
    if result.withheld:
        unlike = result.band == "red"
        too_few = len(result.reasons) > unlike
        return (CAN_SAY_UNLIKE,) * unlike + (CAN_SAY_TOO_FEW,) * too_few
    spoken = window(result.rule.follow_up_days)
    lines = []
    for measure in result.measures:
        if measure.verdict in (LOWER, HIGHER):
            lines.append(CAN_SAY[measure.kind, measure.verdict].format(window=spoken, others=others(result)))
        elif measure.verdict != NOT_MEASURED:
            lines.append(CAN_SAY_UNCLEAR[measure.kind].format(window=spoken))
    return tuple(lines)


def cannot_say(result: JdlStyle) -> tuple[str, ...]:
    """Return what may not be said, a sentence a measure and one on other people."""
    if result.withheld:
        return (CANNOT_SAY_WITHHELD,)
    lines = []
    for measure in result.measures:
        if measure.verdict in (LOWER, HIGHER):
            lines.append(CANNOT_SAY_CLEAR[measure.kind])
        elif measure.verdict != NOT_MEASURED:
            lines.append(CANNOT_SAY_UNCLEAR[measure.kind])
    unlike = (CANNOT_SAY_UNLIKE,) if result.band == "red" else ()
    return (*unlike, *lines, CANNOT_SAY_OTHERS)


def bands(balance: Balance) -> str:
    """Return how well the groups are matched over all, and how many terms fall into each band."""
    frame = balance.to_frame()
    counted = bands_counted(frame.loc[frame["kind"] == "covariate", "smd_after"])
    return NOTE_BANDS.format(overall=BAND_WORDS[balance.band], counted=counted)


def design_note(result: JdlStyle) -> str:
    """Return how people were matched: radius, unit, scale."""
    options = result.design.options
    return NOTE_DESIGN.format(
        scale=SCALE_WORDS[options["scale"]],
        radius=f"{options['caliper']:g}",
        unit=UNIT_WORDS[options["caliper_unit"]],
        fingerprint=result.design.fingerprint[:12],
    )


def before(result: JdlStyle, digits: int = 1) -> str:
    """Return what would probably be found, worked out before any outcome."""
    rule = result.rule
    return NOTE_BEFORE.format(
        share=format_percent(rule.expected_share, 0),
        detectable=format_number(100 * result.detectable_before, digits),
        power=format_number(100 * rule.power, 0),
    )


def unverified(result: JdlStyle) -> str:
    """Return which conventions could not be verified."""
    return UNVERIFIED.format(
        submitted=format_count(result.rule.minimum_people), matched=format_count(result.rule.minimum_matched)
    )


def submitted(result: JdlStyle) -> str:
    """Return how many of the people submitted were found and matched; empty where only those found are known."""
    if result.rule.submitted is None:
        return ""
    counts = result.attrition.query("counted == 'treated'").set_index("step")["n_people"].map(format_count)
    return NOTE_SUBMITTED.format(**counts)


def counted(result: JdlStyle) -> dict[str, int]:
    """Return the treated people submitted and matched, as the arguments of `of_reasons`, with the fewest of each."""
    found = result.design.n_treated + result.design.n_treated_dropped
    return {"submitted": result.rule.submitted or found, "matched": result.design.n_treated}


def three_tests(result: JdlStyle) -> str:
    """Return that several measures are tested; empty where it is one."""
    n = sum(measure.effect is not None for measure in result.measures)
    alpha = 100 * (1 - result.rule.level)
    # Bonferroni's bound: the measures depend on one another, in a way nobody knows.
    return NOTE_THREE.format(n=n, alpha=f"{alpha:.3g}", chance=format_number(n * alpha, 0)) if n > 1 else ""


def errors(result: JdlStyle) -> str:
    """Return how the errors were made; empty where results are withheld."""
    made = [measure.effect for measure in result.measures if measure.effect is not None]
    return NOTE_ERRORS.format(method=made[0].se_method, level=f"{100 * result.rule.level:g}") if made else ""


def notes(result: JdlStyle) -> tuple[str, ...]:
    """Return what must stand beside the figures."""
    lines = [
        overridden(result),
        STYLE,
        unverified(result),
        bands(result.design.balance()),
        design_note(result),
        NOTE_COVARIATES.format(covariates=", ".join(map(term_label, result.design.covariates))),
        NOTE_ESTIMAND.format(estimand=result.design.estimand_in_words.rstrip(".")),
        submitted(result),
        errors(result),
        before(result),
        WHY_TIME if result.measures[2].effect is not None else "",
        three_tests(result),
        *of_hundred(result),
        *(f"What you can say: {text}" for text in can_say(result)),
        *(f"What you cannot say: {text}" for text in cannot_say(result)),
    ]
    return tuple(line for line in lines if line)
