"""Runs the binary as a user does: a config file, a command line, an exit code."""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import subprocess

from .export import Export
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
        document = self.json
        return document["error"] if "error" in document else self.table()["error"]

    def __str__(self) -> str:
        return (f"{' '.join(self.arguments)}\n-> {self.code}\n{self.stdout.strip()}\n"
                f"{self.stderr.strip()}")


class Sluice:
    """One config file in a folder of its own, with the destination `out/` beside it."""

    def __init__(self, folder: pathlib.Path, **config):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.destination = folder / "out"
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
        # JSON is YAML: every value is quoted as the other side must read it.
        file.write_text(json.dumps(self.config, indent=2, ensure_ascii=False) + "\n")
        return file

    def call(self, command: str, *arguments: str, now: str | None = None, json: bool = True,
             timeout: float = 120, env: dict | None = None) -> Outcome:
        """Runs a command to its end, whatever comes of it."""
        config = self.write_config()
        line = [str(BINARY), "--config", str(config), command, *map(str, arguments)]
        if now:
            line += ["--now", now]
        if json:
            line.append("--json")
        done = subprocess.run(line, capture_output=True, text=True, timeout=timeout,
                              env={**os.environ, **(env or {})}, check=False)
        return Outcome(line, done.returncode, done.stdout, done.stderr)

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
        """What lies at the destination of a table; of the only one, without a name."""
        if name is None:
            entry = self.config["tables"][-1]
            name = entry.get("name", entry["table"].split(".")[-1])
        return Export(self.destination, name)
