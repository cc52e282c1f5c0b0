"""The summary of the cost of reoffending per person: a headline of the mean, a row an average, cautions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from dipeval.presenting import Summary, format_count, format_money, format_percent
from dipeval.roi.costs_of_crime.tables import year_in_words
from dipeval.roi.offences import prolific_words as words
from dipeval.vocabulary import label

if TYPE_CHECKING:
    from dipeval.roi.offences.prolific import ValuePerPerson


def summary_of(value: ValuePerPerson) -> Summary:
    """Return the summary.

    Parameters
    ----------
    value
        The result.

    Returns
    -------
    Summary
    """
    frame = value.to_frame()
    left_out = dict(zip(frame["term"], frame["trim"].tolist(), strict=True))
    shares = {"trimmed_mean": _share(value.trim), "median": _share(1 - 2 * left_out["median"])}
    table = pd.DataFrame(
        {
            "Average": [words.AVERAGES[term].format(share=shares.get(term, "")) for term in frame["term"]],
            "Treated": [format_money(one) for one in frame["treated"]],
            "Comparison": [format_money(one) for one in frame["comparison"]],
            "Averted": [format_money(one) for one in frame["estimate"]],
            f"{_percent(value.level)} interval": [
                f"{format_money(low)} to {format_money(high)}"
                for low, high in zip(frame["conf_low"], frame["conf_high"], strict=True)
            ],
        }
    )
    return Summary(title=words.TITLE, headline=_headline(value), table=table, notes=_notes(value, shares["median"]))


def _share(share: float) -> str:
    return f"{round(100 * share, 1):g}%"


def _percent(share: float) -> str:
    return f"{round(100 * share, 6):g}%"


def _headline(value: ValuePerPerson) -> str:
    low, high = -value.effect.conf_high, -value.effect.conf_low
    text = words.LESS if low > 0 else words.MORE if high < 0 else words.OPEN
    return text.format(
        mean=format_money(-value.effect.estimate),
        more=format_money(value.effect.estimate),
        low=format_money(low),
        high=format_money(high),
        level=f"{round(100 * value.level, 6):g}",
        prices=year_in_words(value.price_year),
        apart=_apart(value),
    )


def _apart(value: ValuePerPerson) -> str:
    if not value.disagreeing:
        return ""
    named = [words.POINTS[term].format(share=_share(value.trim)) for term in value.disagreeing if term in words.POINTS]
    return words.APART.format(others=" and ".join(named))


def _notes(value: ValuePerPerson, middle: str) -> tuple[str, ...]:
    lines = [
        words.NOTE_ESTIMAND.format(estimand=value.estimand.rstrip(".")),
        words.NOTE_ONLY_MEAN,
        words.NOTE_TRIM,
        words.NOTE_MIDDLE.format(share=middle),
        *_top(value),
        words.NOTE_MEAN_ERROR.format(method=value.effect.se_method),
        _bootstrap(value),
    ]
    frame = value.to_frame()
    if frame["estimate"].isna().any():
        lines.append(words.NOTE_WITHHELD.format(least=3))
    if value.unpriced:
        lines.append(words.NOTE_UNPRICED.format(groups=", ".join(label(one).lower() for one in value.unpriced)))
    counted = "counted" if value.include_anticipation else "left out"
    lines.append(words.NOTE_PERSPECTIVE.format(perspective=value.perspective, counted=counted))
    if "secondary" in value.statuses:
        lines.append(words.NOTE_SECONDARY)
    return (*lines, words.NOTE_VALUE)


def _top(value: ValuePerPerson) -> list[str]:
    held = value.concentration()
    shares = held[held["top_share"] == held["top_share"].min()].set_index("group")["share_of_cost"]
    figures = value.to_frame().set_index("term")["estimate"]
    if shares.isna().any() or figures.isna()["without_top_1"]:
        return []
    return [
        words.NOTE_TOP.format(
            treated=format_percent(shares["treated"], 0),
            comparison=format_percent(shares["comparison"], 0),
            mean=format_money(figures["mean"]),
            without=format_money(figures["without_top_1"]),
        )
    ]


def _bootstrap(value: ValuePerPerson) -> str:
    if value.no_bootstrap:
        return words.NOTE_NO_BOOTSTRAP.format(reason=value.no_bootstrap)
    return words.NOTE_BOOTSTRAP.format(
        level=_percent(value.level),
        draws=format_count(value.draws),
        seed=value.seed,
        units=value.units,
        how=value.how,
    )
