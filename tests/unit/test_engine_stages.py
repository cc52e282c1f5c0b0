"""Stages: computed once, kept as Parquet with a manifest, and made again where something changed."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from dipeval.engine import Engine, Stage, open_engine
from dipeval.engine.frames import to_arrow
from dipeval.engine.manifest import canonical, content_key, stage_key
from dipeval.errors import InputError

PEOPLE = pd.DataFrame(
    {
        "person_id": ["a", "b", "c", "d"],
        "test_date": pd.to_datetime(["2012-02-29", "2012-03-31", None, "2012-01-01"]),
        "result": ["opiates", None, "both", "opiates"],
        "score": [0.5, None, 0.25, 1.0],
        "custodial": pd.array([True, None, False, True], dtype="boolean"),
    }
)


@dataclass
class Run:
    """A chain of four stages: tests -> chosen -> summed and counted; which were made is noted."""

    engine: Engine
    made: list[str]
    chosen: Stage
    summed: Stage
    counted: Stage

    def results(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        return self.summed.to_pandas(), self.counted.to_pandas()


def run(folder: Path | None, *, result: str = "opiates", factor: int = 2, people: pd.DataFrame = PEOPLE) -> Run:
    engine, made = open_engine(threads=1, stages=folder), []

    def noted(name: str, make: Callable[[], object]) -> Callable[[], object]:
        def made_now() -> object:
            made.append(name)
            return make()

        return made_now

    tests = engine.source("tests", people)
    chosen = engine.stage(
        "chosen",
        noted("chosen", lambda: tests.table.filter(tests.table.result == result)),
        spec={"result": result},
        inputs=[tests],
    )
    summed = engine.stage(
        "summed",
        noted("summed", lambda: chosen.table.group_by("result").aggregate(n=(chosen.table.score * factor).sum())),
        spec={"factor": factor},
        inputs=[chosen],
    )
    counted = engine.frame_stage(
        "counted",
        noted("counted", lambda: pd.DataFrame({"n": [len(chosen.to_pandas())], "words": ["people"]})),
        spec={},
        inputs=[chosen],
    )
    return Run(engine, made, chosen, summed, counted)


def test_nothing_is_made_before_it_is_asked_for_and_nothing_twice() -> None:
    first = run(None)
    assert (first.made, first.engine.n_queries) == ([], 0)
    first.results()
    first.results()
    assert first.made == ["summed", "chosen", "counted"]


def test_without_a_folder_nothing_is_hashed_or_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    first = run(None)
    first.results()
    assert first.chosen.key == first.counted.key == ""
    assert list(tmp_path.iterdir()) == []


def test_a_second_run_executes_no_query_and_gives_the_same(tmp_path: Path) -> None:
    first, second = run(tmp_path / "kept"), run(tmp_path / "kept")
    before = first.results()
    assert first.engine.n_queries > 0
    again = second.results()
    assert (second.made, second.engine.n_queries) == ([], 0)
    for one, other in zip(before, again, strict=True):
        pd.testing.assert_frame_equal(one, other)


def test_a_frame_has_the_same_types_computed_kept_and_read(tmp_path: Path) -> None:
    frames = [run(None).chosen.to_pandas()]
    for _ in range(2):
        one = run(tmp_path / "kept").chosen
        frames.append(one.to_pandas())
    for other in frames[1:]:
        pd.testing.assert_frame_equal(frames[0], other)
    assert frames[0].dtypes.astype(str).to_dict() == {
        "person_id": "object",
        "test_date": "datetime64[us]",
        "result": "object",
        "score": "float64",
        "custodial": "bool",
    }


@pytest.mark.parametrize(
    ("changed", "made"),
    [
        ({"factor": 3}, ["summed"]),
        ({"result": "both"}, ["summed", "chosen", "counted"]),
        ({"people": PEOPLE.assign(score=1.0)}, ["summed", "chosen", "counted"]),
        ({}, []),
    ],
)
def test_one_changed_option_reruns_only_what_depends_on_it(tmp_path: Path, changed: dict, made: list[str]) -> None:
    run(tmp_path / "kept").results()
    second = run(tmp_path / "kept", **changed)
    second.results()
    assert second.made == made
    both = run(tmp_path / "kept"), run(tmp_path / "kept", **changed)
    for one in both:
        one.results()
        assert one.made == []


def test_the_manifest_says_what_a_stage_was_made_from(tmp_path: Path) -> None:
    first = run(tmp_path / "kept")
    first.results()
    place = tmp_path / "kept" / f"summed-{first.summed.key[:16]}"
    manifest = json.loads((place / "manifest.json").read_text())
    assert manifest["name"] == "summed"
    assert manifest["key"] == first.summed.key
    assert manifest["spec"] == {"factor": 2}
    assert manifest["inputs"] == [{"name": "chosen", "key": first.chosen.key}]
    assert manifest["rows"] == 1
    assert manifest["columns"] == [{"name": "result", "type": "string"}, {"name": "n", "type": "double"}]
    assert "GROUP BY" in manifest["sql"]
    assert manifest["files"][0]["bytes"] > 0
    assert manifest["dipeval"]


def test_what_is_kept_is_for_its_owner_alone_and_for_no_repository(tmp_path: Path) -> None:
    run(tmp_path / "kept").results()
    folder = tmp_path / "kept"
    for path in (folder, *(one for one in folder.iterdir() if one.is_dir())):
        assert path.stat().st_mode & 0o077 == 0
    assert (folder / ".gitignore").read_text() == "*\n"
    assert not list(folder.glob(".making-*"))


def _spoil_data(place: Path) -> None:
    file = next((place / "data").glob("*.parquet"))
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 0xFF
    file.write_bytes(bytes(content))


def _cut_data(place: Path) -> None:
    file = next((place / "data").glob("*.parquet"))
    file.write_bytes(file.read_bytes()[:-7])


DAMAGE: dict[str, Callable[[Path], object]] = {
    "a changed byte": _spoil_data,
    "a file cut short": _cut_data,
    "a file missing": lambda place: next((place / "data").glob("*.parquet")).unlink(),
    "a file too many": lambda place: (place / "data" / "part-9.parquet").write_bytes(b""),
    "no manifest": lambda place: (place / "manifest.json").unlink(),
    "half a manifest": lambda place: (place / "manifest.json").write_text('{"key": "'),
    "another's manifest": lambda place: (place / "manifest.json").write_text('{"key": "other", "files": []}'),
    "a manifest that is a list": lambda place: (place / "manifest.json").write_text("[1]"),
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_damaged_stage_is_computed_again(tmp_path: Path, kind: str) -> None:
    first = run(tmp_path / "kept")
    before = first.results()
    DAMAGE[kind](tmp_path / "kept" / f"summed-{first.summed.key[:16]}")
    second = run(tmp_path / "kept")
    again = second.results()
    assert second.made == ["summed"]
    pd.testing.assert_frame_equal(before[0], again[0])
    third = run(tmp_path / "kept")
    third.results()
    assert third.made == []


def test_a_run_that_breaks_leaves_nothing_half_written(tmp_path: Path) -> None:
    engine = open_engine(threads=1, stages=tmp_path / "kept")
    tests = engine.source("tests", PEOPLE)
    broken = engine.stage("broken", lambda: tests.table.mutate(n=tests.table.person_id.cast("int64")), spec={})
    with pytest.raises(Exception, match=r"(?i)cast|convert"):
        broken.to_pandas()
    assert [path.name for path in (tmp_path / "kept").iterdir()] == [".gitignore"]


def test_what_a_killed_run_left_is_cleared_a_day_later(tmp_path: Path) -> None:
    old, new = tmp_path / ".making-old", tmp_path / ".making-new"
    old.mkdir(), new.mkdir()
    day_and_hour = time.time() - 25 * 3600
    os.utime(old, (day_and_hour, day_and_hour))
    open_engine(threads=1, stages=tmp_path)
    assert new.exists()
    assert not old.exists()


def test_sums_of_whole_numbers_stay_whole_when_kept(tmp_path: Path) -> None:
    engine = open_engine(threads=1, stages=tmp_path)
    table = engine.put(pd.DataFrame({"g": ["x", "x"], "n": [1, 2**53]}))
    summed = engine.stage("summed", lambda: table.group_by("g").aggregate(n=table.n.sum()), spec={})
    assert summed.to_pandas()["n"].tolist() == [2**53 + 1]
    assert str(summed.table.schema()["n"]) == "int64"


def test_more_rows_than_the_limit_are_refused_from_disk_too(tmp_path: Path) -> None:
    run(tmp_path).results()
    engine = open_engine(threads=1, stages=tmp_path, row_limit=1)
    tests = engine.source("tests", PEOPLE)
    chosen = engine.stage("chosen", lambda: tests.table, spec={"result": "opiates"}, inputs=[tests])
    with pytest.raises(InputError, match="more than 1 rows"):
        chosen.to_pandas()


def test_a_table_without_a_label_is_refused_where_stages_are_kept(tmp_path: Path) -> None:
    engine = open_engine(threads=1, stages=tmp_path)
    table = engine.put(PEOPLE)
    with pytest.raises(InputError, match="give snapshot="):
        engine.source("tests", table)
    keys = {engine.source("tests", table, snapshot=label).key for label in ("March", "April", "March")}
    assert len(keys) == 2


@pytest.mark.parametrize("folder", ["s3://bucket/stages", "dbfs://stages"])
def test_an_address_is_no_folder(folder: str) -> None:
    with pytest.raises(InputError, match="stages must be a folder"):
        open_engine(stages=folder)


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match="there is a file of that name"):
        open_engine(stages=tmp_path / "file")


def test_keys_change_with_every_part_and_not_with_the_order_of_options() -> None:
    base = stage_key("a", {"x": 1, "y": {"b", "a"}}, ["k"])
    assert base == stage_key("a", {"y": {"a", "b"}, "x": 1}, ["k"])
    others = [("b", {"x": 1, "y": {"b", "a"}}, ["k"]), ("a", {"x": 2, "y": {"b", "a"}}, ["k"]), ("a", {"x": 1}, ["k"])]
    others += [("a", {"x": 1, "y": {"b", "a"}}, ["l"]), ("a", {"x": 1, "y": {"b", "a"}}, [])]
    assert base not in {stage_key(*one) for one in others}


def test_a_spec_may_hold_days_options_and_nothing_that_has_no_words() -> None:
    @dataclass(frozen=True)
    class Rule:
        day: dt.date = dt.date(2012, 2, 29)
        names: tuple[str, ...] = ("a", "b")
        none: None = None

    assert canonical(Rule()) == '{"day": "2012-02-29", "names": ["a", "b"], "none": null}'
    with pytest.raises(TypeError, match="holds a function"):
        canonical({"make": lambda: 1})


def test_the_key_of_a_frame_is_that_of_its_content() -> None:
    keys = [content_key(to_arrow(frame)) for frame in (PEOPLE, PEOPLE.copy(), PEOPLE.set_index(PEOPLE.index + 7))]
    assert len(set(keys)) == 1
    others = [PEOPLE.assign(score=PEOPLE["score"].fillna(9)), PEOPLE.rename(columns={"score": "s"}), PEOPLE.head(3)]
    assert keys[0] not in {content_key(to_arrow(frame)) for frame in others}
    assert content_key(to_arrow(PEOPLE.tail(2))) == content_key(to_arrow(PEOPLE.tail(2).copy()))


def test_a_manifest_without_its_number_of_rows_is_damaged(tmp_path: Path) -> None:
    run(tmp_path).results()
    for manifest in tmp_path.glob("*/manifest.json"):
        told = json.loads(manifest.read_text(encoding="utf-8"))
        del told["rows"]
        manifest.write_text(json.dumps(told), encoding="utf-8")
    again = run(tmp_path)
    again.results()
    assert sorted(again.made) == ["chosen", "counted", "summed"]


def test_a_folder_that_cannot_be_written_to_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stages = tmp_path / "stages"
    made = run(stages)

    def refused(*_args: object, **_options: object) -> str:
        raise PermissionError(13, "Permission denied", str(stages))

    monkeypatch.setattr("dipeval.engine.manifest.tempfile.mkdtemp", refused)
    with pytest.raises(InputError, match=r"cannot be written to \(permission denied\)"):
        made.results()
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(InputError, match="cannot be written to"):
        open_engine(stages=tmp_path / "file" / "stages")


def test_a_stage_that_another_run_made_meanwhile_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from dipeval.engine import manifest

    first, second = run(tmp_path), run(tmp_path)
    looked: list[Path] = []
    found = manifest.found

    def late(place: Path, key: str) -> dict | None:
        looked.append(place)
        # At the look before the move the other run is not done yet; it is when the move fails.
        if len(looked) == 2 and not place.exists():
            first.chosen.to_pandas()
            return None
        return found(place, key)

    monkeypatch.setattr(manifest, "found", late)
    assert len(second.chosen.to_pandas()) == len(first.chosen.to_pandas())
    assert not list(tmp_path.glob(".making-*"))


def test_a_file_in_the_place_of_a_stage_makes_way(tmp_path: Path) -> None:
    wanted = run(tmp_path).summed.to_pandas()
    place = next(path for path in tmp_path.iterdir() if path.name.startswith("summed-"))
    shutil.rmtree(place)
    place.write_text("no stage", encoding="utf-8")
    pd.testing.assert_frame_equal(run(tmp_path).summed.to_pandas(), wanted)
    assert place.is_dir() and not (place / "damaged").exists()
