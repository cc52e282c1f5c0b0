"""Broken tables and options: every function answers with a result or with a sentence, never with a bare exception."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pytest

import dipeval as dip
from dipeval.errors import EstimationError, InputError

CALLS: dict[str, tuple[Callable[..., Any], dict[str, Any]]] = {
    "curve": (dip.kaplan_meier, {"time": "days", "event": "back", "by": "arm", "weights": "w", "cluster": "pair"}),
    "incidence": (dip.cumulative_incidence, {"time": "days", "cause": "cause", "by": "arm"}),
    "count": (dip.mean_cumulative_count, {"id": "who", "start": "came", "stop": "days", "event": "back", "by": "arm"}),
    "mean": (dip.restricted_mean, {"time": "days", "event": "back", "by": "arm", "horizon": 40}),
    "log_rank": (dip.log_rank, {"time": "days", "event": "back", "by": "arm"}),
    "gray": (dip.gray_test, {"time": "days", "cause": "cause", "by": "arm"}),
    "cox": (dip.cox, {"time": "days", "event": "back", "covariates": ["age", "arm"], "weights": "w"}),
    "fine_gray": (dip.fine_gray, {"time": "days", "cause": "cause", "covariates": ["age"]}),
    "recurrent": (
        dip.andersen_gill,
        {"id": "who", "start": "came", "stop": "days", "event": "back", "covariates": ["age"], "weights": "w"},
    ),
    "ordered": (
        dip.prentice_williams_peterson,
        {"id": "who", "start": "came", "stop": "days", "event": "back", "covariates": ["age"]},
    ),
    "accelerated": (dip.accelerated_failure_time, {"time": "days", "event": "back", "covariates": ["age"]}),
    "discrete": (dip.discrete_time, {"time": "days", "event": "back", "covariates": ["age"], "width": 28}),
    "piecewise": (dip.piecewise_exponential, {"time": "days", "event": "back", "covariates": ["age"], "cuts": [40]}),
    "rate": (dip.event_rate, {"events": "offences", "exposure": "days", "covariates": ["age"], "family": "poisson"}),
    "lifelines": (dip.to_lifelines, {"time": "days", "event": "back", "covariates": ["age"], "weights": "w"}),
}


def people(size: int = 60) -> pd.DataFrame:
    """Invented people, half in each arm, no two times alike in order of the table."""
    rng = np.random.default_rng(4)
    days = np.ceil(rng.exponential(150, size)) + 1
    back = (rng.random(size) < 0.7).astype(int)
    return pd.DataFrame(
        {
            "days": days,
            "back": back,
            "came": 0.0,
            "arm": np.arange(size) % 2,
            "age": rng.normal(35, 8, size).round(2),
            "w": rng.uniform(0.5, 2, size).round(3),
            "pair": np.arange(size) // 2,
            "who": np.arange(size),
            "cause": np.where(back, 1 + (rng.random(size) < 0.3), 0),
            "offences": rng.poisson(1.5, size),
        }
    )


def ask(name: str, data: Any = None, **changes: Any) -> Any:
    function, arguments = CALLS[name]
    return function(people() if data is None else data, **{**arguments, **changes})


ODD_OPTIONS: list[tuple[str, dict[str, Any], str]] = [
    ("curve", {"entry": pd.NA}, "There is no column '<NA>'"),
    ("curve", {"entry": ""}, "There is no column ''"),
    ("curve", {"weights": 0}, "There is no column '0'"),
    ("cox", {"offset": pd.NA}, "There is no column '<NA>'"),
    ("fine_gray", {"id": ["who"]}, "takes the name of one column"),
    ("rate", {"exposure": {"days": 1}}, "takes the name of one column"),
    ("curve", {"robust": people()}, "`robust` is True or False; a DataFrame was given"),
    ("cox", {"robust": "yes"}, "`robust` is True or False; a str was given"),
    ("recurrent", {"robust": None}, "`robust` is True or False; a NoneType was given"),
    ("accelerated", {"robust": 1}, "`robust` is True or False; a int was given"),
    ("curve", {"limits": ["log"]}, "`limits` is 'log_log', 'log' or 'plain'; a list was given"),
    ("curve", {"time_unit": "fortnights"}, "`time_unit` is one of 'days', 'weeks', 'months' or 'years'"),
    ("count", {"time_unit": people()}, "`time_unit` is one of"),
    ("cox", {"ties": np.array(["efron"])}, "`ties` is 'efron', 'breslow' or 'exact'; a ndarray was given"),
    ("ordered", {"clock": {}}, "`clock` is 'total' or 'gap'; a dict was given"),
    ("ordered", {"max_event": 10**40}, "`max_event` is a whole number"),
    ("discrete", {"link": {}}, "`link` is 'logit' or 'cloglog'; a dict was given"),
    ("discrete", {"knots": 10**40}, "`knots` is the spline's degrees of freedom"),
    ("discrete", {"width": 1e-308}, "take wider intervals"),
    ("discrete", {"width": 10**400}, "`width` is the length of an interval"),
    ("mean", {"horizon": 10**400}, "`horizon` is the end of the window"),
    ("mean", {"horizon": "365"}, "`horizon` is the end of the window"),
    ("log_rank", {"rho": 10**400}, "`rho`"),
    ("gray", {"rho": 10**400}, "`rho`"),
    ("piecewise", {"cuts": "90"}, "`cuts` is a list of times above 0"),
    ("piecewise", {"cuts": 90.5j}, "`cuts` is a list of times above 0"),
    ("piecewise", {"cuts": [[1], [2, 3]]}, "`cuts` is a list of times above 0"),
    ("accelerated", {"strata": ["arm", "arm"]}, "`strata` names a column twice"),
    ("accelerated", {"family": ["weibull"]}, "`family` is one of"),
    ("rate", {"family": None}, "`family` is 'negative_binomial' or 'poisson'; a NoneType was given"),
    ("cox", {"covariates": {"age", "arm"}}, "takes a list of column names"),
    ("cox", {"covariates": people()}, "takes a list of column names"),
    ("lifelines", {"cluster": ["pair"]}, "`cluster` takes the name of one column"),
]


@pytest.mark.parametrize(("name", "changes", "sentence"), ODD_OPTIONS)
def test_an_odd_option_is_answered_with_what_it_takes(name: str, changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        ask(name, **changes)


def lists(data: pd.DataFrame, name: str) -> pd.DataFrame:
    return data.assign(**{name: [[value] for value in data[name]]})


ODD_TABLES: list[tuple[str, Callable[[pd.DataFrame], Any], str]] = [
    ("curve", partial(lists, name="arm"), "Column 'arm' holds values that cannot be put in order"),
    ("curve", partial(lists, name="pair"), "Column 'pair' holds values that cannot be put in order"),
    ("gray", partial(lists, name="arm"), "Column 'arm' holds values that cannot be put in order"),
    ("curve", lambda d: d.assign(arm=[1 if one else "1" for one in d["arm"]]), "2 groups, some of which read alike"),
    ("cox", lambda d: d.assign(age=d["age"].astype(complex)), "Column 'age' holds complex numbers"),
    ("curve", lambda d: d.assign(back=d["back"].astype(complex)), "Column 'back' holds complex numbers"),
    ("curve", lambda d: d.assign(w=1e300), "too large to count with in 60 of 60 rows"),
    ("recurrent", lambda d: d.assign(w=d["w"] * 1e200), "too large to count with in 60 of 60 rows"),
    ("cox", lambda d: d.assign(days=d["days"] * 1e300), "Column 'days' is too large to count with in 60 rows"),
    ("cox", lambda d: d.assign(age=d["age"] * 1e200), "Column 'age' is too large, or too near to zero"),
    ("accelerated", lambda d: d.assign(age=d["age"] * 1e-200), "Column 'age' is too large, or too near to zero"),
    ("cox", lambda d: d.assign(w=1e-300), "too near to zero or too large"),
]


@pytest.mark.parametrize(("name", "change", "sentence"), ODD_TABLES)
def test_an_odd_table_is_answered_with_what_to_do(
    name: str, change: Callable[[pd.DataFrame], Any], sentence: str
) -> None:
    with pytest.raises(EstimationError, match=sentence):
        ask(name, change(people()))


@pytest.mark.parametrize("name", CALLS)
def test_columns_may_have_names_that_are_numbers(name: str) -> None:
    numbers = {column: place for place, column in enumerate(people().columns)}

    def renamed(value: Any) -> Any:
        if isinstance(value, list):
            return [renamed(one) for one in value]
        return numbers.get(value, value) if isinstance(value, str) else value

    function, arguments = CALLS[name]
    asked = {option: renamed(value) for option, value in arguments.items()}
    found, expected = function(people().rename(columns=numbers), **asked), ask(name)
    if name == "lifelines":
        assert found[0].to_numpy().tolist() == expected[0].to_numpy().tolist()
        return
    assert str(found.summary()) and repr(found)
    figures = [
        one.to_frame().drop(columns="term", errors="ignore").select_dtypes("number") for one in (found, expected)
    ]
    pd.testing.assert_frame_equal(*figures, rtol=0, atol=0)


@pytest.mark.parametrize("name", [one for one in CALLS if one != "lifelines"])
def test_a_result_survives_a_file_and_hides_people(name: str) -> None:
    data = people().set_index(pd.Index([f"Jane Doe {number}" for number in range(60)]))
    before = data.copy()
    found = ask(name, data)
    pd.testing.assert_frame_equal(data, before)
    again = pickle.loads(pickle.dumps(found))
    pd.testing.assert_frame_equal(again.to_frame(), found.to_frame())
    for shown in (repr(found), found._repr_html_(), str(found.summary())):
        assert "Jane" not in shown


def test_late_entry_under_the_name_0_is_not_forgotten() -> None:
    late = people().assign(came=lambda d: np.floor(d["days"] / 2)).rename(columns={"came": 0, "w": 1})
    plain = ask("curve", late.rename(columns={0: "came", 1: "w"}), entry="came")
    found = ask("curve", late, entry=0, weights=1)
    pd.testing.assert_frame_equal(found.to_frame(), plain.to_frame())


def test_covariates_may_come_from_a_generator() -> None:
    for name in ("cox", "recurrent", "accelerated", "discrete", "piecewise", "rate", "fine_gray"):
        found = ask(name, covariates=(column for column in ["age", "arm"]))
        assert {"age", "arm"} <= set(found.to_frame()["term"])


ODD_ARGUMENTS: list[tuple[str, Callable[[Any], Any], str]] = [
    ("curve", lambda r: r.at("x"), "Times must be numbers"),
    ("curve", lambda r: r.at([]), "Times must be numbers"),
    ("curve", lambda r: r.quantile("half"), "`share` is the share"),
    ("curve", lambda r: r.plot(horizon="x"), "`horizon` is the last time shown"),
    ("incidence", lambda r: r.plot(causes=1), "`causes` takes a list"),
    ("cox", lambda r: r.baseline(at=3), "`at` gives each covariate one number"),
    ("cox", lambda r: r.baseline(at={"age": "old"}), "`at` gives each covariate one number"),
    ("cox", lambda r: r.covariance(robust="no"), "`robust` is True or False"),
    ("cox", lambda r: r.residuals(kind=[]), "`kind` is one of"),
    ("cox", lambda r: r.predict_survival(people(), "x"), "`times` must be numbers"),
    ("cox", lambda r: r.proportional_hazards_test(robust=1.0), "`robust` is True or False"),
    ("cox", lambda r: r.proportional_hazards_test().smooth(["age"]), "`term` takes the name of one column"),
    ("cox", lambda r: r.proportional_hazards_test().smooth("age", points=-1), "`points` is how many times"),
    ("accelerated", lambda r: r.quantile(None), "`people` is a table"),
    ("accelerated", lambda r: r.quantile(people(), share="x"), "`share` is the share"),
    ("accelerated", lambda r: r.predict_survival(people(), 10, beyond_follow_up="x"), "`beyond_follow_up` is True"),
    ("discrete", lambda r: r.hazard(at=0), "`at` gives each covariate one number"),
    ("discrete", lambda r: r.hazard(at={"age": None}), "`at` gives each covariate one number"),
    ("piecewise", lambda r: r.rates(at={"age": np.nan}), "`at` gives each covariate one number"),
]


@pytest.mark.parametrize(("name", "use", "sentence"), ODD_ARGUMENTS)
def test_methods_answer_odd_arguments_too(name: str, use: Callable[[Any], Any], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        use(ask(name))


def test_strata_of_a_prediction_may_not_be_lists_and_unknown_ones_are_counted() -> None:
    model = ask("cox", covariates=["age"], strata="arm")
    with pytest.raises(InputError, match="`strata` takes the name"):
        model.predict_survival(people(), 10, strata=[0])
    with pytest.raises(InputError, match="60 people are in a stratum the model was not fitted on"):
        model.predict_survival(people(), 10, strata=10**40)


def test_predictions_keep_an_index_of_several_levels() -> None:
    several = people().set_index(["who", "pair"], drop=False).head(3)
    found = ask("accelerated").predict_survival(several, [10, 20])
    assert found["person"].tolist() == [(0, 0), (0, 0), (1, 0), (1, 0), (2, 1), (2, 1)]


def test_strata_of_numbers_and_words_together_keep_their_scales() -> None:
    mixed = people().assign(site=lambda d: [7 if arm else "north" for arm in d["arm"]])
    found = ask("accelerated", mixed, covariates=["age"], strata="site")
    plain = ask("accelerated", mixed.assign(site=1 - mixed["arm"]), covariates=["age"], strata="site")
    assert sorted(found.scale.values()) == pytest.approx(sorted(plain.scale.values()), rel=1e-12)


def test_a_hazard_far_from_everybody_is_infinite_without_a_warning() -> None:
    found = ask("cox").baseline({"age": -1e9})
    assert found["survival"].between(0, 1).all()


def test_where_transformed_time_stands_still_its_test_is_refused() -> None:
    # One person alone under observation at the first event ends the curve of everybody: the share is 0 from then on.
    rows = pd.DataFrame(
        {
            "came": [0, 10, 10, 10, 10, 10, 10, 10],
            "days": [5, 20, 25, 30, 35, 40, 45, 50],
            "back": [1, 1, 1, 0, 1, 1, 1, 1],
            "age": [3.0, 1, 4, 1, 5, 9, 2, 6],
        }
    )
    model = dip.cox(rows, covariates=["age"], time="days", event="back", entry="came")
    with pytest.raises(EstimationError, match="does not differ between the events at which people can be compared"):
        model.proportional_hazards_test("km")
    assert model.proportional_hazards_test("rank").to_frame()["p_value"].between(0, 1).all()


ODD_EFFECTS: list[tuple[dict[str, Any], str]] = [
    ({"time": ["days"]}, "each take the name of one column"),
    ({"event": {}}, "each take the name of one column"),
    ({"horizon": 10**400}, "horizon"),
    ({"measure": pd.NA}, "The measure '<NA>' is not estimated from a design"),
    ({"estimator": np.array([1, 2])}, "is not known here; use one of"),
    ({"std_error": pd.NA}, "is not known here; use one of"),
]


@pytest.mark.parametrize(("changes", "sentence"), ODD_EFFECTS)
def test_effects_on_times_answer_odd_options(changes: dict[str, Any], sentence: str) -> None:
    data = people().set_index("who")
    design = dip.weight(data, treated="arm", covariates=["age"], method="entropy")
    asked = {"measure": "rmst_difference", "time": "days", "event": "back", "horizon": 40}
    with pytest.raises(InputError, match=sentence):
        dip.estimate_effect(design, data[["days", "back"]], **{**asked, **changes})
