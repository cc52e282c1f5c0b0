"""The people of an augmented estimate, in the order of their ids, so that no sum depends on the order of the rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dipeval.effects.estimators import aipw_words as words
from dipeval.effects.estimators.aipw_models import is_suited, standardised
from dipeval.effects.estimators.bootstrap_sample import Resample
from dipeval.effects.request import Request
from dipeval.effects.robust import Floats
from dipeval.errors import InputError
from dipeval.matching.dealing import dealt, places_by_id
from dipeval.matching.design import Design
from dipeval.matching.method_words import METHOD_WORDS, WEIGHTED
from dipeval.matching.weight_equations_score import sample_weights, why_no_score_equations

# Whom an effect is about: the groups it is averaged over (True: treated).
TARGETS: Final[dict[str, tuple[bool, ...]]] = {"ATT": (True,), "ATC": (False,), "ATE": (True, False)}
USUAL_MODEL: Final = {"yes_no": "logit", "count": "poisson", "number": "linear"}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class People:
    """The people used, sorted by id.

    Parameters
    ----------
    design
        The design (of a resample: the one it was drawn from).
    places
        Position of each among all people of the design.
    outcome, treated
        Of each.
    mass
        What each counts: 1 or the sample weight, times how often the person was drawn.
    about
        The same for those the effect is about, 0 for the others.
    rows
        People x terms of the outcome models, standardised, with a constant.
    multiples
        How often each person of the whole design was drawn; ones outside a bootstrap.
    part
        Part each was dealt to.
    folds
        Number of parts; 1 for none.
    model
        Of the outcome.
    score_again
        Whether the score is fitted again (in each part, or for a resample).
    """

    design: Design
    places: NDArray[np.int64]
    outcome: Floats
    treated: NDArray[np.bool_]
    mass: Floats
    about: Floats
    rows: Floats
    multiples: Floats
    part: NDArray[np.int64]
    folds: int
    model: str
    score_again: bool

    @property
    def estimand(self) -> str:
        """ATT, ATC or ATE."""
        return self.design.estimand

    def spread_out(self, values: Floats) -> Floats:
        """Return values as values of all people of the design, in its order; 0 for the unused."""
        whole = np.zeros(len(self.multiples))
        whole[self.places] = values
        return whole


def gather(request: Request) -> People:
    """Gather what an augmented estimate needs of the people.

    Parameters
    ----------
    request
        A design of `weight`, or a resample of one, joined to the outcome.

    Returns
    -------
    People

    Raises
    ------
    InputError
        If the design or the model of the outcome is not one for this estimator.
    """
    given = request.design
    drawn = isinstance(given, Resample)
    design = given.base if isinstance(given, Resample) else given
    if not isinstance(design, Design) or design.method not in WEIGHTED:
        how = METHOD_WORDS.get(design.method, f"'{design.method}'")
        raise InputError(words.NOT_A_WEIGHTING.format(method=how))
    if design.estimand not in TARGETS:
        raise InputError(words.WRONG_ESTIMAND.format(estimand=design.estimand))
    model = request.options.model or USUAL_MODEL[request.kind]
    if not is_suited(model, request.sample.outcome):
        raise InputError(words.WRONG_MODEL.format(model=model, name=request.name))
    order = places_by_id(design)
    used = given.weights.to_numpy() > 0
    places = order[used[order]]
    multiples = given.multiples if isinstance(given, Resample) else np.ones(len(used))
    mass = (sample_weights(design) * multiples)[places]
    treated = design.treated.to_numpy(dtype=bool)[places]
    folds = _n_folds(request)
    return People(
        design=design,
        places=places,
        outcome=request.spread_out(request.sample.outcome)[places],
        treated=treated,
        mass=mass,
        about=np.where(np.isin(treated, TARGETS[design.estimand]), mass, 0.0),
        rows=standardised(_terms(request, design)[places]),
        multiples=multiples,
        part=_parts(request, design, used, folds)[places],
        folds=folds,
        model=model,
        score_again=(drawn or folds > 1) and why_no_score_equations(design) is None,
    )


def _terms(request: Request, design: Design) -> Floats:
    if request.options.adjust is not None and not request.options.adjust:
        raise InputError(words.NO_COVARIATES)
    terms: Floats = design.model_terms(request.options.adjust).to_numpy(dtype=np.float64)
    return terms


def _n_folds(request: Request) -> int:
    folds = request.options.folds
    if not isinstance(folds, (int, np.integer)) or isinstance(folds, bool) or folds < 1:
        raise InputError(f"folds must be a whole number of at least 1 (1: none); it is {folds!r}.")
    return int(folds)


def _parts(request: Request, design: Design, used: NDArray[np.bool_], folds: int) -> NDArray[np.int64]:
    if folds == 1:
        return np.zeros(len(used), dtype=np.int64)
    persons = None
    if request.own_clusters and request.sample.clusters is not None:
        persons = np.full(len(used), -1, dtype=np.int64)
        persons[request.rows] = request.sample.clusters
    return dealt(design, used, folds, request.options.seed, persons)
