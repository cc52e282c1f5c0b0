"""Mahalanobis distance and the closest-first order: the rules, the constraints, and a plain search for comparison."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import pandas as pd
import pytest

import dipeval as dip
from dipeval.errors import DesignError, InputError
from dipeval.matching import mahalanobis
from dipeval.matching.metric import mahalanobis_coordinates
from tests.reference.data import LOADERS
from tests.unit.matching.matching_people import COVARIATES, people

METRIC = ["age", "priors"]


# A plain search, written from the rules in words: every possible pair is looked at for every choice.


def small_design(rng: np.random.Generator) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Few people on coarse grids, so that ties and people alike abound."""
    size = int(rng.integers(8, 26))
    table = pd.DataFrame(
        {
            "treated": (rng.random(size) < rng.uniform(0.2, 0.5)).astype(int),
            "score": rng.integers(0, rng.integers(3, 12), size) / 4,
            "age": rng.integers(0, 5, size),
            "priors": rng.integers(0, 3, size),
            "area": rng.choice(["a", "b"], size),
            "x": range(size),
        }
    )
    table.loc[:1, "treated"] = [1, 0]
    options = {
        "ratio": int(rng.integers(1, 4)),
        "replace": bool(rng.random() < 0.3),
        "order": str(rng.choice(["largest", "smallest", "data", "closest", "closest"])),
        "caliper": [None, 0.0, 0.25, 0.75][rng.integers(4)],
        "covariate_calipers": {"age": int(rng.integers(0, 4))} if rng.random() < 0.5 else None,
        "exact": ["area"] if rng.random() < 0.4 else [],
        "estimand": "ATC" if rng.random() < 0.3 else "ATT",
    }
    return table, options


def within_groups(table: pd.DataFrame) -> np.ndarray:
    """The inverse of the covariance pooled within the groups, by the textbook."""
    groups = [table.loc[table["treated"] == group, METRIC] for group in (0, 1)]
    squares = sum((group - group.mean()).T @ (group - group.mean()) for group in groups)
    return np.linalg.inv(np.asarray(squares, dtype=float) / (len(table) - 2))


def plain_search(table: pd.DataFrame, options: dict[str, Any], *, by_metric: bool) -> dict[int, list[int]]:
    score, rows = table["score"].to_numpy(), range(len(table))
    is_focal = (table["treated"] == (0 if options["estimand"] == "ATC" else 1)).to_numpy()
    gaps = np.abs(score[:, None] - score)
    allowed = is_focal[:, None] & ~is_focal & (gaps <= (np.inf if options["caliper"] is None else options["caliper"]))
    for column, most in (options["covariate_calipers"] or {}).items():
        allowed &= np.abs(np.subtract.outer(table[column].to_numpy(), table[column].to_numpy())) <= most
    if options["exact"]:
        allowed &= table["area"].to_numpy()[:, None] == table["area"].to_numpy()
    if by_metric:
        inverse, values = within_groups(table), table[METRIC].to_numpy(float)
        apart = values[:, None] - values
        gaps = np.round(np.einsum("ijk,kl,ijl->ij", apart, inverse, apart), 9)
    cell = table["area"].to_numpy() if options["exact"] else np.zeros(len(table))
    place = {}
    for name in set(cell):
        mine = [row for row in rows if cell[row] == name]
        place |= {row: at for at, row in enumerate(sorted(mine, key=lambda row: score[row]))}
    found: dict[int, list[int]] = {row: [] for row in rows if is_focal[row]}

    def rank(row: int, other: int) -> tuple[float, ...]:
        if by_metric:
            return gaps[row, other], other
        low = place[other] < place[row]
        earlier = [place[match] for match in found[row] if (place[match] < place[row]) == low]
        start = (min(earlier) if low else max(earlier)) if earlier else place[row]
        return gaps[row, other], abs(place[other] - start), not low

    def best(row: int) -> tuple[float, ...] | None:
        free = [other for other in rows if allowed[row, other] and other not in found[row]]
        free = free if options["replace"] else [other for other in free if other not in used]
        return min(((*rank(row, other), other) for other in free), default=None)

    used: set[int] = set()
    turn = {"largest": -score, "smallest": score}.get(options["order"], np.zeros(len(table)))
    waiting = sorted(found, key=lambda row: turn[row])
    for _ in range(options["ratio"]):
        served: list[int] = []
        queue = list(waiting)
        while queue:
            row = queue[0]
            if options["order"] == "closest":
                row = min(queue, key=lambda one: ((best(one) or (np.inf,))[0], one))
            queue.remove(row)
            choice = best(row)
            if choice is not None:
                found[row].append(int(choice[-1]))
                used.add(int(choice[-1]))
                served.append(row)
        waiting = [row for row in waiting if row in served]
    return {row: others for row, others in found.items() if others}


def ours(table: pd.DataFrame, options: dict[str, Any], **more: Any) -> dict[int, list[int]]:
    design = dip.match(
        table, treated="treated", covariates=["x"], score=table["score"], scale="given", caliper_unit="raw", **options,
        **more,
    )  # fmt: skip
    focal, other = ("treated_index", "comparison_index")[:: -1 if options["estimand"] == "ATC" else 1]
    return {int(key): group.tolist() for key, group in design.pairs().groupby(focal)[other]}


def answerable(table: pd.DataFrame, options: dict[str, Any]) -> bool:
    n_focal = int((table["treated"] == (0 if options["estimand"] == "ATC" else 1)).sum())
    pool = len(table) - n_focal
    return pool >= (options["ratio"] if options["replace"] else max(n_focal, options["ratio"]))


@pytest.mark.parametrize("by_metric", [True, False])
def test_pairs_are_those_of_a_plain_search_over_every_pair(by_metric: bool) -> None:
    rng = np.random.default_rng(11 + by_metric)
    compared = 0
    for _ in range(240):
        table, options = small_design(rng)
        options = options if by_metric else options | {"order": "closest"}
        if not answerable(table, options) or np.linalg.matrix_rank(within_spread(table)) < 2:
            continue
        expected = plain_search(table, options, by_metric=by_metric)
        metric = {"mahalanobis": METRIC} if by_metric else {}
        if expected:
            assert ours(table, options, ties="row", **metric) == expected, options
            compared += 1
        else:
            with pytest.raises(DesignError, match="Nobody could be matched"):
                ours(table, options, ties="row", **metric)
    assert compared > 100


def within_spread(table: pd.DataFrame) -> np.ndarray:
    groups = [table.loc[table["treated"] == group, METRIC] for group in (0, 1)]
    return np.concatenate([(group - group.mean()).to_numpy() for group in groups])


# Closest first.


def on_a_line(scores: dict[str, float], treated: str, **options: Any) -> dip.Design:
    index = pd.Index(list(scores))
    table = pd.DataFrame({"treated": [int(name in treated) for name in index], "x": range(len(index))}, index=index)
    score = pd.Series(list(scores.values()), index=index, dtype=float)
    options = {"caliper": None, "ties": "row", "order": "closest", **options}
    return dip.match(table, treated="treated", covariates=["x"], score=score, scale="given", **options)


def names(design: dip.Design) -> set[str]:
    return {a + b for a, b in design.pairs()[["treated_index", "comparison_index"]].itertuples(index=False)}


def test_the_closest_pair_of_all_is_made_first_whoever_chooses() -> None:
    scores = {"S": 5.0, "T": 6.0, "a": 5.4, "b": 1.0}
    assert names(on_a_line(scores, "ST", order="largest")) == {"Ta", "Sb"}
    assert names(on_a_line(scores, "ST")) == {"Sa", "Tb"}
    assert names(on_a_line(scores, "ST", replace=True)) == {"Sa", "Ta"}


def test_of_equally_close_pairs_the_first_in_the_order_of_ties_is_made_and_counted() -> None:
    first = on_a_line({"S": 5.0, "T": 6.0, "a": 5.5, "b": 1.0}, "ST")
    other = on_a_line({"T": 6.0, "S": 5.0, "a": 5.5, "b": 1.0}, "ST")
    assert (names(first), names(other)) == ({"Sa", "Tb"}, {"Ta", "Sb"})
    assert first.options["n_tied_choices"] == other.options["n_tied_choices"] == 1
    assert "the closest pair of all is made first" in first.notes[0]


def test_everyone_gets_a_first_match_before_anyone_gets_a_second_closest_pairs_first() -> None:
    design = on_a_line({"S": 5.0, "T": 9.0, "a": 5.1, "b": 5.2, "c": 1.0}, "ST", ratio=2)
    assert names(design) == {"Sa", "Tb", "Sc"}
    assert "1 of 2 matched people have fewer than 2 matches." in design.notes


# The distance.


def test_coordinates_give_the_mahalanobis_distance_of_the_textbook() -> None:
    table = people(200)
    treated = table["treated"].to_numpy(bool)
    at = mahalanobis_coordinates(table[METRIC], treated, np.ones(200, dtype=bool), np.arange(200))
    apart = table[METRIC].to_numpy(float)[:50] - table[METRIC].to_numpy(float)[50:100]
    expected = np.sqrt(np.einsum("ij,jk,ik->i", apart, within_groups(table), apart))
    np.testing.assert_allclose(np.linalg.norm(at[:50] - at[50:100], axis=1), expected, rtol=1e-9)


def test_people_trimmed_away_do_not_count_in_the_covariance() -> None:
    table = people(200)
    kept = (table["age"] > 25).to_numpy()
    everyone = mahalanobis_coordinates(table[METRIC], table["treated"].to_numpy(bool), kept, np.arange(200))
    left = table[kept]
    alone = mahalanobis_coordinates(
        left[METRIC], left["treated"].to_numpy(bool), np.ones(len(left), dtype=bool), np.arange(len(left))
    )
    np.testing.assert_allclose(np.diff(everyone[kept], axis=0), np.diff(alone, axis=0), atol=1e-9)


def test_the_unit_of_a_column_and_an_offset_move_no_pair() -> None:
    table = people(200)
    moved = table.assign(age=table["age"] * 12 + 1_000_000, priors=-table["priors"])
    options: dict[str, Any] = {
        "treated": "treated", "covariates": COVARIATES, "mahalanobis": METRIC, "order": "data", "caliper": None,
    }  # fmt: skip
    left, right = (dip.match(frame, **options).pairs() for frame in (table, moved))
    pd.testing.assert_frame_equal(left, right, rtol=1e-9)


def test_the_last_bits_of_the_linear_algebra_choose_no_pair(monkeypatch: pytest.MonkeyPatch) -> None:
    table, exactly = people(300), np.linalg.eigh
    options: dict[str, Any] = {"treated": "treated", "covariates": COVARIATES, "mahalanobis": [*METRIC, "district"]}
    here = dip.match(table, **options)
    assert here.options["n_tied_choices"] > 5

    def elsewhere(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        noise = 1 + np.random.default_rng(1).uniform(-4e-16, 4e-16, matrix.shape)
        roots, axes = exactly(matrix * (noise + noise.T) / 2)
        return roots, axes

    monkeypatch.setattr(np.linalg, "eigh", elsewhere)
    there = dip.match(table, **options)
    pd.testing.assert_frame_equal(here.pairs(), there.pairs(), rtol=1e-9)
    assert here.options["n_tied_choices"] == there.options["n_tied_choices"]


@pytest.mark.parametrize(
    ("columns", "kind", "words"),
    [
        (["age", "same"], DesignError, "distance cannot use .same.: within"),
        (["age", "again"], DesignError, "'again' follows exactly from age"),
        (["age", "priors", "sum"], DesignError, "'sum' follows exactly from age, priors"),
        (["age", "group"], DesignError, "cannot use 'group': within the treated .* the same for everybody"),
        (["age", "age"], InputError, "age more than once"),
        (["age", "born"], InputError, "'born' holds dates"),
        ("age", InputError, "mahalanobis must be a list"),
        (["height"], InputError, "height"),
    ],
)
def test_columns_that_make_no_distance_are_refused_by_name(columns: Any, kind: type[Exception], words: str) -> None:
    table = people().assign(same=1, again=lambda t: 2 * t["age"] + 1, sum=lambda t: t["age"] + t["priors"])
    table["group"] = 10 * table["treated"] + 5
    table["born"] = pd.Timestamp("2000-01-01")
    with pytest.raises(kind, match=words):
        dip.match(table, treated="treated", covariates=["age", "priors"], mahalanobis=columns)


# The matching.


def test_the_nearest_by_distance_within_the_caliper_on_the_score_is_taken() -> None:
    table = people(300)
    common: dict[str, Any] = {"treated": "treated", "covariates": COVARIATES}
    design = dip.match(table, mahalanobis=METRIC, **common)
    score = np.log(design.score / (1 - design.score))
    pairs = design.pairs()
    gaps = np.abs(score[pairs["treated_index"]].to_numpy() - score[pairs["comparison_index"]].to_numpy())
    assert (gaps <= design.options["caliper_width"] + 1e-9).all()
    assert pairs["distance"].gt(design.options["caliper_width"]).any()  # the caliper is no limit of this distance
    by_score = dip.match(table, **common).pairs()
    assert names_of(pairs) != names_of(by_score)
    assert "by Mahalanobis distance of age, priors (covariance pooled within the two groups), among" in design.notes[0]
    assert "within the caliper on the logit of the propensity score" in design.notes[0]


def names_of(pairs: pd.DataFrame) -> set[tuple[str, str]]:
    return set(pairs[["treated_index", "comparison_index"]].itertuples(index=False, name=None))


@pytest.mark.parametrize("name", ["lalonde", "recid"])
@pytest.mark.parametrize("order", ["largest", "data", "closest"])
@pytest.mark.parametrize("more", [{}, {"ratio": 2}, {"replace": True, "ratio": 2}])
def test_a_covariate_caliper_holds_beside_exact_columns_and_mahalanobis(
    name: str, order: str, more: dict[str, Any]
) -> None:
    # The very case in which other software has returned pairs 29 years apart under a caliper of ten.
    table = LOADERS[name]()
    treated, years = {"lalonde": ("treat", 10), "recid": ("workprg", 120)}[name]  # recid has months
    columns = {
        "lalonde": ["age", "educ", "black", "hispan", "married", "nodegree", "re74", "re75"],
        "recid": ["black", "alcohol", "drugs", "married", "felon", "property", "person", "priors", "educ", "age"],
    }[name]
    common: dict[str, Any] = {
        "treated": treated, "covariates": columns, "mahalanobis": columns, "exact": ["black"], "order": order, **more,
    }  # fmt: skip
    loose, tight = dip.match(table, **common), dip.match(table, covariate_calipers={"age": years}, **common)
    apart = [
        np.abs(
            table["age"][design.pairs()["treated_index"]].to_numpy()
            - table["age"][design.pairs()["comparison_index"]].to_numpy()
        )
        for design in (loose, tight)
    ]
    assert (apart[0] > years).any()
    assert (apart[1] <= years).all()
    pairs = tight.pairs()
    assert (table["black"][pairs["treated_index"]].to_numpy() == table["black"][pairs["comparison_index"]]).all()
    assert len(pairs) > 50


@pytest.mark.parametrize(
    "options",
    [
        {"mahalanobis": METRIC},
        {"mahalanobis": ["age", "district"], "order": "closest"},
        {"mahalanobis": METRIC, "ratio": 2, "exact": ["district"], "order": "random", "caliper": None},
        {"mahalanobis": METRIC, "replace": True, "ratio": 3, "covariate_calipers": {"age": 1}},
        {"order": "closest", "ratio": 2},
        {"order": "closest", "exact": ["district"], "covariate_calipers": {"age": 1}},
    ],
)
@pytest.mark.parametrize("with_id", [True, False])
def test_shuffling_the_rows_moves_nothing(options: dict[str, Any], with_id: bool) -> None:
    table = people(200)
    table["priors"] = table["priors"].clip(upper=3)
    table["age"] = table["age"] // 10
    if with_id:
        table["code"] = [f"C{number}" for number in range(200)]
        options = {**options, "id": "code"}
    first = dip.match(table, treated="treated", covariates=COVARIATES, **options)
    assert first.options["n_tied_choices"] > 0
    mixed = table.sample(frac=1, random_state=2)
    if with_id:
        mixed = mixed.reset_index(drop=True)
    second = dip.match(mixed, treated="treated", covariates=COVARIATES, **options)
    assert first.fingerprint == second.fingerprint
    assert first.options == second.options
    left = first.to_frame().set_index("id").sort_index()
    pd.testing.assert_frame_equal(left, second.to_frame().set_index("id").sort_index(), check_exact=True)
    pd.testing.assert_series_equal(first.pairs()["distance"], second.pairs()["distance"], check_exact=True)


def test_long_work_says_how_far_it_is_in_numbers_only(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(mahalanobis, "REPORT_EVERY", 1_000)
    with caplog.at_level(logging.INFO, logger="dipeval"):
        dip.match(people(), treated="treated", covariates=COVARIATES, mahalanobis=METRIC, caliper=None)
    assert caplog.messages
    assert all("distances looked at" in message and "P0" not in message for message in caplog.messages)


@pytest.mark.parametrize("limit", [{"caliper": 0}, {"covariate_calipers": {"age": 0}, "exact": ["priors"]}])
def test_limits_that_nobody_meets_are_said_in_words(limit: dict[str, Any]) -> None:
    table = people(40).assign(age=np.linspace(18, 60, 40))
    with pytest.raises(DesignError, match="Nobody could be matched"):
        dip.match(table, treated="treated", covariates=["age", "priors"], mahalanobis=METRIC, **limit)
