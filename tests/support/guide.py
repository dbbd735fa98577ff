"""The guide's notebook for Pattern A, run literally.

`SETUP` and `NOTEBOOK` are the guide's cells of 7.0 and 7.1 (its lost
indentation put back). Only what the guide itself asks the reader
to fill in is substituted: names, watermark column, BOOTSTRAP_START, and the `hr` partition where the
schedule is daily. One line more is changed, because the guide's own crashes from the second run on:
`collect()` gives a naive datetime in the driver's zone, which can't be compared with an aware one; the
driver's zone is UTC here, so UTC is attached. The clock is injected by handing the notebook a
`datetime` whose `now` stands still.
"""

from __future__ import annotations

import builtins
import contextlib
import datetime
import io
import types

SETUP = """
CREATE TABLE IF NOT EXISTS <your_catalog>.auxia_export._export_state (
source_table STRING,
last_exported_end_time TIMESTAMP,
last_exported_version BIGINT,
last_run_timestamp TIMESTAMP
) USING DELTA;
"""

NOTEBOOK = '''
from datetime import datetime, timezone
from pyspark.sql.functions import date_format
SOURCE_TABLE = '<your_catalog>.<your_schema>.<your_table>'
STATE_TABLE = '<your_catalog>.auxia_export._export_state'
EXPORT_PATH = 's3://<your-auxia-export-bucket>/<your_table>_incremental/'
WATERMARK_COL = 'event_timestamp' # replace with your column
BOOTSTRAP_START = datetime(2026, 1, 1, tzinfo=timezone.utc) # first-run lower bound
# 1. Read the last successful end_time from state.
state = spark.sql(f"""
SELECT last_exported_end_time
FROM {STATE_TABLE}
WHERE source_table = '{SOURCE_TABLE}'
""").collect()
start_time = state[0]['last_exported_end_time'] if state else BOOTSTRAP_START
end_time = datetime.now(timezone.utc).replace(minute=0, second=0, microsecond=0)
if start_time >= end_time:
    print('Nothing new to export.')
    dbutils.notebook.exit('no_new_data')
print(f'Exporting window: {start_time} -> {end_time}')
# 2. Read source, add dt + hr partition columns, write Parquet.
df = (spark.table(SOURCE_TABLE)
.filter(f"{WATERMARK_COL} > TIMESTAMP '{start_time}'")
.filter(f"{WATERMARK_COL} <= TIMESTAMP '{end_time}'")
.withColumn('dt', date_format(WATERMARK_COL, 'yyyy-MM-dd'))
.withColumn('hr', date_format(WATERMARK_COL, 'HH')))
(df.write
.format('parquet')
.mode('append')
.partitionBy('dt', 'hr')
.save(EXPORT_PATH))
# 3. Update state on success (explicit columns to keep other state fields untouched).
spark.sql(f"""
MERGE INTO {STATE_TABLE} target
USING (
SELECT '{SOURCE_TABLE}' AS source_table,
TIMESTAMP '{end_time}' AS last_exported_end_time,
current_timestamp() AS last_run_timestamp
) updates
ON target.source_table = updates.source_table
WHEN MATCHED THEN UPDATE SET
target.last_exported_end_time = updates.last_exported_end_time,
target.last_run_timestamp = updates.last_run_timestamp
WHEN NOT MATCHED THEN INSERT
(source_table, last_exported_end_time, last_run_timestamp)
VALUES
(updates.source_table, updates.last_exported_end_time, updates.last_run_timestamp)
""")
print(f'Exported window committed: {start_time} -> {end_time}')
'''

WRITE = "(df.write\n"
STATE_STEP = "# 3. Update state"


class NotebookExit(Exception):
    """What `dbutils.notebook.exit` does: it ends the notebook."""


class Guide:
    """One table's notebook with its placeholders filled in."""

    def __init__(self, spark, *, source_table: str, state_table: str, export_path: str,
                 watermark: str = "event_timestamp", start: str = "2026-01-01T00:00:00+00:00",
                 hourly: bool = True):
        self.spark, self.export_path = spark, export_path
        bootstrap = datetime.datetime.fromisoformat(start)
        code = NOTEBOOK
        for old, new in (
                ("'<your_catalog>.<your_schema>.<your_table>'", repr(source_table)),
                ("'<your_catalog>.auxia_export._export_state'", repr(state_table)),
                ("'s3://<your-auxia-export-bucket>/<your_table>_incremental/'", repr(export_path)),
                ("'event_timestamp'", repr(watermark)),
                ("datetime(2026, 1, 1, tzinfo=timezone.utc)",
                 f"datetime.fromisoformat({bootstrap.isoformat()!r})"),
                ("state[0]['last_exported_end_time'] if",
                 "state[0]['last_exported_end_time'].replace(tzinfo=timezone.utc) if")):
            code = _replace(code, old, new)
        if not hourly:
            code = _replace(code, "\n.withColumn('hr', date_format(WATERMARK_COL, 'HH')))", ")")
            code = _replace(code, ".partitionBy('dt', 'hr')", ".partitionBy('dt')")
        self.code = code
        self.state_table = state_table

    def set_up(self) -> None:
        self.spark.sql(_replace(SETUP, "<your_catalog>.auxia_export._export_state",
                                self.state_table).strip().rstrip(";"))

    def run(self, now: str) -> str:
        """The whole notebook; what it printed, or 'no_new_data'."""
        return self._execute(self.code, now)[0]

    def write_without_state(self, now: str) -> None:
        """Cells 1 and 2 only: a notebook that died before its MERGE."""
        self._execute(self.code[:self.code.index(STATE_STEP)], now)

    def move_state(self, now: str) -> None:
        """Cells 1 and 3 only: somebody else's run, as far as the state table shows it."""
        write = self.code.index(WRITE)
        self._execute(self.code[:write] + self.code[self.code.index(STATE_STEP):], now)

    def select(self, now: str):
        """The DataFrame that the notebook would write: no state table needed, bootstrap to `now`."""
        code = _replace(self.code[:self.code.index(WRITE)], 'spark.sql(f"""', 'no_rows(f"""')
        return self._execute(code, now)[1]["df"]

    def _execute(self, code: str, now: str) -> tuple[str, dict]:
        notebook = types.SimpleNamespace(exit=_exit)
        scope = {"spark": self.spark, "dbutils": types.SimpleNamespace(notebook=notebook),
                 "no_rows": lambda _: types.SimpleNamespace(collect=list),
                 "__builtins__": {**vars(builtins), "__import__": _importer(now)}}
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            try:
                exec(compile(code, "pattern_a_notebook", "exec"), scope)  # noqa: S102
            except NotebookExit as done:
                return str(done), scope
        return printed.getvalue(), scope


def _exit(value):
    raise NotebookExit(value)


def _replace(text: str, old: str, new: str) -> str:
    assert text.count(old) == 1, f"the guide's text has {text.count(old)} times {old!r}"
    return text.replace(old, new)


def _importer(now: str):
    instant = datetime.datetime.fromisoformat(now)

    class StillDatetime(datetime.datetime):
        @classmethod
        def now(cls, tz=None):
            return cls.fromtimestamp(instant.timestamp(), tz)

    module = types.SimpleNamespace(datetime=StillDatetime, timezone=datetime.timezone)

    def load(name, *arguments, **keywords):
        # Only the notebook's own imports come here: other modules keep their builtins.
        return module if name == "datetime" else builtins.__import__(name, *arguments, **keywords)

    return load
