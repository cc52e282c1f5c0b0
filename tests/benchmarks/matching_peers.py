"""Python peers of the matching benchmark, run in an environment of their own (no part of the project's is needed).

    python tests/benchmarks/matching_peers.py PEER FOLDER PEOPLE COVARIATES

Each fits its propensity model and matches every treated person to one comparison person on it, with the means the
peer's own documentation shows; then its balance table, where it has one. Each step prints "begin NAME" and "end NAME"
with the CPU seconds so far, so that a run cut short still says how far it came.
"""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd


@contextmanager
def step(name: str) -> Iterator[None]:
    """Print the CPU seconds before and after."""
    print("begin", name, time.process_time(), flush=True)
    yield
    print("end", name, time.process_time(), flush=True)


def read(folder: Path, people: int, covariates: int) -> pd.DataFrame:
    """The files that the other sides read too."""
    values = np.fromfile(folder / "covariates.f8", dtype="<f8").reshape(covariates, people).T
    frame = pd.DataFrame(values, columns=[f"x{place}" for place in range(covariates)])
    frame["treated"] = np.fromfile(folder / "treated.f8", dtype="<f8").astype(int)
    return frame


def psmpy(frame: pd.DataFrame) -> int:
    """Caliper of 0.2 on the logit, without replacement; its balance is a picture of effect sizes."""
    import matplotlib as mpl

    mpl.use("Agg")
    from psmpy import PsmPy  # type: ignore[import-not-found]

    frame["person"] = np.arange(len(frame))
    with step("fit"):
        model = PsmPy(frame, treatment="treated", indx="person", exclude=[])
        model.logistic_ps(balance=False)
    with step("match"):
        model.kdtree_matched(matcher="propensity_logit", replacement=False, caliper=0.2, drop_unmatched=True)
    with step("balance"):
        model.effect_size_plot()
    return int(model.df_matched["treated"].sum())


def causalinference(frame: pd.DataFrame) -> int:
    """With replacement, the only way it has; its balance is before matching only, so it is left out."""
    from causalinference import CausalModel  # type: ignore[import-not-found]

    treated, values = frame.pop("treated").to_numpy(), frame.to_numpy()
    outcome = np.zeros(len(frame))
    outcome[::2] = 1.0  # it matches only to estimate an effect, so it must be given an outcome
    with step("fit"):
        model = CausalModel(outcome, treated, values)
        model.est_propensity()
    with step("match"):
        share = model.propensity["fitted"]
        CausalModel(outcome, treated, np.log(share / (1 - share)).reshape(-1, 1)).est_via_matching(matches=1)
    return int(treated.sum())


def causallib(frame: pd.DataFrame) -> int:
    """Caliper of 0.02 on the probability, without replacement, and its table of standardised differences."""
    from causallib.estimation import PropensityMatching  # type: ignore[import-not-found]
    from causallib.metrics.weight_metrics import calculate_covariate_balance  # type: ignore[import-not-found]
    from sklearn.linear_model import LogisticRegression

    treated = frame.pop("treated")
    learner = LogisticRegression(C=np.inf, max_iter=1000)
    model = PropensityMatching(learner, caliper=0.02, with_replacement=False, matching_mode="control_to_treatment")
    with step("fit"):
        model.fit(frame, treated, pd.Series(np.zeros(len(frame))))
    with step("match"):
        found = model.match(frame, treated, successful_matches_only=True)
    with step("balance"):
        weights = model.matches_to_weights(found).sum(axis=1)
        calculate_covariate_balance(frame, treated, weights)
    return len(found)


def main(arguments: list[str]) -> None:
    """Run one peer."""
    name, folder, people, covariates = arguments[0], Path(arguments[1]), int(arguments[2]), int(arguments[3])
    warnings.simplefilter("ignore")
    peers: dict[str, Any] = {"psmpy": psmpy, "causalinference": causalinference, "causallib": causallib}
    print("version", name, version(name), flush=True)
    print("pairs", peers[name](read(folder, people, covariates)))


if __name__ == "__main__":
    main(sys.argv[1:])
