"""A fitted model of repeated events as users see it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import pandas as pd

from dipeval.errors import InvariantError
from dipeval.presenting import Summary
from dipeval.survival.claims import claim_of_first, ratio_table
from dipeval.survival.columns import Integers, Rows
from dipeval.survival.hazards.around import AroundCox
from dipeval.survival.hazards.model import CoxModel
from dipeval.survival.hazards.wording import FEW_REPEATED, few_clusters

RATIO = "Hazard ratio"
_FEW = 10  # people


def recurrent_model(rows: Rows, numbers: Integers, model: CoxModel, kind: str, errors: str) -> RecurrentModel:
    """Return the result of a model fitted to rows; `numbers` is the event each row of the caller's table waits for."""
    assert rows.person is not None
    table = pd.DataFrame({"event_number": numbers[rows.position], "person": rows.person, "event": rows.event})
    counts = table.groupby("event_number").agg(n=("person", "nunique"), n_events=("event", "sum")).reset_index()
    return RecurrentModel(
        model=model,
        kind=kind,
        n=len(np.unique(rows.person)),
        n_rows=len(rows),
        n_events=int(rows.event.sum()),
        _counts=counts,
        _errors=errors,
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RecurrentModel(AroundCox):
    """A fitted model of repeated events.

    Parameters
    ----------
    model
        The Cox model of the start-stop rows.
    kind
        "all events" (Andersen-Gill), "total time" or "gap time" (Prentice-Williams-Peterson).
    n, n_rows, n_events
        People, their rows and their events (never weighted).
    """

    ratio_name: ClassVar[str] = RATIO

    model: CoxModel
    kind: str
    n: int
    n_rows: int
    n_events: int
    _counts: pd.DataFrame = field(repr=False)
    _errors: str = field(repr=False)

    def __post_init__(self) -> None:
        if int(self._counts["n_events"].sum()) != self.n_events or self.model.n_events != self.n_events:
            raise InvariantError("A model of repeated events has lost or doubled events.")
        if self._counts["n"].max() > self.n:
            raise InvariantError("More people wait for an event than there are.")

    @property
    def method(self) -> str:
        """Model, ties, strata, weights and errors in words."""
        kind = f"Prentice-Williams-Peterson model in {self.kind}"
        name = "Andersen-Gill model" if self.kind == "all events" else kind
        words = [f"{name}, {self.model.ties.capitalize()} ties"]
        words += ["weighted"] if self.model.weighted else []
        return ", ".join([*words, self._errors])

    def by_number(self) -> pd.DataFrame:
        """Return one row an event number: event_number, n (people who waited for it), n_events.

        The last holds later ones too where they were put together.
        """
        return self._counts.copy()

    def summary(self) -> Summary:
        """Return the hazard ratios, the first term in the headline, and what they are about."""
        frame = self.to_frame()
        if self.kind == "all events":
            what = "The rate of reoffending, every event counted,"
            about = (
                "About all events: a later event is taken to come at the rate of a first, given the terms. Errors by "
                "person allow for people who offend more than others."
            )
        else:
            what = "The rate of the next reoffence, given the number so far,"
            clock = "the start" if self.kind == "total time" else "the event before"
            about = (
                f"About the next event among people with the same number so far; time runs from {clock}. People with "
                "many events are a selected few, so later events compare them less fairly."
            )
        last = self._counts.iloc[-1]
        few = self.kind != "all events" and last["n"] < _FEW
        thin = f"Few people wait for event {last['event_number']}: put later ones together with `max_event`."
        notes = (
            f"{self.method}; {self.n:,} people, {self.n_rows:,} rows, {self.n_events:,} events; nobody was dropped.",
            about,
            *([thin] if few else []),
            *few_clusters(self.model._fit, FEW_REPEATED),
        )
        return Summary(
            title="Hazard ratios of repeated reoffending",
            headline=claim_of_first(frame, what, RATIO, self.level),
            table=ratio_table(frame, RATIO, self.level),
            notes=notes,
        )
