"""The outcomes in a few figures and sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dipeval.outcomes.wording import headline_of
from dipeval.presenting import format_count, format_number, format_percent

if TYPE_CHECKING:
    import pandas as pd

    from dipeval.outcomes.follow_up import FollowUp

_TITLES: Final = {"proven": "Proven reoffending", "arrest": "Rearrests", "charge": "New charges"}


def title_of(follow_up: FollowUp) -> str:
    """Return the title of a summary."""
    return _TITLES[follow_up.basis]


def figures_of(frame: pd.DataFrame, follow_up: FollowUp, unit: str) -> tuple[str, list[tuple[str, str]]]:
    """Return the headline and the rows (figure, value) of a summary."""
    noun, plural = headline_of(follow_up)
    one = "person" if unit == "people" else "index event"
    n, n_yes, n_all = len(frame), int(frame["reoffended"].sum()), int(frame["n_reoffences"].sum())
    deaths = int((frame["censor_reason"] == "death").sum())
    capital = plural[:1].upper() + plural[1:]
    rows = [
        (f"{unit[:1].upper()}{unit[1:]} followed", format_count(n)),
        ("Reoffended" if follow_up.basis == "proven" else f"Had a {noun}", _count_and_share(n_yes, n)),
        (capital, format_count(n_all)),
        (f"{capital} per {one}", format_number(n_all / n)),
        ("Died without having reoffended", format_count(deaths)),
        ("Mean days in custody", format_number(frame["custody_days"].mean(), 1)),
        ("Mean days observed", format_number(frame["observed_days"].mean(), 1)),
        ("Mean days at risk (observed, less custody)", format_number(frame["at_risk_days"].mean(), 1)),
        ("Pseudo-reconvictions (not counted)", format_count(int(frame["n_pseudo_reconvictions"].sum()))),
    ]
    if frame["custodial_reconviction"].notna().all():
        rows.append(("Had a custodial reconviction", _count_and_share(int(frame["custodial_reconviction"].sum()), n)))
    if frame["severity_score"].notna().all():
        rows.append(("Mean severity score", format_number(frame["severity_score"].mean(), 1)))
    ended = int((frame["censor_reason"] == "extract_end").sum())
    if ended:
        rows.append(("Follow-up cut short by the end of the extract, without reoffending", format_count(ended)))
    headline = (
        f"Within {follow_up.days} days {format_percent(n_yes / n)} of {format_count(n)} {unit} had a {noun}; "
        f"there were {format_number(n_all / n)} per {one}."
    )
    return headline, rows


def _count_and_share(count: int, n: int) -> str:
    return f"{format_count(count)} ({format_percent(count / n)})"


def notes_of(
    frame: pd.DataFrame, follow_up: FollowUp, excluded: pd.DataFrame, absent: tuple[str, ...]
) -> tuple[str, ...]:
    """Return the definition, what ends follow-up, what was left out and what is not known."""
    notes = [
        follow_up.in_words(),
        "Death ends follow-up: it censors the time to the first reoffence; in the yes/no and the number, "
        "people who died stay in with what they did until then. Days in custody are not taken off, but in the days at "
        "risk.",
    ]
    left_out = excluded[excluded["n"] > 0]
    if len(left_out):
        said = "; ".join(
            f"{words[:1].lower() + words[1:]} ({format_count(n)})"
            for words, n in zip(left_out["label"], left_out["n"], strict=True)
        )
        notes.append(f"Offences not counted: {said}.")
    if (frame["censor_reason"] == "extract_end").any():
        less = (
            " Their offences also had less time to be dealt with, so that fewer of them are proven than of the others."
        )
        less = less if follow_up.basis == "proven" else ""
        notes.append(
            "For some the extract ends before their follow-up does: their yes/no and number are of a shorter time, so "
            f"compare times or rates, not shares.{less}"
        )
    if "custody_spells" in absent:
        notes.append("There is no extract of custody: days at risk are the days observed.")
    if frame["custodial_reconviction"].isna().any():
        notes.append("The offences do not say which led to custody, so custodial reconvictions are not known.")
    return tuple(notes)
