"""What the ledger of an append table says, and the invariants that hold whenever one looks."""

from __future__ import annotations

import json
import pathlib
import re

from .lake import state_row
from .sluice import Sluice


def ledger_folder(sluice: Sluice, name: str = "events") -> pathlib.Path:
    return sluice.state.parent / "_sluice" / name / "ledger"


def _read(sluice: Sluice, pattern: str, name: str) -> dict[int, dict]:
    """Records by number; a later generation stands for an earlier one."""
    found = {}
    for file in sorted(ledger_folder(sluice, name).glob("*.json"), key=_generation):
        match = re.fullmatch(pattern, file.name)
        if match:
            record = json.loads(file.read_text())
            assert record["n"] == int(match[1]), file
            found[record["n"]] = record
    return found


def _generation(file: pathlib.Path) -> int:
    match = re.search(r"\.commit\.(\d+)\.json$", file.name)
    return int(match[1]) if match else 1


def intents(sluice: Sluice, name: str = "events") -> dict[int, dict]:
    return _read(sluice, r"(\d{20})\.intent\.json", name)


def decisions(sluice: Sluice, name: str = "events") -> dict[int, dict]:
    return _read(sluice, r"(\d{20})\.commit(?:\.\d+)?\.json", name)


def decided_files(sluice: Sluice, name: str = "events") -> set[str]:
    """Of every generation: files of an earlier one go only once the later one is decided."""
    return set().union(*generations(sluice, name))


def generations(sluice: Sluice, name: str = "events") -> list[set[str]]:
    """The files of each decision record: more than one of a number whose uploads were lost and made again."""
    return [{file["key"] for file in json.loads(record.read_text())["files"]}
            for record in ledger_folder(sluice, name).glob("*.commit*.json")]


def check_any_time(sluice: Sluice, table: str, name: str = "events") -> None:
    """Asserts the protocol's invariants, whatever died at whatever moment."""
    export = sluice.export(name).check_midway(decided_files(sluice, name))
    manifests = {manifest["n"]: manifest for manifest in export.manifests()}
    begun, decided = intents(sluice, name), decisions(sluice, name)
    newest = max([0, *begun, *decided])
    assert set(range(1, newest)) <= decided.keys(), "a number began before the one before it was decided"
    assert set(range(1, newest)) <= manifests.keys(), "a number began before the one before it was settled"
    assert manifests.keys() <= decided.keys(), "a manifest without a decision"
    ends = {_instant(m["end"]) for m in manifests.values() if m["kind"] in ("window", "reset")}
    row = state_row(sluice.state, table)
    end = row and row["last_exported_end_time"]
    assert end is None or end in ends, f"the state stands at {end}, manifests end at {sorted(ends)}"


def _instant(text: str | None) -> str | None:
    """A manifest's time in the form of rendered rows."""
    if text is None:
        return None
    return text if "." in text else text.replace("Z", ".000000Z")
