#!/usr/bin/env python3
"""Tells what the demo exported, and proves it against the source.

    .deps/venv/bin/python demo/summary.py demo/lake demo/out

Reads as a partner does: the manifests say which files count, pyarrow reads them. The source is read by
delta-rs. Ends with 1 if a row is missing, doubled or not the source's.
"""

import collections
import datetime
import json
import pathlib
import sys

import deltalake
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq


def size(count):
    for unit in ("B", "KiB", "MiB", "GiB"):
        if count < 1024 or unit == "GiB":
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024


class Exported:
    """One table at the destination, by its manifests."""

    def __init__(self, out: pathlib.Path, name: str):
        self.out, self.name = out, name
        folder = out / "_sluice" / name / "manifests"
        self.manifests = [json.loads(file.read_text()) for file in sorted(folder.glob("*.json"))]
        self.files = [(manifest, file) for manifest in self.manifests for file in manifest["files"]]

    def rows(self) -> pa.Table:
        return pa.concat_tables(pq.ParquetFile(self.out / file["path"]).read()
                                for _, file in self.files)

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
                print(f"  {parent}/   {sum(e['rows'] for e in inside):,} rows, {len(inside)} folders")
                shown, first = parent, index
            late = "  <- with a file of late rows" if "late" in entry["kinds"] else ""
            middle = 2 <= index - first < len(inside) - 1 and not late
            if not middle:
                files = f"{entry['files']} file" + "s" * (entry["files"] != 1)
                print(f"    {leaf}/  {entry['rows']:>7,} rows  {files:>7}  {size(entry['size']):>9}{late}")
            elif index - first == 2:
                print("    ...")

    def print_manifests(self):
        print(f"    {'n':>3}  {'kind':<8}  {'after':<20}  {'up to':<20}  {'rows':>8}  {'files':>5}")
        for m in self.manifests:
            print(f"    {m['n']:>3}  {m['kind']:<8}  {m['start'] or '-':<20}  {m['end'] or '-':<20}  "
                  f"{m['rows']:>8,}  {len(m['files']):>5}")

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


def prove_append(source: pa.Table, exported: pa.Table, end: str) -> list[str]:
    """Every row of the source with a time up to `end` is there once, value by value."""

    until = pa.scalar(datetime.datetime.fromisoformat(end.replace("Z", "+00:00")),
                      pa.timestamp("us", tz="UTC"))
    due = source.filter(pc.less_equal(source["event_timestamp"], until))
    nulls = source["event_timestamp"].null_count
    ids = collections.Counter(exported["event_id"].to_pylist())
    key = [("event_id", "ascending")]
    same = (due.sort_by(key).to_pylist()
            == exported.select(due.column_names).sort_by(key).to_pylist())
    doubled = sum(1 for count in ids.values() if count > 1)
    print(f"    rows in the source                        {source.num_rows:>9,}")
    print(f"    of them without a time, in no window      {nulls:>9,}")
    print(f"    of them due up to {end}    {due.num_rows:>9,}")
    print(f"    rows in the exported files                {exported.num_rows:>9,}")
    print(f"    rows exported twice                       {doubled:>9,}")
    print(f"    every value of every row is the source's  {'yes' if same else 'NO':>9}")
    faults = []
    if due.num_rows != exported.num_rows:
        faults.append(f"{due.num_rows} rows were due, {exported.num_rows} were exported")
    if doubled:
        faults.append(f"{doubled} rows were exported twice")
    if not same:
        faults.append("exported values differ from the source's")
    return faults


def main():
    lake, out = map(pathlib.Path, sys.argv[1:3])
    events = Exported(out, "events")
    events.print_tree()
    print("\n  Exports of events (a window holds the times after its start, up to its end):")
    events.print_manifests()
    print()
    events.print_newest_manifest()
    print("\n  Proof, events:")
    source = pa.table(deltalake.DeltaTable(str(lake / "events")).to_pyarrow_table())
    windows = [m for m in events.manifests if m["kind"] == "window"]
    faults = prove_append(source, events.rows(), windows[-1]["end"])
    for fault in faults:
        print(f"  FAULT: {fault}")
    if not faults:
        print("\n  Every row exactly once. Look around: demo/out, demo/sluice.yaml, build/sluice --help")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
