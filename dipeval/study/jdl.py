"""The study's people and outcomes, analysed once more in the style of the Justice Data Lab."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from dipeval.effects.jdl.analysis import jdl_style_of_design
from dipeval.effects.jdl.rule import JdlColumns, JdlRule
from dipeval.effects.jdl.words import STYLE
from dipeval.errors import DesignError, InputError
from dipeval.study.columns import value_column
from dipeval.study.crosschecks_jdl import first_outcome
from dipeval.study.spec_design import DesignOptions
from dipeval.study.steps import make_design
from dipeval.study.times import time_columns

if TYPE_CHECKING:
    from dipeval.effects.jdl.result import JdlStyle
    from dipeval.matching import Design
    from dipeval.study.load import Prepared
    from dipeval.study.sealed import Opened
    from dipeval.study.spec import StudySpec

logger = logging.getLogger("dipeval")


def jdl_design_of(prepared: Prepared, spec: StudySpec) -> Design | None:
    """Make the radius design of this style, without any outcome; None if the study does not ask for it.

    Parameters
    ----------
    prepared
        The people.
    spec
        The study: covariates of the primary design, radius of ``[jdl_style]``.

    Returns
    -------
    Design or None

    Raises
    ------
    DesignError
        If nobody can be matched; the sentence names the section.
    """
    asked = spec.jdl_style
    if asked is None:
        return None
    logger.info("making the comparison in the style of the Justice Data Lab")
    options = DesignOptions(
        method="radius", caliper=asked.radius, caliper_unit=asked.radius_unit, scale=asked.scale, exact=asked.exact
    )
    try:
        return make_design(prepared, options, spec.design.covariates, spec.seed)
    except InputError as error:
        raise DesignError(f"[jdl_style]: {error}") from None


def jdl_style_of(design: Design | None, prepared: Prepared, opened: Opened, spec: StudySpec) -> JdlStyle | None:
    """Return rate, frequency and time to first in this style; None if the study does not ask for it.

    Parameters
    ----------
    design
        From `jdl_design_of`.
    prepared
        The people.
    opened
        The outcomes, after the gate of the primary design; this style's own checks decide whether they are used.
    spec
        The study.

    Returns
    -------
    JdlStyle or None
    """
    asked = spec.jdl_style
    if asked is None or design is None:
        return None
    reason = asked.override_reason.strip()
    rule = JdlRule(
        se=asked.se,
        worthwhile=asked.worthwhile,
        minimum_people=asked.minimum_people,
        minimum_matched=asked.minimum_matched,
        submitted=asked.submitted,
        override=bool(reason),
        reason=reason,
        follow_up_days=spec.follow_up.days if spec.from_extracts else None,
        expected_share=spec.diagnostics.expected_share,
    )
    return jdl_style_of_design(design, opened.frame, rule=rule, columns=columns_of(spec), cohort=prepared.cohort)


def columns_of(spec: StudySpec) -> JdlColumns:
    """Return where the headline measures stand: measured from extracts, or the first outcome of each kind.

    Parameters
    ----------
    spec
        The study.

    Returns
    -------
    JdlColumns
    """
    if spec.from_extracts:
        return JdlColumns()
    rate, count, time = (first_outcome(spec, kind) for kind in ("yes_no", "count", "time"))
    times = (None, None) if time is None else time_columns(time)
    return JdlColumns(
        reoffended="reoffended" if rate is None else value_column(rate),
        n_reoffences=None if count is None else value_column(count),
        time=times[0],
        event=times[1],
        time_unit="days" if time is None else time.unit,
    )


def jdl_rows(found: JdlStyle | None) -> Iterator[dict[str, Any]]:
    """Return the headline measures as rows of the tidy table of a study.

    Parameters
    ----------
    found
        The analysis; none gives no rows.

    Returns
    -------
    iterator of dict
        section, measure, group, estimate, conf_low, conf_high, n, n_smallest, status, note. The counts of frequency and
        time are at most those of the rate: where it is too small to be shown, so are they.
    """
    if found is None:
        return
    # The tidy table imports this module.
    from dipeval.study.tidy import smallest_count

    common = {"section": "jdl style", "status": "override" if found.overridden else "shown", "note": STYLE}
    if found.withheld:
        yield common | {"measure": "withheld", "group": "rate", "status": "withheld"}
        return
    rate = found.measures[0].effect
    least = 0 if rate is None else smallest_count(rate)
    for item in found.measures:
        effect = item.effect
        if effect is None:
            continue
        behind = min(least, smallest_count(effect))
        limits = {"conf_low": effect.conf_low, "conf_high": effect.conf_high}
        n = effect.n_treated + effect.n_comparison
        row = common | {"group": item.kind, "n": n, "n_smallest": behind}
        yield row | {"measure": effect.measure, "estimate": effect.estimate, **limits}
        for side, size in (("treated", effect.n_treated), ("comparison", effect.n_comparison)):
            yield row | {"measure": f"mean_{side}", "estimate": getattr(effect, f"mean_{side}"), "n": size}
