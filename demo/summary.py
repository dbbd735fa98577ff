#!/usr/bin/env python3
"""Tells what the demo exported, and proves it against the source.

    .deps/venv/bin/python demo/summary.py demo/lake demo/out

Either may be s3://bucket/prefix; AWS_* in the environment say how it is reached. Reads as a partner does: the manifests say which files count, pyarrow reads them. The source is read by
delta-rs. Ends with 1 if a row is missing, doubled or not the source's.
"""

import collections
import datetime
import json
import os
import pathlib
import sys

import deltalake
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import fs


def size(count):
    for unit in ("B", "KiB", "MiB", "GiB"):
        if count < 1024 or unit == "GiB":
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024


class Exported:
    """One table at the destination, by its manifests."""

    def __init__(self, out: str, name: str):
        self.name = name
        filesystem, path = fs.FileSystem.from_uri(out if "://" in out else os.path.abspath(out))
        self.out = fs.SubTreeFileSystem(path, filesystem)
        listed = self.out.get_file_info(fs.FileSelector(f"_sluice/{name}/manifests"))
        self.manifests = [json.loads(self._read(file.path)) for file in
                          sorted(listed, key=lambda file: file.path)]
        self.files = [(manifest, file) for manifest in self.manifests for file in manifest["files"]]

    def _read(self, path: str) -> bytes:
        with self.out.open_input_stream(path) as stream:
            return stream.read()

    def rows(self, kind: str | None = None, n: int | None = None) -> pa.Table:
        """Of every export, or of those of one kind, or of one number."""
        return pa.concat_tables(pq.ParquetFile(self.out.open_input_file(file["path"])).read()
                                for manifest, file in self.files
                                if kind in (None, manifest["kind"]) and n in (None, manifest["n"]))

    def print_tree(self):
        """Partition folders with their rows; the middle of long lists is left out."""
        folders = collections.defaultdict(lambda: {"rows": 0, "size": 0, "files": 0, "kinds": set()})
        for manifest, file in self.files:
            entry = folders[str(pathlib.PurePath(file["path"]).parent)]
            entry["rows"] += file["rows"]
            entry["size"] += file["size"]
            entry["files"] += 1
            entry["kinds"].add(manifest["kind"])
        shown = None
        for index, (folder, entry) in enumerate(sorted(folders.items())):
            parent, leaf = folder.rsplit("/", 1)
            if parent != shown:
                inside = [e for f, e in folders.items() if f.startswith(parent + "/")]
                print(f"  {parent}/   {sum(e['rows'] for e in inside):,} rows, {len(inside)} folder"
                      + "s" * (len(inside) != 1))
                shown, first = parent, index
            late = "  <- with a file of late rows" if "late" in entry["kinds"] else ""
            middle = 2 <= index - first < len(inside) - 1 and not late
            if not middle:
                files = f"{entry['files']} file" + "s" * (entry["files"] != 1)
                print(f"    {leaf}/  {entry['rows']:>7,} rows  {files:>7}  {size(entry['size']):>9}{late}")
            elif index - first == 2:
                print("    ...")

    def print_manifests(self):
        print(f"    {self.name:<10}  {'n':>3}  {'kind':<8}  {'after':<20}  {'up to':<20}  {'rows':>8}"
              f"  {'files':>5}")
        for m in self.manifests:
            start, end = ("-" if m[key] is None else str(m[key]) for key in ("start", "end"))
            print(f"    {'':<10}  {m['n']:>3}  {m['kind']:<8}  {start:<20}  {end:<20}  {m['rows']:>8,}"
                  f"  {len(m['files']):>5}")

    def print_newest_manifest(self):
        m = self.manifests[-1]
        first = m["files"][0] if m["files"] else None
        keys = ("n", "kind", "source_version", "start", "end", "rows", "row_hash", "null_watermarks",
                "reopened")
        print(f"  The newest manifest, _sluice/{self.name}/manifests/{m['n']:020}.json, says:")
        for key in keys:
            if m[key] not in (None, []):
                print(f"    {key + ':':<17}{json.dumps(m[key])}")
        if first:
            print(f"    {'files:':<17}{len(m['files'])}, the first being")
            for key in ("path", "size", "rows", "checksum"):
                print(f"      {key + ':':<10}{first[key]}")


def rows_by(table: pa.Table, key: str, columns) -> list[dict]:
    return table.select(columns).sort_by([(key, "ascending")]).to_pylist()


def say(what: str, value) -> None:
    text = value if isinstance(value, str) else f"{value:,}"
    print(f"    {what:<58}{text:>9}")


def prove_events(source: pa.Table, events: Exported) -> bool:
    """Every row of the source with a time up to the last window's end is there once."""
    end = [m for m in events.manifests if m["kind"] == "window"][-1]["end"]
    until = pa.scalar(datetime.datetime.fromisoformat(end.replace("Z", "+00:00")),
                      pa.timestamp("us", tz="UTC"))
    due = source.filter(pc.less_equal(source["event_timestamp"], until))
    exported = events.rows()
    ids = collections.Counter(exported["event_id"].to_pylist())
    doubled = sum(1 for count in ids.values() if count > 1)
    same = (rows_by(due, "event_id", due.column_names)
            == rows_by(exported, "event_id", due.column_names))
    say("rows in the source", source.num_rows)
    say("of them without a time, in no window", source["event_timestamp"].null_count)
    say(f"of them due up to {end}", due.num_rows)
    say("rows in the exported files", exported.num_rows)
    say("rows exported twice", doubled)
    say("every value of every row is the source's", "yes" if same else "NO")
    return same and doubled == 0 and due.num_rows == exported.num_rows


def prove_users(source: pa.Table, users: Exported) -> bool:
    """The seed with the changes applied, version by version, is the source as it is now."""
    seeded = users.rows("seed")
    live = {row["user_id"]: row for row in seeded.to_pylist()}
    changes = users.rows("window")
    kinds = collections.Counter(changes["_change_type"].to_pylist())
    order = {"delete": 0, "update_preimage": 0, "insert": 1, "update_postimage": 1}
    for row in sorted(changes.to_pylist(),
                      key=lambda r: (r["_commit_version"], order[r["_change_type"]])):
        if order[row["_change_type"]] == 0:
            del live[row["user_id"]]
        else:
            live[row["user_id"]] = {name: row[name] for name in source.column_names}
    same = rows_by(source, "user_id", source.column_names) == [live[k] for k in sorted(live)]
    say("rows in the seed", seeded.num_rows)
    for kind, count in sorted(kinds.items()):
        say(f"changes: {kind}", count)
    say("rows in the source now", source.num_rows)
    say("seed and changes give just those rows", "yes" if same else "NO")
    return same


def prove_countries(source: pa.Table, countries: Exported) -> bool:
    """The newest complete snapshot is the source as it is now."""
    newest = countries.manifests[-1]
    rows = countries.rows("snapshot", newest["n"])
    same = rows_by(source, "code", source.column_names) == rows_by(rows, "code",
                                                                   source.column_names)
    say("rows in the source now", source.num_rows)
    say("the newest snapshot holds just those rows", "yes" if same else "NO")
    return same


def main():
    lake, out = sys.argv[1:3]
    proofs = {"events": prove_events, "users": prove_users, "countries": prove_countries}
    tables = {name: Exported(out, name) for name in proofs}
    for table in tables.values():
        table.print_tree()
    print("\n  Exports (a window holds what comes after its start, up to its end):")
    for table in tables.values():
        table.print_manifests()
    print()
    tables["events"].print_newest_manifest()
    failed = []
    for name, prove in proofs.items():
        print(f"\n  Proof, {name}:")
        source = pa.table(deltalake.DeltaTable(f"{lake}/{name}").to_pyarrow_table())
        if not prove(source, tables[name]):
            failed.append(name)
    if failed:
        print(f"\n  FAULT: the export is not the source: {', '.join(failed)}")
        return 1
    if "://" in out:
        print(f"\n  Every row exactly once, from {lake} to {out}. The server goes now, with its data;"
              "\n  `make demo` leaves its export in demo/out. Look around: demo/sluice-s3.yaml,"
              " build/sluice --help")
    else:
        print("\n  Every row exactly once. Look around: demo/out, demo/sluice.yaml, build/sluice --help")
    return 0


if __name__ == "__main__":
    sys.exit(main())
