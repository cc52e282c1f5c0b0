"""What the measures of a time to an event have in common: a table of times, and their error.

Lin, D. Y. and Wei, L. J. (1989), *JASA* 84, 1074-1078, for a hazard ratio; the infinitesimal jackknife for the area
under a curve. Neither has a correction for small samples.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dipeval.effects.estimators.abadie_imbens import ABADIE_IMBENS
from dipeval.effects.estimators.abadie_imbens_words import NOT_THIS_MEASURE
from dipeval.effects.estimators.two_way import Served, clustered_both_ways, reused_sets
from dipeval.effects.estimators.weighted import usual_error, with_sandwich
from dipeval.effects.joining import cluster_word
from dipeval.effects.measures import TIMED_WORDS
from dipeval.effects.request import Estimate, Request, from_contributions
from dipeval.effects.robust import Floats, Sample
from dipeval.errors import EstimationError, InputError
from dipeval.vocabulary import TREATED

ONE_SET: Final = (
    "All events lie in one pair, set or person, so that nothing can be learned of how these differ and an interval "
    "would claim certainty. Follow people for longer, or match more people."
)
# Errors summed over people, or over pairs, sets or persons.
OFFERED: Final = ("hc0", "cluster_hc0", "m_estimation", "bootstrap")


def table_of(sample: Sample) -> tuple[NDArray[np.intp], pd.DataFrame]:
    """Return the people used as a table of time, event, weight and treated, and where each row stood.

    Rows are sorted by what they hold: their numbers then say nothing of where they stood.
    """
    order = np.lexsort((sample.treated, sample.weights, sample.outcome, sample.exposure))
    frame = pd.DataFrame(
        {
            "time": sample.exposure[order],
            "event": sample.outcome[order],
            "weight": sample.weights[order],
            TREATED: sample.treated[order].astype(np.float64),
        }
    )
    return order, frame


def with_error(
    request: Request,
    *,
    centre: float,
    means: tuple[float, float],
    influence: Floats,
    how: str,
    notes: tuple[str, ...] = (),
) -> Estimate:
    """Return an estimate from times to an event with the error asked for, or the one that suits the design.

    Parameters
    ----------
    request
        The design joined to the outcome.
    centre, means
        The estimate and the means of the two groups (NaN where there are none).
    influence
        Of every person used: the weight times the derivative of the estimate with respect to it.
    how
        What was estimated, for the words on the error.
    notes
        Sentences that belong beside the estimate.

    Returns
    -------
    Estimate

    Raises
    ------
    InputError
        If an error is asked for that these measures do not have.
    EstimationError
        If that is the error of Abadie and Imbens, which is one of means over matches.
    """
    if request.options.std_error == ABADIE_IMBENS:
        raise EstimationError(NOT_THIS_MEASURE.format(measure=request.measure))
    served = reused_sets(request.design)
    kind = usual_error(request, plain="hc0" if served is None else "cluster_hc0", clustered="cluster_hc0")
    if kind not in OFFERED:
        raise InputError(
            f"std_error='{kind}' is not given for {TIMED_WORDS[request.measure]}; use 'auto', which is robust and "
            "clustered where the design has pairs or sets."
        )
    two_way = kind == "cluster_hc0" and served is not None
    _check_sets_with_events(request, served if two_way else None)
    found = with_sandwich(
        request,
        kind="hc0" if two_way else kind,
        centre=centre,
        means=means,
        influence=influence,
        n_coefficients=1,
        notes=notes,
    )
    if two_way and served is not None:
        return replace(clustered_both_ways(request, found, served, corrected=False, how=how), kind="cluster_hc0")
    if found.kind not in ("hc0", "cluster_hc0") or found.contributions is None:
        return found
    return replace(
        found,
        std_error=from_contributions(found.contributions, found.clusters, 1.0),
        factor=1.0,
        se_method=_words(request, found.kind, how),
    )


def _check_sets_with_events(request: Request, served: Served | None) -> None:
    """Refuse events that all lie in one pair, set or person: nothing can be learned of how sets differ."""
    sample = request.sample
    happened = sample.outcome == 1
    if served is not None:
        within = served.of_set[np.isin(served.person, np.asarray(request.rows)[happened])]
    elif sample.clusters is not None:
        within = sample.clusters[happened]
    else:
        return
    if len(np.unique(within)) < 2:
        raise EstimationError(ONE_SET)


def _words(request: Request, kind: str, how: str) -> str:
    if kind == "hc0":
        return f"robust ({how})"
    word = "person" if request.own_clusters else cluster_word(request.design)
    groups = "people" if word == "person" else f"{word}s"
    return f"robust, clustered by {word} ({how}, G = {request.sample.n_clusters:,} {groups})"
