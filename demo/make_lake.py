#!/usr/bin/env python3
"""Makes the demo's lake, or lets another day go by in it: ordinary Delta tables, written by delta-rs.

    .deps/venv/bin/python demo/make_lake.py demo/lake           the first day
    .deps/venv/bin/python demo/make_lake.py demo/lake --grow    the second day, with rows that come late

The folder may be s3://bucket/prefix; AWS_* in the environment say how it is reached.

Everything is drawn from a fixed seed: each run makes the same rows.
"""

import argparse
import datetime
import decimal
import random

import deltalake
import pyarrow as pa
from pyarrow import fs

UTC = datetime.timezone.utc
FIRST_DAY = datetime.datetime(2026, 1, 31, tzinfo=UTC)
HOUR = datetime.timedelta(hours=1)

EVENTS = pa.schema([
    pa.field("event_id", pa.int64(), nullable=False),
    pa.field("event_timestamp", pa.timestamp("us", tz="UTC")),
    pa.field("user_id", pa.int64()),
    pa.field("kind", pa.string()),
    pa.field("country", pa.string()),
    pa.field("amount", pa.decimal128(10, 2)),
    pa.field("device", pa.struct([("os", pa.string()), ("screen", pa.list_(pa.int32()))])),
])
USERS = pa.schema([
    pa.field("user_id", pa.int64(), nullable=False),
    pa.field("email", pa.string()),
    pa.field("plan", pa.string()),
])
KINDS = ["view", "view", "view", "click", "click", "cart", "purchase"]
COUNTRIES = {"DE": "Germany", "FR": "France", "JP": "Japan", "KE": "Kenya", "PE": "Peru",
             "US": "United States"}
DEVICES = [{"os": "android", "screen": [1080, 2400]}, {"os": "ios", "screen": [1179, 2556]},
           {"os": "linux", "screen": None}, None]


class Events:
    """The append table: shops report what happened, most at once, some hours later."""

    def __init__(self, folder: str):
        self.path = f"{folder}/events"

    def _rows(self, rng, first_id, count, start, length):
        """Rows with times spread over [start, start + length), to the microsecond."""
        micros = length // datetime.timedelta(microseconds=1)
        for event_id in range(first_id, first_id + count):
            kind = rng.choice(KINDS)
            cents = decimal.Decimal(rng.randrange(100, 50_000))
            yield {
                "event_id": event_id,
                "event_timestamp": start + datetime.timedelta(microseconds=rng.randrange(micros)),
                "user_id": rng.randrange(1, 5000),
                "kind": kind,
                "country": rng.choice(list(COUNTRIES)),
                "amount": cents / 100 if kind == "purchase" else None,
                "device": rng.choice(DEVICES),
            }

    def _commit(self, rows):
        deltalake.write_deltalake(self.path, pa.Table.from_pylist(rows, schema=EVENTS),
                                  mode="append")

    def first_day(self):
        """12 commits of two hours each; a few events without a time."""
        rng = random.Random(1)
        for part in range(12):
            rows = list(self._rows(rng, 1 + part * 10_000, 10_000, FIRST_DAY + 2 * part * HOUR,
                                   2 * HOUR))
            for row in rng.sample(rows, 2):
                row["event_timestamp"] = None
            self._commit(rows)

    def second_day(self):
        """Six more hours, and what a shop that was offline brings for the day before."""
        rng = random.Random(2)
        for part in range(3):
            self._commit(list(self._rows(rng, 200_001 + part * 10_000, 10_000,
                                         FIRST_DAY + (24 + 2 * part) * HOUR, 2 * HOUR)))
        self._commit(list(self._rows(rng, 300_001, 137, FIRST_DAY + 9 * HOUR, 3 * HOUR)))


class Users:
    """The table with a change feed: users come, change their plan and leave."""

    def __init__(self, folder: str):
        self.path = f"{folder}/users"

    def _merge(self, ids, plan):
        rows = [{"user_id": i, "email": f"user{i}@example.com", "plan": plan} for i in ids]
        (deltalake.DeltaTable(self.path)
         .merge(pa.Table.from_pylist(rows, schema=USERS), "target.user_id = source.user_id",
                source_alias="source", target_alias="target")
         .when_matched_update_all().when_not_matched_insert_all().execute())

    def first_day(self):
        """2,000 users, of whom 100 change their plan and 20 leave."""
        deltalake.DeltaTable.create(self.path, USERS,
                                    configuration={"delta.enableChangeDataFeed": "true"})
        self._merge(range(1, 2001), "free")
        self._merge(range(1, 1001, 10), "pro")
        deltalake.DeltaTable(self.path).delete("user_id % 100 = 50")

    def second_day(self):
        """50 new users, 200 changes of plan, 10 leave."""
        self._merge(range(2001, 2051), "free")
        self._merge(range(1001, 2001, 5), "team")
        deltalake.DeltaTable(self.path).delete("user_id <= 10")


class Countries:
    """The small table that is exported whole."""

    def __init__(self, folder: str):
        self.path = f"{folder}/countries"

    def _write(self, codes):
        rows = [{"code": code, "name": COUNTRIES[code]} for code in codes]
        deltalake.write_deltalake(self.path, pa.Table.from_pylist(rows), mode="overwrite")

    def first_day(self):
        self._write(list(COUNTRIES)[:5])

    def second_day(self):
        self._write(COUNTRIES)


def clear(folder: str):
    """Leaves an empty folder, or a bucket with nothing below the prefix."""
    if "://" in folder:
        filesystem, path = fs.FileSystem.from_uri(f"{folder}?allow_bucket_creation=true")
    else:
        filesystem, path = fs.LocalFileSystem(), folder
    filesystem.create_dir(path)
    filesystem.delete_dir_contents(path)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--grow", action="store_true", help="add the second day")
    arguments = parser.parse_args()
    tables = [Events(arguments.folder), Users(arguments.folder), Countries(arguments.folder)]
    if arguments.grow:
        for table in tables:
            table.second_day()
        return
    clear(arguments.folder)
    for table in tables:
        table.first_day()


if __name__ == "__main__":
    main()
