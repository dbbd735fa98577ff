"""A source table that Spark writes, and what Spark says an export of it must hold."""

from __future__ import annotations

import json
import pathlib
import re

from .guide import Guide
from .rows import render_table
from .spark_session import settings

_UNSAFE_FEED = "spark.databricks.delta.changeDataFeed.unsafeBatchReadOnIncompatibleSchemaChanges.enabled"
EVENTS = "id BIGINT, name STRING, event_timestamp TIMESTAMP"


class Source:
    """A Delta table at a path, registered in Spark under a name.

    `timestamps` is how Spark stores TIMESTAMP: INT96, its default, or TIMESTAMP_MICROS.
    """

    def __init__(self, spark, path: pathlib.Path, name: str, columns: str, *,
                 partitioned_by: str = "", properties: dict | None = None,
                 timestamps: str = "TIMESTAMP_MICROS"):
        self.spark, self.path = spark, path
        self.name = re.sub(r"\W", "_", name)
        self.timestamps = timestamps
        options = ", ".join(f"'{key}' = '{value}'" for key, value in (properties or {}).items())
        self.sql(f"CREATE TABLE {self.name} ({columns}) USING DELTA"
                 + (f" PARTITIONED BY ({partitioned_by})" if partitioned_by else "")
                 + f" LOCATION '{path}'"
                 + (f" TBLPROPERTIES ({options})" if options else ""))

    def sql(self, text: str):
        """Runs a statement; `{t}` is the table."""
        with settings(self.spark, spark__sql__parquet__outputTimestampType=self.timestamps):
            return self.spark.sql(text.replace("{t}", self.name))

    def insert(self, *rows: str, rows_per_file: int = 0) -> int:
        """Appends rows of SQL values, "1, 'a', TIMESTAMP'..'", in one commit; its version."""
        with settings(self.spark, spark__sql__files__maxRecordsPerFile=str(rows_per_file)):
            self.sql("INSERT INTO {t} VALUES " + ", ".join(f"({row})" for row in rows))
        return self.version

    def set_property(self, key: str, value: object) -> int:
        """The version that does it."""
        self.sql(f"ALTER TABLE {{t}} SET TBLPROPERTIES ('{key}' = '{str(value).lower()}')")
        return self.version

    def overwrite_schema(self, frame) -> int:
        """Overwrites rows and schema; the version that does it."""
        with settings(self.spark, spark__sql__parquet__outputTimestampType=self.timestamps):
            (frame.write.format("delta").mode("overwrite").option("overwriteSchema", "true")
             .save(str(self.path)))
        self.spark.sql(f"REFRESH TABLE {self.name}")
        return self.version

    @property
    def version(self) -> int:
        """The latest version, from the log's file names."""
        return max(int(file.stem) for file in self.log.glob("[0-9]*.json") if file.stem.isdigit())

    @property
    def log(self) -> pathlib.Path:
        return self.path / "_delta_log"

    def commit(self, version: int) -> list[dict]:
        """The actions of a commit."""
        return [json.loads(line)
                for line in (self.log / f"{version:020}.json").read_text().splitlines()]

    def guide(self, state_table: str, export_path, **options) -> Guide:
        return Guide(self.spark, source_table=self.name, state_table=state_table,
                     export_path=str(export_path), **options)

    def expected(self, start: str, end: str, *, watermark: str = "event_timestamp",
                 hourly: bool = True, timezone: str = "UTC", version: int | None = None,
                 columns: str = "*") -> list[dict]:
        """The rows of (start, end] as the guide's notebook would select them, with dt (and hr)."""
        with settings(self.spark, spark__sql__session__timeZone=timezone):
            if version is None:
                self.spark.sql(f"REFRESH TABLE {self.name}")
                table = self.name
            else:
                self.spark.read.format("delta").option("versionAsOf", version).load(
                    str(self.path)).createOrReplaceTempView("at_version")
                table = "at_version"
            guide = Guide(self.spark, source_table=table, state_table="none", export_path="none",
                          watermark=watermark, start=start, hourly=hourly)
            selected = guide.select(end)
            if columns != "*":
                selected = selected.selectExpr(*columns.split(","), "dt", *(["hr"] * hourly))
            return render_table(selected.toArrow())

    def changes(self, first: int, last: int, *, timezone: str = "UTC",
                other_schema: bool = False) -> list[dict]:
        """Rows of Spark's table_changes of these versions (inclusive), with their _commit_date.

        `other_schema`: of a range that a schema replaced later, which Spark refuses unless forced to.
        """
        # Spark keeps the times of commits that it has seen.
        self.spark._jvm.org.apache.spark.sql.delta.DeltaLog.clearCache()
        self.spark.sql(f"REFRESH TABLE {self.name}")
        unsafe = "true" if other_schema else None
        with settings(self.spark, spark__sql__session__timeZone=timezone,
                      **{_UNSAFE_FEED: unsafe}):
            return render_table(self.spark.sql(
                "SELECT *, date_format(_commit_timestamp, 'yyyy-MM-dd') AS _commit_date"
                f" FROM table_changes('{self.name}', {first}, {last})").toArrow())

    def rows(self, version: int | None = None) -> list[dict]:
        """What Spark reads at a version."""
        self.spark._jvm.org.apache.spark.sql.delta.DeltaLog.clearCache()
        read = self.spark.read.format("delta")
        if version is not None:
            read = read.option("versionAsOf", version)
        return render_table(read.load(str(self.path)).toArrow())

    def unregister(self) -> None:
        self.spark.sql(f"DROP TABLE IF EXISTS {self.name}")
