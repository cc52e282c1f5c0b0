"""Baseline, predicted survival, concordance and the bridge to lifelines."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import pytest

from dipeval import cox, datasets, kaplan_meier
from dipeval.errors import EstimationError, InputError
from dipeval.survival import CoxModel
from dipeval.survival.hazards.interchange import to_lifelines

TIMES: dict[str, Any] = {"time": "stop", "event": "event", "entry": "start"}


def _people(seed: int = 7, n: int = 60) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    start = rng.integers(0, 3, n)
    return pd.DataFrame(
        {
            "start": start,
            "stop": start + np.ceil(rng.exponential(8, n)),
            "event": (np.arange(n) % 4 > 0).astype(int),
            "x": rng.normal(size=n).round(1),
            "z": rng.integers(0, 2, n),
            "w": rng.uniform(0.3, 3, n),
            "off": rng.uniform(-0.5, 0.5, n),
            "site": rng.choice(["Leeds", "York"], n),
            "year": rng.integers(2019, 2021, n),
            "pair": np.arange(n) // 2,
        }
    )


def _model(data: pd.DataFrame, **options: Any) -> CoxModel:
    return cox(data, covariates=["x", "z"], **TIMES, **options)


def test_breslow_baseline_by_hand() -> None:
    """Three people; at log(2)/2 the risk sums are 2 + r and r + 1 with r the root of 2."""
    data = pd.DataFrame({"stop": [1, 2, 3], "event": [1, 1, 0], "x": [0, 1, 0]})
    model = cox(data, covariates=["x"], time="stop", event="event", ties="breslow")
    r = np.sqrt(2)
    found = model.baseline()
    np.testing.assert_allclose(found["cumulative_hazard"], np.cumsum([1 / (2 + r), 1 / (1 + r)]), rtol=1e-12)
    np.testing.assert_allclose(
        model.baseline({"x": 1})["cumulative_hazard"], r * found["cumulative_hazard"], rtol=1e-12
    )
    assert found["stratum"].tolist() == ["all", "all"]


def test_baseline_has_one_curve_a_stratum_and_agrees_with_prediction() -> None:
    model = _model(_people(), strata=["site", "year"], weights="w", offset="off")
    found = model.baseline({"x": 0.4, "z": 1})
    assert found["stratum"].unique().tolist() == ["Leeds, 2019", "Leeds, 2020", "York, 2019", "York, 2020"]
    person = pd.DataFrame({"x": [0.4], "z": [1], "off": [0.0], "site": ["York"], "year": [2019]})
    times = found.loc[found["stratum"] == "York, 2019"]
    predicted = model.predict_survival(person, times["time_days"])
    np.testing.assert_allclose(predicted["estimate"], times["survival"], rtol=1e-12)
    told = model.predict_survival(person.drop(columns=["site", "year"]), times["time_days"], strata=("York", 2019))
    pd.testing.assert_frame_equal(predicted, told)


@pytest.mark.parametrize("options", [{"weights": "w"}, {"weights": "w", "strata": "site"}, {"robust": True}])
def test_robust_errors_are_the_pull_of_every_rows_weight(options: dict[str, Any]) -> None:
    """Squares of the numeric derivative of the cumulative hazard by each row's weight, coefficients fitted anew."""
    data = _people(n=24).assign(one=1.0)
    column = options.get("weights", "one")
    person = pd.DataFrame({"x": [0.3], "z": [1], "site": ["Leeds"]})
    step, pulls = 1e-4, []

    def hazard(rows: pd.DataFrame) -> float:
        model = _model(rows, **{**options, "weights": column, "robust": None})
        return -float(np.log(model.predict_survival(person, [8])["estimate"][0]))

    for row in data.index:
        ends = []
        for sign in (1, -1):
            changed = data.copy()
            changed.loc[row, column] *= 1 + sign * step
            ends.append(hazard(changed))
        pulls.append((ends[0] - ends[1]) / (2 * step))
    found = _model(data, **options).predict_survival(person, [8]).iloc[0]
    assert found["std_error"] / found["estimate"] == pytest.approx(np.sqrt(np.square(pulls).sum()), rel=1e-6)


def test_clustered_errors_of_prediction_add_what_belongs_together() -> None:
    data = _people()
    person = data.head(2)
    own = _model(data.assign(row=range(len(data))), cluster="row").predict_survival(person, [5, 9])
    plain = _model(data, robust=True).predict_survival(person, [5, 9])
    pd.testing.assert_frame_equal(own, plain, rtol=1e-12)
    twice = pd.concat([data.assign(k=range(len(data))), data.assign(k=range(len(data)))], ignore_index=True)
    doubled = _model(twice, cluster="k", ties="breslow").predict_survival(person, [5, 9])
    once = _model(data, robust=True, ties="breslow").predict_survival(person, [5, 9])
    pd.testing.assert_frame_equal(doubled, once, rtol=1e-10)
    both = _model(data.assign(k=range(len(data))), cluster=["pair", "k"]).predict_survival(person, [5, 9])
    by_pair = _model(data, cluster="pair").predict_survival(person, [5, 9])
    pd.testing.assert_frame_equal(both, by_pair, rtol=1e-10)  # rows within pairs add nothing of their own


def test_with_no_effect_prediction_is_near_kaplan_meier_and_never_beyond_follow_up() -> None:
    data = datasets.rossi().assign(noise=lambda d: np.arange(len(d)) % 7)
    model = cox(data, covariates=["noise"], time="weeks_to_arrest", event="arrested")
    mean = pd.DataFrame({"noise": [data["noise"].mean()]}, index=["a person"])
    found = model.predict_survival(mean, [0, 26, 52])
    curve = kaplan_meier(data, time="weeks_to_arrest", event="arrested").at([0, 26, 52])
    np.testing.assert_allclose(found["estimate"], curve["estimate"], atol=2e-3)
    assert found["person"].unique().tolist() == ["a person"]
    assert found.iloc[0][["estimate", "std_error", "conf_low", "conf_high"]].tolist() == [1, 0, 1, 1]
    assert ((found["conf_low"] <= found["estimate"]) & (found["estimate"] <= found["conf_high"])).all()
    with pytest.raises(EstimationError, match="Follow-up ends at 52 and a value was asked for at 53"):
        model.predict_survival(mean, [53])


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda m, p: m.predict_survival(p, [-1]), "from 0 on"),
        (lambda m, p: m.predict_survival(p, []), "from 0 on"),
        (lambda m, p: m.predict_survival(p.assign(site="Hull"), [3]), "1 people are in a stratum the model was not"),
        (lambda m, p: m.predict_survival(p, [3], strata=("Leeds", 1)), "one value for each of site"),
        (lambda m, p: m.predict_survival(p, [999]), "Follow-up in stratum Leeds ends at"),
        (lambda m, p: m.baseline({"age": 3}), "'age', which is no covariate"),
        (lambda m, p: m.baseline({"x": "three"}), "one number"),
    ],
)
def test_predictions_that_cannot_be_made_are_sentences(call: Any, words: str) -> None:
    data = _people()
    person = pd.DataFrame({"x": [0.3], "z": [1], "site": ["Leeds"]})
    with pytest.raises(EstimationError, match=words):
        call(_model(data, strata="site"), person)


def test_people_are_a_table_with_the_covariates() -> None:
    model = _model(_people())
    with pytest.raises(InputError, match="a row a person"):
        model.predict_survival({"x": 1}, [3])  # type: ignore[arg-type]
    with pytest.raises(InputError, match="no column 'z'"):
        model.predict_survival(pd.DataFrame({"x": [1.0]}), [3])
    with pytest.raises(EstimationError, match="no strata"):
        model.predict_survival(pd.DataFrame({"x": [1.0], "z": [0]}), [3], strata="Leeds")


@pytest.mark.parametrize("seed", range(4))
def test_concordance_is_a_count_over_pairs(seed: int) -> None:
    data = _people(seed, n=40).assign(x=lambda d: d["x"].round())
    model = _model(data, weights="w", strata="site", cluster="pair")
    slope = model.to_frame()["estimate"].to_numpy()
    risk = (data[["x", "z"]].to_numpy() @ slope).round(9)
    wins = np.zeros((len(data), 3))
    for i, j in combinations(range(len(data)), 2):
        a, b = (i, j) if data["stop"][i] <= data["stop"][j] else (j, i)
        if data["stop"][a] == data["stop"][b] and not data["event"][a]:
            a, b = b, a
        later = data["stop"][b] > data["stop"][a] or not data["event"][b]
        if data["site"][a] != data["site"][b] or not data["event"][a] or not later:
            continue
        if data["start"][b] >= data["stop"][a]:
            continue
        kind = 0 if risk[a] > risk[b] else 1 if risk[a] < risk[b] else 2
        weight = data["w"][a] * data["w"][b]
        wins[a, kind] += weight
        wins[b, kind] += weight
    total = wins.sum(axis=0) / 2
    found = model.concordance().iloc[0]
    np.testing.assert_allclose(found[["n_concordant", "n_discordant", "n_tied_risk"]].astype(float), total, rtol=1e-12)
    share = (total[0] + total[2] / 2) / total.sum()
    pull = pd.Series((wins[:, 0] + wins[:, 2] / 2 - share * wins.sum(axis=1)) / total.sum())
    by_pair = pull.groupby(data["pair"]).sum()
    assert found["estimate"] == pytest.approx(share, rel=1e-12)
    assert found["std_error"] == pytest.approx(np.sqrt((by_pair**2).sum()), rel=1e-10)
    assert 0 < found["conf_low"] < found["estimate"] < found["conf_high"] < 1


def test_lifelines_fits_the_table_a_model_gives() -> None:
    from lifelines import CoxPHFitter, CoxTimeVaryingFitter

    data = _people(n=120)
    plain = cox(data, covariates=["x", "z"], time="stop", event="event", strata="site")
    theirs = CoxPHFitter().fit(plain.to_lifelines(), **plain.lifelines_arguments())
    np.testing.assert_allclose(theirs.params_, plain.to_frame()["estimate"], rtol=1e-4)
    late = _model(data, weights="w", strata="site")
    theirs = CoxTimeVaryingFitter().fit(late.to_lifelines(), **late.lifelines_arguments())
    np.testing.assert_allclose(theirs.params_, late.to_frame()["estimate"], rtol=1e-6)
    paired = cox(data, covariates=["x", "z"], time="stop", event="event", cluster="pair", weights="w")
    table, arguments = to_lifelines(
        data, time="stop", event="event", covariates=["x", "z"], cluster="pair", weights="w"
    )
    assert arguments == paired.lifelines_arguments()
    assert sorted(table.columns) == sorted(paired.to_lifelines().columns)
    pd.testing.assert_series_equal(table["x"], paired.to_lifelines()["x"], check_exact=True)


def test_what_lifelines_cannot_take_is_a_sentence() -> None:
    data = _people().assign(k=range(60))
    with pytest.raises(EstimationError, match="no cluster errors for rows with an entry"):
        to_lifelines(data, cluster="pair", **TIMES)
    with pytest.raises(EstimationError, match="no offset"):
        _model(data, offset="off").to_lifelines()
    with pytest.raises(EstimationError, match="one column only"):
        _model(data, cluster=["pair", "k"]).to_lifelines()
    table, arguments = to_lifelines(data, id="k", **TIMES)
    assert arguments["id_col"] == "k"
    assert list(table.columns) == ["stop", "event", "start", "k"]
