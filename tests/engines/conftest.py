"""One Spark session for all tests that need it: two threads of this machine, no web pages, nothing left behind."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest


def _lacking() -> str:
    if find_spec("pyspark") is None:
        return "pyspark is not installed; `make spark` installs it"
    if shutil.which("java") is None and not Path(os.environ.get("JAVA_HOME", "/nowhere"), "bin", "java").exists():
        return "there is no Java, which Spark runs on"
    return ""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Spark's own Python side leaves its sockets to the garbage collector; that is no defect of ours."""
    for item in items:
        if item.get_closest_marker("spark"):
            item.add_marker(pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"))


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A session as a user would hand it in. Skipped where Spark cannot run, failed where it has to (CI=true)."""
    lacking = _lacking()
    if lacking:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(lacking)
    from pyspark.sql import SparkSession

    folder = tmp_path_factory.mktemp("spark")
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    settings = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.memory": "2g",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": "4",
        # On a few thousand rows, compiling and re-planning every query takes most of the time; results are the same.
        "spark.sql.codegen.wholeStage": "false",
        "spark.sql.adaptive.enabled": "false",
        "spark.default.parallelism": "4",
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.local.dir": str(folder / "local"),
        "spark.driver.extraJavaOptions": f"-Dderby.system.home={folder} -Duser.timezone=UTC",
        "spark.log.level": "ERROR",
    }
    builder = SparkSession.builder.master("local[2]").appName("dipeval tests")
    for name, value in settings.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()
