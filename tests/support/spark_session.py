"""One local Spark with Delta: the writer of test tables and the oracle of what an export must hold."""

from __future__ import annotations

import contextlib
import os
import pathlib
import time

from .paths import JARS

DELTA_PACKAGE = "io.delta:delta-spark_4.1_2.13:4.2.0"

SETTINGS = {
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.shuffle.partitions": "2",
    "spark.default.parallelism": "2",
    "spark.databricks.delta.snapshotPartitions": "1",
    "spark.databricks.delta.stalenessLimit": "0",
    # Reads of old versions are tests of ours; the rule that forbids them is Spark's, not the format's.
    "spark.databricks.delta.vacuum.enforceTimeTravelWithinDeletedFileRetentionDuration": "false",
    "spark.sql.ansi.enabled": "false",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.memory": "2g",
    "spark.driver.extraJavaOptions": "-XX:+UseParallelGC -XX:TieredStopAtLevel=1",
    "spark.sql.adaptive.enabled": "false",
    # Tables of a few rows are read before the code for them would be compiled.
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.log.level": "ERROR",
}


def start_session(scratch: pathlib.Path):
    """A session that keeps everything of its own below `scratch`.

    The driver's time zone is UTC, as on a cluster: what `collect()` returns follows it.
    """
    os.environ["TZ"] = "UTC"
    time.tzset()
    # The Python side of pyspark must be the one that is running.
    os.environ["PYSPARK_PYTHON"] = os.environ["PYSPARK_DRIVER_PYTHON"] = os.sys.executable
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master("local[2]").appName("sluice-tests")
    for key, value in SETTINGS.items():
        builder = builder.config(key, value)
    builder = builder.config("spark.sql.warehouse.dir", str(scratch / "warehouse"))
    builder = builder.config("spark.local.dir", str(scratch / "local"))
    jars = sorted(JARS.glob("*.jar"))
    if jars:
        builder = builder.config("spark.jars", ",".join(map(str, jars)))
    else:
        builder = builder.config("spark.jars.packages", DELTA_PACKAGE)
    return builder.getOrCreate()


@contextlib.contextmanager
def settings(spark, **conf):
    """Sets session settings for a while; `__` in a name stands for a dot, None unsets."""
    before = {}
    for name, value in conf.items():
        key = name.replace("__", ".")
        before[key] = spark.conf.get(key, None)
        _set(spark, key, value)
    try:
        yield spark
    finally:
        for key, value in before.items():
            _set(spark, key, value)


def _set(spark, key, value):
    if value is None:
        spark.conf.unset(key)
    else:
        spark.conf.set(key, value)
