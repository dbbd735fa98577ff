"""Runs the binary as a user does: a config file, a command line, an exit code."""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import subprocess
import threading

from .export import Export, FeedExport, SnapshotExport
from .paths import BINARY


@dataclasses.dataclass
class Outcome:
    """What one call of the program gave."""

    arguments: list[str]
    code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> dict:
        return json.loads(self.stdout)

    def table(self, name: str | None = None) -> dict:
        """The entry of `run --json` for one table; of the only one, without a name."""
        runs = self.json["runs"]
        if name is None:
            assert len(runs) == 1, runs
            return runs[0]
        return next(run for run in runs if name in (run["name"], run["table"]))

    @property
    def error(self) -> dict:
        """The error of the only table, or of the call as a whole."""
        return self.json["error"] or self.table()["error"]

    def __str__(self) -> str:
        return (f"{' '.join(self.arguments)}\n-> {self.code}\n{self.stdout.strip()}\n"
                f"{self.stderr.strip()}")


class Running:
    """A call of the program that goes on beside the test."""

    def __init__(self, line: list[str], env: dict | None):
        self.line = line
        self.process = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        text=True, env={**os.environ, **(env or {})})

    def finish(self, timeout: float = 120) -> Outcome:
        """Waits for its end; a call that doesn't end is killed and fails the test."""
        try:
            stdout, stderr = self.process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            stdout, stderr = self.process.communicate()
            raise AssertionError(f"{' '.join(self.line)}: no end after {timeout} s\n{stderr}") from None
        return Outcome(self.line, self.process.returncode, stdout, stderr)


class Sluice:
    """One config file in a folder of its own, with the destination `out/` beside it."""

    def __init__(self, folder: pathlib.Path, **config):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.destination = folder / "out"
        self.wrapper: list[str] = []  # what the program is started by, e.g. with fewer rights
        self.config = {"destination": {"url": "out"}, "tables": [], **config}

    @property
    def state(self) -> pathlib.Path:
        return self.destination / "_export_state"

    def add(self, table: str, path: pathlib.Path | str, **keys) -> Sluice:
        """Adds an append table; the keys of sluice.yaml by name."""
        self.config["tables"].append({"table": table, "path": str(path), "pattern": "append",
                                      "watermark": "event_timestamp",
                                      "start": "2026-01-01T00:00:00Z", **keys})
        return self

    def add_feed(self, table: str, path: pathlib.Path | str, **keys) -> Sluice:
        """Adds a cdc table, which begins with a seed where `start` says nothing else."""
        self.config["tables"].append({"table": table, "path": str(path), "pattern": "cdc", **keys})
        return self

    def add_snapshots(self, table: str, path: pathlib.Path | str, **keys) -> Sluice:
        """Adds a table of whole snapshots."""
        self.config["tables"].append({"table": table, "path": str(path), "pattern": "snapshot", **keys})
        return self

    def change(self, **keys) -> Sluice:
        """Changes keys of the last table added; None takes one away."""
        entry = self.config["tables"][-1]
        for key, value in keys.items():
            if value is None:
                entry.pop(key, None)
            else:
                entry[key] = value
        return self

    def write_config(self) -> pathlib.Path:
        file = self.folder / "sluice.yaml"
        # JSON is YAML: every value is quoted as the other side must read it. Written whole, because other
        # processes of a test may be reading it.
        written = self.folder / f".sluice.yaml.{threading.get_ident()}"
        written.write_text(json.dumps(self.config, indent=2, ensure_ascii=False) + "\n")
        return written.replace(file)

    def start(self, command: str, *arguments: str, now: str | None = None, json: bool = True,
              env: dict | None = None, confirmed: bool = True) -> Running:
        """Starts a command and goes on. `confirmed`: says yes where it would ask."""
        config = self.write_config()
        line = [*self.wrapper, str(BINARY), "--config", str(config), command, *map(str, arguments)]
        asks = (command == "state" and arguments[:1] in (("set",), ("forget",))
                or command == "run" and "--reseed" in arguments)
        if asks and confirmed:
            line.append("--yes")
        if now:
            line += ["--now", now]
        if json:
            line.append("--json")
        return Running(line, env)

    def call(self, command: str, *arguments: str, timeout: float = 120, **options) -> Outcome:
        """Runs a command to its end, whatever comes of it."""
        return self.start(command, *arguments, **options).finish(timeout)

    def run(self, now: str, *arguments: str, command: str = "run") -> dict:
        """`run` that must succeed: the only table's entry of the report."""
        outcome = self.call(command, *arguments, now=now)
        assert outcome.code == 0, str(outcome)
        return outcome.table()

    def fails(self, now: str, *arguments: str, command: str = "run", code: int = 1) -> dict:
        """A call that must fail with `code`: its error, which must say what to do."""
        outcome = self.call(command, *arguments, now=now)
        assert outcome.code == code, str(outcome)
        error = outcome.error
        assert error and error["message"], str(outcome)
        return error

    def export(self, name: str | None = None) -> Export:
        """What lies at the destination of a table; of the last one added, without a name."""
        entry = self.config["tables"][-1]
        if name is not None:
            entry = next((e for e in self.config["tables"] if _name(e) == name), entry)
        kind = {"cdc": FeedExport, "snapshot": SnapshotExport}.get(entry["pattern"], Export)
        return kind(self.destination, name or _name(entry))


def _name(entry: dict) -> str:
    return entry.get("name", entry["table"].split(".")[-1])
