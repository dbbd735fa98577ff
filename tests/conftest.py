"""Fixtures for every Python test of the tree."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

pytest.register_assert_rewrite("support.compare", "support.export", "support.sluice")

from support.source import Source  # noqa: E402
from support.spark_session import start_session  # noqa: E402
from support.sluice import Sluice  # noqa: E402


@pytest.fixture(scope="session")
def spark(tmp_path_factory):
    """The one warm Spark of the run."""
    session = start_session(tmp_path_factory.mktemp("spark"))
    yield session
    session.stop()


@pytest.fixture
def sluice(tmp_path):
    """The program with an empty config; `sluice.add` gives it tables."""
    return Sluice(tmp_path)


@pytest.fixture
def source(spark, tmp_path):
    """Makes Delta tables through Spark: source(columns, name=...)."""
    made = []

    def make(columns: str, name: str = "events", **options) -> Source:
        made.append(Source(spark, tmp_path / "lake" / name, f"t{tmp_path.name}_{name}", columns,
                           **options))
        return made[-1]

    yield make
    for table in made:
        table.unregister()
