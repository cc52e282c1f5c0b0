from __future__ import annotations

import gc
from pathlib import Path

import pandas as pd
import pytest

from dipeval.engine import Engine, open_engine
from dipeval.errors import InputError


def test_dates_become_dates_and_empty_columns_become_text() -> None:
    engine = open_engine(threads=1)
    frame = pd.DataFrame({"day": pd.to_datetime(["2012-02-29", None]), "nothing": [None, None]})
    schema = engine.put(frame).schema()
    assert str(schema["day"]) == "date"
    assert str(schema["nothing"]) == "string"


def test_the_same_name_never_overwrites() -> None:
    engine = open_engine()
    first, second = engine.put(pd.DataFrame({"x": [1]}), "t"), engine.put(pd.DataFrame({"x": [2]}), "t")
    assert engine.to_pandas(first)["x"].tolist() == [1]
    assert engine.to_pandas(engine.keep(second))["x"].tolist() == [2]


def test_too_many_rows_are_refused_with_the_fix_named() -> None:
    engine = Engine(backend=open_engine().backend, row_limit=1)
    with pytest.raises(InputError, match="Aggregate it on the engine"):
        engine.to_pandas(engine.put(pd.DataFrame({"x": [1, 2]})))


def test_no_extension_is_fetched() -> None:
    settings = open_engine().connection.execute(
        "select name, value from duckdb_settings() where name in "
        "('autoinstall_known_extensions', 'autoload_known_extensions')"
    )
    assert {value for _, value in settings.fetchall()} == {"false"}


def test_what_spills_goes_to_a_private_folder_that_goes_with_the_engine() -> None:
    engine = open_engine(threads=1)
    folder = Path(engine.connection.execute("select current_setting('temp_directory')").fetchone()[0])
    assert folder.exists()
    assert folder.stat().st_mode & 0o077 == 0
    del engine
    gc.collect()
    assert not folder.exists()
