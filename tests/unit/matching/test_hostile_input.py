"""Whatever is thrown at the design stage comes back as a design or as a sentence, never as a dependency's traceback."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest

import dipeval as dip
from dipeval.errors import DesignError, DipevalError, InvariantError
from dipeval.matching.options import METHODS
from tests.unit.matching.matching_people import COVARIATES
from tests.unit.matching.matching_people import people as some_people

WEIGHTS = ("entropy", "ipw", "overlap", "matching_weights", "none")
SECRET = 4711.125  # a person's value that no message may show


def people(size: int = 80) -> pd.DataFrame:
    """People whose labels and one of whose values would be recognised in a message."""
    table = some_people(size).drop(columns="reoffended").astype({"age": float, "priors": float})
    table["income"] = np.random.default_rng(8).integers(1, 40, size) * 10 + 0.5
    table.iloc[0, table.columns.get_loc("income")] = SECRET
    return table.assign(number=np.arange(size), weight=1.0 + np.arange(size) % 3)


def matching(method: str) -> Callable[..., Any]:
    def call(table: Any, **options: Any) -> Any:
        return dip.match(table, **{"treated": "treated", "covariates": COVARIATES, "method": method, **options})

    return call


def weighting(method: str) -> Callable[..., Any]:
    def call(table: Any, **options: Any) -> Any:
        return dip.weight(table, **{"treated": "treated", "covariates": COVARIATES, "method": method, **options})

    return call


def scoring(table: Any, **options: Any) -> Any:
    return dip.propensity(table, **{"treated": "treated", "covariates": COVARIATES, **options})


MATCHES = {f"match-{method}": matching(method) for method in METHODS}
CALLS: dict[str, Callable[..., Any]] = {
    **MATCHES,
    **{f"weight-{method}": weighting(method) for method in WEIGHTS},
    "propensity": scoring,
    "propensity-probit": lambda table, **options: scoring(table, **{"link": "probit", **options}),
}
SCORED = [name for name in CALLS if name not in ("match-cem", "weight-entropy", "weight-none")]
every_call = pytest.mark.parametrize("name", CALLS)
every_match = pytest.mark.parametrize("name", MATCHES)


def outcome_of(name: str, table: Any, **options: Any) -> str | None:
    """The sentence of a refusal, checked to be one; None where a result was made."""
    try:
        CALLS[name](table, **options)
    except InvariantError:
        raise
    except DipevalError as refusal:
        words = str(refusal)
        assert words.endswith("."), words
        assert len(words.split()) >= 5, words
        assert "Traceback" not in words
        assert "Error" not in words
        labels = table.index.map(str) if isinstance(table, pd.DataFrame) else ()
        for secret in ("4711", *(label for label in labels if len(label) >= 4 and any(map(str.isdigit, label)))):
            assert secret not in words, f"a person's value in: {words}"
        inner = refusal.__context__
        assert inner is None or refusal.__suppress_context__ or isinstance(inner, DipevalError), repr(inner)
        return words
    return None


def sentence(name: str, table: Any, **options: Any) -> str:
    """The sentence of a refusal that must be one."""
    words = outcome_of(name, table, **options)
    assert words is not None, f"{name} made a result"
    return words


def test_the_table_itself_is_fine() -> None:
    assert [name for name in CALLS if outcome_of(name, people()) is not None] == []


@every_call
@pytest.mark.parametrize(("value", "words"), [(1, "Everybody"), (0, "Nobody"), (np.nan, "missing"), ("yes", "text")])
def test_a_treatment_of_one_value(name: str, value: Any, words: str) -> None:
    assert words in sentence(name, people().assign(treated=value))


@every_call
def test_a_treatment_that_is_no_yes_or_no(name: str) -> None:
    table = people()
    for values in (table["age"], table["district"], pd.Timestamp("2008-01-01"), table["treated"].map(lambda v: [v])):
        assert "treat" in sentence(name, table.assign(treated=values))


@every_call
def test_a_constant_covariate(name: str) -> None:
    table = people().assign(year=2008.0, place="Leeds")
    for column in ("year", "place"):
        assert column in sentence(name, table, covariates=[*COVARIATES, column])


@every_call
def test_a_covariate_given_twice(name: str) -> None:
    words = outcome_of(name, people().assign(again=lambda table: table["age"]), covariates=["age", "again", "priors"])
    assert (words is not None and "again" in words) if name in SCORED else (words is None or "again" in words)


@every_call
@pytest.mark.parametrize("kind", ["itself", "threshold", "category"])
def test_a_covariate_that_predicts_treatment_perfectly(name: str, kind: str) -> None:
    table = people()
    table["giveaway"] = {
        "itself": table["treated"].astype(float),
        "threshold": table["treated"] * 100 + table["age"],
        "category": np.where(table["treated"] == 1, "in", "out"),
    }[kind]
    words = outcome_of(name, table, covariates=["age", "giveaway"])
    if name in SCORED:
        assert words is not None and ("giveaway" in words or "predict" in words or "separat" in words)


@every_call
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, None])
def test_gaps_and_infinities_in_a_covariate(name: str, value: Any) -> None:
    table = people()
    table.iloc[3, table.columns.get_loc("age")] = value
    assert "age (1 " in sentence(name, table)


@every_match
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_gaps_and_infinities_in_a_condition_and_in_a_score(name: str, value: float) -> None:
    table = people()
    table.iloc[3, table.columns.get_loc("income")] = value
    covered = {"covariate_calipers": {"income": 1000.0}, "mahalanobis": ["income", "age"], "exact": ["income"]}
    suited = ("match-nearest", "match-optimal", "match-full")
    for option, given in covered.items():
        words = sentence(name, table, **{option: given})
        assert "income" in words if option == "exact" or name in suited else "means nothing" in words
    score = pd.Series(np.linspace(0.1, 0.9, len(table)), index=table.index)
    score.iloc[5] = value
    for scale in ("given", "probability", "logit"):
        assert "score" in sentence(name, table, score=score, scale=scale)


@every_call
def test_weights_of_a_survey_with_gaps_zeros_or_negative_numbers(name: str) -> None:
    if name.startswith("match"):
        return
    for value in (np.nan, np.inf, -1.0, 0.0, "many"):
        table = people().astype({"weight": object if value == "many" else float})
        table.iloc[3, table.columns.get_loc("weight")] = value
        words = outcome_of(name, table, sample_weights="weight")
        assert value == 0.0 or (words is not None and "weight" in words)


OUTCOME = "reoffended"


@every_call
@pytest.mark.parametrize("late", [False, True])
def test_an_outcome_is_refused_through_every_door(name: str, late: bool) -> None:
    """Through every argument that names columns, whether it is known by its name or by when it was measured."""
    column = "custody_days_later" if late else OUTCOME
    table = people().assign(**{column: np.arange(80) % 7})
    moments = {"measured_at": {column: "after_index"}} if late else {}
    ways: list[dict[str, Any]] = [
        {"covariates": [*COVARIATES, column]},
        {"covariates": (), "formula": f"age + {column}"},
        {"covariates": (), "formula": f"age * {column}"},
        {"references": {column: "1"}},
    ]
    if not late:
        ways += [{"treated": column}, {"id": column}]  # the treatment does come after; an id is no baseline
    if name.startswith("match"):
        ways += [
            {"exact": [column]},
            {"covariate_calipers": {column: 1}},
            {"mahalanobis": ["age", column]},
            {"cutpoints": {column: 2}},
        ]
    else:
        ways.append({"sample_weights": column})
    if not name.startswith("propensity"):
        ways.append({"score": pd.Series(np.linspace(0.1, 0.9, 80), index=table.index, name=column)})
    for way in ways:
        if late and ("score" in way):
            continue  # a score does not say when it was measured
        words = sentence(name, table, **way, **moments)
        assert column in words or "means nothing" in words, (way, words)


@pytest.mark.parametrize("name", ["match-nearest", "match-optimal"])
def test_fewer_comparison_people_than_the_ratio_needs(name: str) -> None:
    table = people().assign(treated=lambda table: (table["number"] % 30 > 0).astype(int))
    options = {"covariates": ["age", "priors"], "caliper": None}
    assert "fewer comparison people (3)" in sentence(name, table, **options)
    assert "fewer comparison people (3)" in sentence(name, table, ratio=4, **options)
    if name == "match-nearest":
        assert "fewer comparison people (3)" in sentence(name, table, ratio=4, replace=True, **options)
        assert outcome_of(name, table, ratio=3, replace=True, **options) is None


@every_match
def test_limits_that_keep_nobody(name: str) -> None:
    table = people().assign(score=lambda table: table["treated"] + np.arange(len(table)) / 1000)
    apart = {"score": table["score"], "scale": "given", "caliper": 0.01, "caliper_unit": "raw"}
    if name not in ("match-subclass", "match-cem"):
        assert "Nobody could be matched" in sentence(name, table, **apart)
        assert "exact on number" in sentence(name, table, exact=["number"], caliper=1)
    if name in ("match-nearest", "match-optimal", "match-full"):
        words = sentence(name, table, covariate_calipers={"number": 0})
        assert "the caliper on number" in words
    if name == "match-cem":
        assert "Nobody could be matched" in sentence(name, table, exact=["number"])
    assert "leaves out all" in sentence(name, table, score=table["score"], scale="given", trim="common_support")


@every_call
def test_tables_of_nobody_and_of_one(name: str) -> None:
    assert "no rows" in sentence(name, people().iloc[:0])
    for size in (1, 2, 3):
        sentence(name, people().iloc[:size].assign(treated=1))
        outcome_of(name, people().iloc[:size].assign(treated=[1, 0, 0][:size]))


@every_call
def test_ids_that_repeat_or_are_missing(name: str) -> None:
    table = people()
    assert "repeat" in sentence(name, pd.concat([table, table.iloc[:3]]))
    assert "repeat" in sentence(name, table.assign(code=1), id="code")
    assert "no id" in sentence(name, table.assign(code=table["age"].mask(table["number"] < 2)), id="code")
    assert "no column" in sentence(name, table, id="nothing")


@every_call
@pytest.mark.parametrize("given", [None, 7, "people", [1, 2], {"age": [1]}, np.zeros((3, 2)), pd.Series([1.0])])
def test_people_that_are_no_table(name: str, given: Any) -> None:
    assert "DataFrame" in sentence(name, given)


STRANGE: tuple[Any, ...] = (
    None,
    -1,
    0,
    1.5,
    np.nan,
    np.inf,
    True,
    "x",
    "",
    [],
    ["nothing"],
    [None],
    [["age"]],
    {},
    {"nothing": 1},
    {"age": None},
    {"age": "x"},
    {"age": -1},
    {"age": [3, 1]},
    {"age": np.nan},
    {1: 2},
    object(),
    b"age",
    pd.Series([1.0, 2.0]),
    pd.NA,
    np.array([1, 2]),
    datetime.date(2008, 1, 1),
    10**30,
    lambda: None,
    {"district": "nowhere"},
    "age +",
    "reoffended ~ age",
    "__import__('os')",
)


def _words(text: str) -> list[str]:
    return text.split()


OF_MATCH = _words(
    "treated covariates method estimand caliper caliper_unit scale ratio min_ratio max_ratio replace order exact "
    "anti_exact covariate_calipers mahalanobis mahalanobis_ranks mahalanobis_scaling score formula references "
    "subclasses cutpoints trim id ties seed measured_at"
)
OF_WEIGHT = _words(
    "treated covariates method estimand moments stabilise truncate trim score formula references sample_weights id "
    "measured_at"
)
OF_PROPENSITY = _words("treated covariates formula references sample_weights link learner folds seed id measured_at")


@pytest.mark.parametrize(
    ("prefix", "option"),
    [
        *(("match", option) for option in OF_MATCH),
        *(("weight", option) for option in OF_WEIGHT),
        *(("propensity", option) for option in OF_PROPENSITY),
    ],
)
def test_no_value_of_any_option_brings_anything_but_a_sentence(prefix: str, option: str) -> None:
    names = [name for name in CALLS if name.startswith(prefix)]
    table = people(40)
    for turn, value in enumerate(STRANGE):
        name = names[turn % len(names)] if option != "method" else names[0]
        try:
            outcome_of(name, table, **{option: value})
        except DipevalError:
            raise
        except AssertionError as fault:
            raise AssertionError(f"{name}, {option}={value!r}: {fault}") from fault
        except Exception as other:
            raise AssertionError(f"{name}, {option}={value!r}: {type(other).__name__}: {other}") from other


@pytest.mark.parametrize("name", MATCHES)
def test_options_in_a_wrong_place_are_refused_and_never_passed_over(name: str) -> None:
    elsewhere = {
        "ratio": (2, "nearest optimal"),
        "replace": (True, "nearest"),
        "order": ("smallest", "nearest"),
        "anti_exact": (["district"], "nearest optimal"),
        "covariate_calipers": ({"age": 5}, "nearest optimal full"),
        "mahalanobis": (["age"], "nearest optimal full"),
        "subclasses": (4, "subclass"),
        "cutpoints": ({"age": 3}, "cem"),
    }
    for option, (value, methods) in elsewhere.items():
        words = outcome_of(name, people(), **{option: value})
        if name.removeprefix("match-") in methods.split():
            assert words is None, (option, words)
        else:
            assert words is not None and words.startswith(f"{option}= means nothing"), option


@every_call
def test_a_column_itself_in_place_of_its_name_shows_nobodys_values(name: str) -> None:
    table = people()
    for option in {"match": OF_MATCH, "weight": OF_WEIGHT, "propensity": OF_PROPENSITY}[name.split("-")[0]]:
        for given in (table["income"], table["income"].to_numpy(), table["income"].tolist(), {"age": table["income"]}):
            outcome_of(name, table, **{option: given})


def columns_of_every_kind(size: int) -> dict[str, Any]:
    """Columns that a table may hold, each with at least two values unless that is the point."""
    numbers = np.arange(size)
    return {
        "complex": numbers * 1j,
        "date": pd.Timestamp("2008-01-01") + pd.to_timedelta(numbers % 9, unit="D"),
        "duration": pd.to_timedelta(numbers % 9, unit="D"),
        "period": pd.period_range("2008-01", periods=size, freq="M"),
        "interval": pd.cut(numbers, 4),
        "category": pd.Categorical(np.where(numbers % 3, "a", "b"), categories=["a", "b", "never"]),
        "ordered": pd.Categorical(numbers % 4, ordered=True),
        "nullable": pd.array(numbers % 5, dtype="Int64"),
        "nullable gap": pd.array([None, *numbers[1:]], dtype="Int64"),
        "yes/no": pd.array(numbers % 2 == 0, dtype="boolean"),
        "string": pd.array([f"s{number % 3}" for number in numbers], dtype="string"),
        "mixed": [number if number % 2 else f"s{number % 3}" for number in numbers.tolist()],
        "lists": [[number] for number in numbers.tolist()],
        "sets": [{number} for number in numbers.tolist()],
        "decimals": [Decimal(number % 7) for number in numbers.tolist()],
        "tiny": numbers * 1e-300,
        "huge": numbers * 1e300,
        "huge integers": [2**70 + number for number in numbers.tolist()],
        "unsigned": (numbers % 7).astype(np.uint8),
        "half": (numbers % 7).astype(np.float16),
        "single": (numbers % 7).astype(np.float32),
        "sparse": pd.arrays.SparseArray((numbers % 3).astype(float)),
        "bytes": [b"a" if number % 2 else b"b" for number in numbers.tolist()],
        "nearly constant": np.where(numbers == 3, 1.0 + 1e-15, 1.0),
        "one person": (numbers == 3).astype(float),
        "far from nought": 1e12 + numbers % 5,
        "words of every sort": [("é\n" * (number % 3)) + "]" for number in numbers.tolist()],
        "empty words": ["" if number % 2 else " " for number in numbers.tolist()],
    }


@pytest.mark.parametrize("kind", columns_of_every_kind(4))
def test_a_column_of_any_kind_in_any_role(kind: str) -> None:
    table = people(40)
    table["odd"] = columns_of_every_kind(40)[kind]
    ways: list[dict[str, Any]] = [
        {"covariates": ["age", "odd"]},
        {"covariates": (), "formula": "age + odd"},
        {"treated": "odd"},
        {"id": "odd"},
    ]
    names = list(CALLS)
    for turn, (name, way) in enumerate((name, way) for way in ways for name in names):
        if turn % 2 == 0:
            outcome_of(name, table, **way)
    for name in MATCHES:
        for way in ({"exact": ["odd"]}, {"covariate_calipers": {"odd": 1}}, {"mahalanobis": ["age", "odd"]}):
            outcome_of(name, table, **way)
        for scale in ("given", "probability"):
            outcome_of(name, table, score=table["odd"], scale=scale)
    outcome_of("match-cem", table, covariates=["age", "odd"], cutpoints={"odd": 2})
    outcome_of("propensity", table, sample_weights="odd")
    outcome_of("weight-ipw", table, sample_weights="odd")


def test_an_index_of_any_kind() -> None:
    table = people(40)
    for kind, values in columns_of_every_kind(40).items():
        try:
            index = pd.Index(values)
            index.is_unique  # noqa: B018
        except (TypeError, NotImplementedError):
            continue  # pandas itself takes no such index
        for name in ("match-nearest", "match-full", "weight-entropy", "propensity"):
            try:
                outcome_of(name, table.set_index(index))
            except Exception as other:
                raise AssertionError(f"{name}, index of {kind}: {type(other).__name__}: {other}") from other
    pairs = table.set_index(pd.MultiIndex.from_arrays([np.arange(40) // 2, np.arange(40) % 2]))
    assert outcome_of("match-nearest", pairs) is None


def test_columns_that_are_not_named_by_words() -> None:
    table = people(40).rename(columns={"age": 1, "priors": ("a", "b"), "district": "two words [x]"})
    for name in CALLS:
        outcome_of(name, table, covariates=[1, ("a", "b"), "two words [x]"])


def test_every_option_has_been_tried() -> None:
    import inspect

    for function, tried in ((dip.match, OF_MATCH), (dip.weight, OF_WEIGHT), (dip.propensity, OF_PROPENSITY)):
        assert list(inspect.signature(function).parameters)[1:] == [*tried], function


def test_a_design_error_is_what_a_refused_design_is() -> None:
    with pytest.raises(DesignError):
        dip.match(people().assign(treated=1), treated="treated", covariates=["age"])
