"""Was there anybody to compare with? How far the two groups overlap before anybody is matched or weighted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from dipeval.disclosure import is_small, release_count, share_digits
from dipeval.matching.overlap import Overlap
from dipeval.matching.overlap import overlap as measured
from dipeval.plots.overlap import preference_plot
from dipeval.plots.style import to_png
from dipeval.presenting import format_number, format_percent
from dipeval.report import words
from dipeval.report.blocks import Block, Picture, Section, Text, nothing
from dipeval.study.gate_checks import equipoise_of

if TYPE_CHECKING:
    from dipeval.study import StudyResult

GROUPS = ("n_treated", "n_comparison")
WHAT_IT_SHOWS = (
    "A comparison is fair only among people who could have gone either way. The preference score says how likely "
    "treatment was for a person, had half of all people been treated: at 0.5 it was as likely as not. Where both "
    "groups have bars, there is somebody to compare with; where only one has, there is not."
)


def overlap(result: StudyResult) -> Section:
    """Return the part of the report on how far the groups overlap; nothing where the design has no score.

    Parameters
    ----------
    result
        From ``Study.run()``.

    Returns
    -------
    Section
    """
    made = result.design
    if made.score is None or is_small(min(made.n_treated, made.n_comparison), result.rule):
        return nothing()
    found = measured(made)
    told = [WHAT_IT_SHOWS, words.in_units(result, " ".join((_equipoise(result, found), *_outside(result, found))))]
    blocks: list[Block] = [Text(paragraphs=tuple(told)), *_picture(result, found)]
    return Section(title="Was there anybody to compare with?", anchor="overlap", blocks=tuple(blocks), level=3)


def _equipoise(result: StudyResult, found: Overlap) -> str:
    inside, everybody = equipoise_of(result.design)
    fewest, could = min(inside, everybody - inside), "could have gone either way (a preference score from 0.3 to 0.7)."
    if is_small(fewest, result.rule):
        few = f"fewer than {result.rule.threshold}"
        return f"All people, or all but {few}, {could}" if inside > fewest else f"Nobody, or {few} people, {could}"
    share = format_percent(found.equipoise, share_digits(fewest, result.rule))
    return f"{share} of all people {could}"


def _outside(result: StudyResult, found: Overlap) -> tuple[str, ...]:
    """How many people have scores that the other group does not reach; where that range lies is of single people."""
    low, high = found.common_support
    if low > high:
        return ("No score is reached by both groups.",)
    counts = [words.people(result, n) for n in (found.n_treated_outside, found.n_comparison_outside)]
    where = (
        "" if result.rule.protects else f" (propensity scores from {format_number(low, 3)} to {format_number(high, 3)})"
    )
    few = " [c]: fewer than may be counted, or none." if any(count == "[c]" for count in counts) else ""
    return (
        f"Outside the range of scores that both groups reach{where}: {counts[0]} of the treated and {counts[1]} of the "
        f"comparison group.{few}",
    )


def _picture(result: StudyResult, found: Overlap) -> list[Block]:
    bands, left_out = found.to_frame(), ""
    if result.rule.protects:
        bands = protected_bands(found, result)
        left_out = f". Tenths of the scale with fewer than {result.rule.threshold} people of a group are left out of it"
        if (bands[list(GROUPS)].sum() == 0).any():
            few = "The preference scores of the two groups are not drawn: too few people in each tenth of the scale."
            return [Text(paragraphs=(few,))]
    return [
        Picture(
            png=to_png(preference_plot(bands)),
            alt=f"Preference scores of the treated above the line and of the comparison group below it. {_alt(bands)}",
            caption="How likely was treatment for people of either group? Preference scores before matching or "
            f"weighting{left_out}",
        )
    ]


def _alt(bands: pd.DataFrame) -> str:
    """Where the bars of each group are tallest."""
    parts = []
    for name, who in zip(GROUPS, ("the treated", "the comparison group"), strict=True):
        low, high = (float(bands[end].iloc[bands[name].to_numpy().argmax()]) for end in ("band_from", "band_to"))
        parts.append(f"{who} between {format_number(low, 2)} and {format_number(high, 2)}")
    return f"The tallest bars stand for {' and for '.join(parts)}."


def protected_bands(found: Overlap, result: StudyResult) -> pd.DataFrame:
    """Return the people by tenth of the preference score as the rule lets them be counted.

    Parameters
    ----------
    found
        The overlap.
    result
        For its rule.

    Returns
    -------
    pandas.DataFrame
        band_from, band_to, n_treated, n_comparison: rounded, 0 where a count may not be shown.
    """
    bands = found.to_frame()
    tenth = (bands["band_from"] * 10 + 1e-9).astype(int)
    drawn = bands.groupby(tenth, as_index=False).agg(
        band_from=("band_from", "min"), band_to=("band_to", "max"), n_treated=("n_treated", "sum"),
        n_comparison=("n_comparison", "sum"),
    )  # fmt: skip
    for name in GROUPS:
        drawn[name] = [_shown(count, result) for count in drawn[name]]
    return drawn


def _shown(count: int, result: StudyResult) -> int:
    return 0 if is_small(count, result.rule) else int(release_count(count, result.rule).replace(",", ""))
