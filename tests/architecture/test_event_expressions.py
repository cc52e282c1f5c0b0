"""Event work runs unchanged on DuckDB and Spark: what one of them cannot do, or does otherwise, is kept out.

Twice: in the source, and in the expressions that reach the engine while cohorts are built and outcomes measured.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir
import pandas as pd
import pytest

import dipeval as dip
from dipeval.engine import open_engine
from dipeval.engine.on_duckdb import OnDuckDB
from dipeval.linkage import true_linkage

ROOT = Path(__file__).resolve().parents[2] / "dipeval"
ROOMS = ("cohort", "outcomes", "indicators")
SOURCES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
ORDERED = ("first", "last", "collect", "group_concat")
VERBS = ("aggregate", "count", "distinct", "drop", "filter", "join", "keep", "limit", "mutate", "order_by", "select")
RULES: dict[str, dict[str, Any]] = {
    "first positive tests": {},
    "every test": {"index_event": "any_test", "index_choice": "every"},
    "releases, one a quarter": {"index_event": "release", "index_choice": "per_quarter"},
    "programmes before": {"exposure_timing": "before_index", "landmark_days": 0},
    "the young": {"minimum_age": 18, "maximum_age": 30},
    "time varying": {"immortal_time": "time_varying", "landmark_days": 0},
    "kept to the end": {"late_index": "keep"},
}
QUICK = ("first positive tests", "every test")


def _faults(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
        if name in ("asof_join", "memtable"):
            yield f"line {node.lineno}: {name} (Spark has no asof join; put frames on the engine with engine.put)"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield from _call_faults(node, node.func)


def _call_faults(call: ast.Call, function: ast.Attribute) -> Iterator[str]:
    if function.attr in ORDERED and any(one.arg == "order_by" for one in call.keywords):
        yield f"line {call.lineno}: ordered {function.attr} (Spark refuses it; use a row number or argmax)"
    if function.attr == "execute":
        yield f"line {call.lineno}: execute (bring results over with engine.to_pandas, which guards the rows)"
    if function.attr == "to_pandas" and _is_table(function.value):
        yield f"line {call.lineno}: to_pandas of a table (use engine.to_pandas, which guards the rows)"


def _is_table(receiver: ast.expr) -> bool:
    """Whether it can only be an Ibis table: what a verb of a table gives, or the table of a stage."""
    if isinstance(receiver, ast.Call) and isinstance(receiver.func, ast.Attribute):
        return receiver.func.attr in VERBS
    return isinstance(receiver, ast.Attribute) and receiver.attr == "table"


def test_the_rooms_are_there() -> None:
    assert {path.relative_to(ROOT).parts[0] for path in SOURCES} == set(ROOMS)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_source_asks_for_nothing_that_one_engine_lacks(path: Path) -> None:
    assert list(_faults(ast.parse(path.read_text(encoding="utf-8")))) == []


@pytest.mark.parametrize(
    "line",
    [
        "a.asof_join(b)",
        "ibis.memtable(frame)",
        "t.x.first(order_by=t.day)",
        "t.aggregate(n=t.x.collect(order_by='day'))",
        "t.count().execute()",
        "t.filter(t.x > 1).to_pandas()",
        "engine.keep(t).to_pandas()",
        "stage.table.to_pandas()",
    ],
)
def test_the_lint_sees_what_it_is_for(line: str) -> None:
    assert len(list(_faults(ast.parse(line)))) == 1


@pytest.mark.parametrize("line", ["engine.to_pandas(t)", "cohort.engine.to_pandas(t.count())", "people.to_pandas()"])
def test_the_lint_lets_through_what_is_meant(line: str) -> None:
    assert list(_faults(ast.parse(line))) == []


def _divides_whole_numbers(node: Any) -> bool:
    # Spark reads the literal of x / 365.25 as a decimal where x is whole, and the result is off without a word.
    return type(node) is ops.Divide and node.left.dtype.is_integer()


def _makes_numbers_of_yes(node: Any) -> bool:
    return isinstance(node, ops.Cast | ops.TryCast) and node.arg.dtype.is_boolean() and node.to.is_numeric()


def _is_ordered(node: Any) -> bool:
    kinds = (ops.First, ops.Last, ops.ArrayCollect, ops.GroupConcat)
    return isinstance(node, kinds) and bool(getattr(node, "order_by", ()))


def _node_faults(table: ir.Table) -> Iterator[str]:
    kinds = (ops.InMemoryTable, ops.ScalarUDF, ops.AggUDF, ops.SQLQueryResult)
    for node in table.op().find(ops.Node):
        if isinstance(node, kinds) or (isinstance(node, ops.JoinLink) and node.how == "asof"):
            yield f"{type(node).__name__} in the tree"
        if _divides_whole_numbers(node):
            yield f"a whole number is divided: {node.name}; cast the numerator to float64"
        if _makes_numbers_of_yes(node):
            yield f"yes/no is cast to a number: {node.name}; use ifelse(1, 0)"
        if _is_ordered(node):
            yield f"ordered {type(node).__name__}"
        if isinstance(node, (ops.Strip, ops.LStrip, ops.RStrip)):
            yield "strip of text (on Spark it takes the letter v off the ends as well)"


@pytest.fixture
def reached(monkeypatch: pytest.MonkeyPatch) -> list[ir.Table]:
    """Every expression that reaches the engine; a result brought over in any other way is an error."""
    seen: list[ir.Table] = []
    for name in ("keep", "fetch", "write"):
        meant = getattr(OnDuckDB, name)

        def noted(self: OnDuckDB, table: ir.Table, *rest: Any, _meant: Any = meant) -> Any:
            seen.append(table)
            return _meant(self, table, *rest)

        monkeypatch.setattr(OnDuckDB, name, noted)

    def refused(self: Any, *_: Any, **__: Any) -> None:
        pytest.fail("a result was brought over without the engine's guard")

    for kind in (ibis.expr.types.core.Expr, ir.Table, ir.Column, ir.Scalar):
        for way in ("execute", "to_pandas", "to_pyarrow", "to_pyarrow_batches"):
            if way in vars(kind):
                monkeypatch.setattr(kind, way, refused)
    return seen


@pytest.fixture(scope="module")
def simulated() -> tuple[dip.Extracts, Any]:
    extracts = dip.simulate(people=600, seed=5)
    return extracts, true_linkage(extracts)


def _assert_portable(reached: list[ir.Table]) -> None:
    assert reached
    assert sorted({fault for table in reached for fault in _node_faults(table)}) == []


@pytest.mark.parametrize("name", [pytest.param(one, marks=[pytest.mark.slow][: one not in QUICK]) for one in RULES])
def test_expressions_of_a_cohort_are_portable(
    name: str, simulated: tuple[dip.Extracts, Any], reached: list[ir.Table]
) -> None:
    extracts, linkage = simulated
    cohort = dip.build_cohort(extracts, linkage, dip.CohortRule(**RULES[name]), engine=open_engine(threads=1))
    censored = {"at_extract_end": "censor"} if RULES[name].get("late_index") == "keep" else {}
    dip.measure_reoffending(cohort, follow_up=dip.FollowUp(**censored)).to_frame()
    _assert_portable(reached)


def test_expressions_of_the_pathway_are_portable(simulated: tuple[dip.Extracts, Any], reached: list[ir.Table]) -> None:
    extracts, linkage = simulated
    engine = open_engine(threads=1)
    dip.pathway(extracts, linkage, by="district", engine=engine)
    dip.pathway(extracts, linkage, by="quarter", counting="period", engine=engine)
    dip.seen(extracts, linkage, engine=engine)
    _assert_portable(reached)


def test_expressions_of_indicators_are_portable(simulated: tuple[dip.Extracts, Any], reached: list[ir.Table]) -> None:
    extracts, linkage = simulated
    engine = open_engine(threads=1)
    dip.indicators(extracts, linkage, by=("age_group", "substance"), engine=engine)
    dip.drug_offence_link(extracts, by_substance=False, engine=engine)  # substances are columns either way
    dip.contact_hours(extracts, linkage, engine=engine)
    _assert_portable(reached)


@pytest.mark.slow
def test_expressions_of_people_coming_in_are_portable(
    simulated: tuple[dip.Extracts, Any], reached: list[ir.Table]
) -> None:
    extracts, linkage = simulated
    engine = open_engine(threads=1)
    dip.transition_to_adult(extracts, linkage, engine=engine)
    dip.age_structure(extracts, linkage, every="financial_year", engine=engine)
    dip.age_structure(extracts, linkage, source="treatment", engine=engine)
    dip.entry_point_yield(extracts, linkage, engine=engine)
    _assert_portable(reached)


def test_the_tree_check_sees_what_it_is_for() -> None:
    table = ibis.table({"n": "int64", "yes": "boolean", "day": "date"}, name="t")
    for wrong in (
        table.mutate(m=table.n / 365.25),
        table.mutate(m=table.yes.cast("int64")),
        table.group_by("yes").aggregate(m=table.n.first(order_by=table.day)),
        table.cross_join(ibis.memtable(pd.DataFrame({"x": [1]}))),
        table.mutate(m=table.n.cast("string").strip()),
        table.asof_join(table.view(), "day"),
    ):
        assert list(_node_faults(wrong)), wrong
    assert list(_node_faults(table.mutate(m=table.n.cast("float64") / 365.25, o=table.yes.ifelse(1, 0)))) == []
