"""Classifiers in place of the logistic regression: which can be, and what they do to the scores, in words."""

from __future__ import annotations

import math
from typing import Any

from dipeval.errors import InputError

SHOWN = (
    "n_estimators",
    "max_iter",
    "learning_rate",
    "max_depth",
    "max_leaf_nodes",
    "min_samples_leaf",
    "l2_regularization",
    "alpha",
    "C",
    "n_neighbors",
)


def refuse_unfit(learner: Any) -> None:
    """Refuse what is no scikit-learn classifier with probabilities.

    Raises
    ------
    InputError
        Saying what is needed.
    """
    from sklearn.base import is_classifier

    kind = type(learner).__name__
    if isinstance(learner, type):
        raise InputError(f"learner must be an instance, not a class: write {learner.__name__}().")
    if not (hasattr(learner, "get_params") and hasattr(learner, "fit")):
        raise InputError(
            f"learner must be a scikit-learn classifier, such as RandomForestClassifier(); it is a {kind}. None is "
            "logistic regression without a penalty."
        )
    if not is_classifier(learner):
        raise InputError(f"learner must be a classifier; {kind} is none: its numbers would be no chances.")
    if not hasattr(learner, "predict_proba"):
        raise InputError(
            f"learner {kind} has no predict_proba as it is set up, so it gives no chance of being treated: choose its "
            "probability option, or wrap it in CalibratedClassifierCV."
        )


def learner_in_words(learner: Any) -> str:
    """Name a classifier by its class, or that of the last step of a pipeline."""
    last = last_step(learner)
    return type(last).__name__ if last is learner else f"{type(last).__name__} in a pipeline"


def penalty_in_words(learner: Any) -> str:
    """Say what keeps a classifier from following the data, as far as it has such settings.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> penalty_in_words(LogisticRegression(C=0.5))
    'L2 penalty, C = 0.5'
    """
    last = last_step(learner)
    settings = last.get_params(deep=False)
    if _is_logistic(last):
        return _logistic_penalty(settings)
    shown = [f"{name} = {settings[name]}" for name in SHOWN if name in settings]
    return f"no penalty as such; {', '.join(shown)}" if shown else "settings of the learner as given; no penalty known"


def penalty_cautions(learner: Any) -> tuple[str, ...]:
    """Warn of a penalty that moves scores, and of one that depends on the unit of a column."""
    last = last_step(learner)
    if not _is_logistic(last) or penalty_in_words(learner) == "no penalty":
        return ()
    notes = [
        f"The learner shrinks its coefficients ({penalty_in_words(learner)}), which moves the scores away from those "
        "of maximum likelihood: scikit-learn's default does so too. Without a penalty, leave learner= out."
    ]
    if last is learner:
        notes.append(
            "A penalty depends on the unit of each column, and these columns were not standardised: put a "
            "StandardScaler before the learner in a pipeline."
        )
    return tuple(notes)


def _logistic_penalty(settings: dict[str, Any]) -> str:
    strength = settings.get("C")  # LogisticRegressionCV has none: it chooses
    kind = settings.get("penalty", "deprecated")
    if kind is None or (isinstance(strength, float) and math.isinf(strength)):
        return "no penalty"
    share = settings.get("l1_ratio") or 0.0
    if kind in ("l1", "l2", "elasticnet"):
        share = {"l1": 1.0, "l2": 0.0}.get(kind, share)
    words = {0.0: "L2 penalty", 1.0: "L1 penalty"}.get(share, f"elastic-net penalty with an L1 share of {share}")
    return (
        f"{words}, C = {strength:g}"
        if isinstance(strength, (int, float))
        else f"{words}, C chosen by the learner itself"
    )


def _is_logistic(last: Any) -> bool:
    from sklearn.linear_model import LogisticRegression

    return isinstance(last, LogisticRegression)


def last_step(learner: Any) -> Any:
    """Return the classifier itself where it stands at the end of a pipeline."""
    steps = getattr(learner, "steps", None)
    return steps[-1][1] if isinstance(steps, list) and steps else learner
