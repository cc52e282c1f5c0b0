"""The design made again without a held-out window, and without whatever counts some of the same events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from dipeval.effects.checks import negative_controls_words as words
from dipeval.effects.checks.negative_controls_windows import CONTAINS, Counted
from dipeval.effects.design_analysis import DesignAnalysis
from dipeval.errors import DesignError
from dipeval.matching.formula import formula_columns

_LISTS: Final = ("exact", "anti_exact", "mahalanobis")
_MAPPINGS: Final = ("covariate_calipers", "cutpoints", "references", "measured_at")
SAME: Final = "same"
_CLASH: Final[dict[str, str]] = {SAME: words.CLASH_SAME, CONTAINS: words.CLASH_CONTAINS}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Refit:
    """The analysis of one negative control, and the columns it leaves out.

    Parameters
    ----------
    analysis
        The design to make.
    left_out
        Columns of the main design that it does without, sorted.
    """

    analysis: DesignAnalysis
    left_out: tuple[str, ...] = ()


def plan_refit(
    analysis: DesignAnalysis,
    *,
    column: str,
    label: str,
    held_out: Counted | None,
    counted: Mapping[str, Counted],
    drop_containing: bool,
) -> Refit:
    """Return the analysis without the columns that a negative control must not share with the design.

    Parameters
    ----------
    analysis
        The main one.
    column, label
        The negative control.
    held_out
        What it counts; None if that is not known: then the column itself alone is looked for.
    counted
        What the other columns count, as far as it is known.
    drop_containing
        Whether such columns may be left out; otherwise they are a reason to refuse.

    Returns
    -------
    Refit

    Raises
    ------
    DesignError
        If the design uses such columns and they may not, or cannot, be left out.
    """
    clashes = _clashes(analysis.needs, column, held_out, counted)
    if not clashes:
        return Refit(analysis=analysis)
    names = sorted(clashes)
    listed = {"label": label, "columns": ", ".join(names), "it_them": "it" if len(names) == 1 else "them"}
    formula = analysis.options.get("formula")
    if not drop_containing:
        told = "; ".join(_CLASH.get(kind, words.CLASH_SHARES).format(column=name) for name, kind in clashes.items())
        raise DesignError(words.REFUSED.format(clashes=told, **listed) + ".")
    if set(names) & set(formula_columns((), formula)) or analysis.options.get("sample_weights") in names:
        raise DesignError(words.REFUSED_FORMULA.format(**listed))
    covariates = tuple(name for name in analysis.covariates if name not in clashes)
    if not covariates:
        raise DesignError(words.REFUSED_EMPTY.format(**listed))
    return Refit(
        analysis=replace(analysis, covariates=covariates, options=_without(analysis.options, names)),
        left_out=tuple(names),
    )


def _clashes(
    needs: Sequence[str], column: str, held_out: Counted | None, counted: Mapping[str, Counted]
) -> dict[str, str]:
    """Column of the design -> how it stands to the held-out window."""
    found = {}
    for name in needs:
        if name == column:
            found[name] = SAME
        elif held_out is not None and name in counted:
            relation = counted[name].relation(held_out)
            if relation is not None:
                found[name] = relation
    return found


def _without(options: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """Return the options of a design with some columns taken out of them."""
    kept = dict(options)
    for option in _LISTS:
        if kept.get(option):
            kept[option] = [name for name in kept[option] if name not in names]
    for option in _MAPPINGS:
        if kept.get(option):
            kept[option] = {name: value for name, value in kept[option].items() if name not in names}
    return kept
