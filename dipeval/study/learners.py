"""The models of the propensity score that a study file can name, each with settings that are fixed and written down.

None of them is tuned to the data: what a study file names is what every run fits. Their scores are cross-fitted by
`dipeval.propensity` (nobody's score comes from a model that has seen that person), whose result names the penalty.

ridge, lasso: Hoerl and Kennard (1970), Technometrics 12, 55-67; Tibshirani (1996), Journal of the Royal Statistical
Society B 58, 267-288. forest: Breiman (2001), Machine Learning 45, 5-32. boosting: Friedman (2001), Annals of
Statistics 29, 1189-1232. Machine learning for the score: Lee, Lessler and Stuart (2010), Statistics in Medicine 29,
337-346.
"""

from __future__ import annotations

from typing import Any

PENALTY = 1.0
TREES, PEOPLE_IN_A_LEAF = 300, 10
ROUNDS, LEARNING_RATE, LEAVES, PEOPLE_IN_A_BRANCH = 100, 0.1, 15, 20
FITTED_ONCE = ("logit", "probit")
WORDS = {
    "logit": "logistic regression by maximum likelihood, no penalty",
    "probit": "probit regression by maximum likelihood, no penalty",
    "ridge": f"logistic regression on standardised covariates with an L2 penalty (C = {PENALTY:g}), cross-fitted",
    "lasso": f"logistic regression on standardised covariates with an L1 penalty (C = {PENALTY:g}), cross-fitted",
    "forest": f"random forest of {TREES} trees with at least {PEOPLE_IN_A_LEAF} people in a leaf, cross-fitted",
    "boosting": (
        f"boosted trees ({ROUNDS} rounds, learning rate {LEARNING_RATE:g}, at most {LEAVES} leaves of at least "
        f"{PEOPLE_IN_A_BRANCH} people), cross-fitted"
    ),
}


def learner(name: str, seed: int) -> Any:
    """Return an unfitted scikit-learn classifier; None for a model without a penalty, fitted once to everybody.

    Parameters
    ----------
    name
        ``logit``, ``probit``, ``ridge``, ``lasso``, ``forest`` or ``boosting``.
    seed
        Of those that draw at random.

    Returns
    -------
    scikit-learn classifier or None

    Examples
    --------
    >>> learner("logit", 1) is None, type(learner("forest", 1)).__name__
    (True, 'RandomForestClassifier')
    """
    if name in FITTED_ONCE:
        return None
    if name in ("ridge", "lasso"):
        return _penalised(name)
    from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier

    if name == "forest":
        return RandomForestClassifier(
            n_estimators=TREES, min_samples_leaf=PEOPLE_IN_A_LEAF, max_features="sqrt", random_state=seed, n_jobs=1
        )
    return HistGradientBoostingClassifier(
        max_iter=ROUNDS,
        learning_rate=LEARNING_RATE,
        max_leaf_nodes=LEAVES,
        min_samples_leaf=PEOPLE_IN_A_BRANCH,
        early_stopping=False,
        random_state=seed,
    )


def _penalised(name: str) -> Any:
    from inspect import signature

    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    # From scikit-learn 1.8 on the kind of penalty is said by l1_ratio; before, by its name.
    by_name = signature(LogisticRegression).parameters["penalty"].default in ("l1", "l2")
    lasso = name == "lasso"
    kind: dict[str, Any] = {"penalty": "l1" if lasso else "l2"} if by_name else {"l1_ratio": 1.0 if lasso else 0.0}
    model = LogisticRegression(
        C=PENALTY, solver="saga" if lasso else "lbfgs", max_iter=10_000, tol=1e-8, random_state=0, **kind
    )
    return make_pipeline(StandardScaler(), model)
