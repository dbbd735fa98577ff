"""Lets something happen to the program at the n-th call by which it changes a file (tests/fault/call_shim.c)."""

from __future__ import annotations

import os
import pathlib
import subprocess

from .paths import TREE

SOURCE = TREE / "tests" / "fault" / "call_shim.c"
KILLED = -9


class Faults:
    """The compiled shim. Thread-safe: `env` is all there is to it."""

    def __init__(self, folder: pathlib.Path):
        self.library = folder / "call_shim.so"
        subprocess.run([os.environ.get("CC", "cc"), "-shared", "-fPIC", "-O1", "-o", str(self.library),
                        str(SOURCE), "-ldl"], check=True)

    def env(self, below: pathlib.Path, do: str = "kill", at: int | None = None,
            log: pathlib.Path | None = None) -> dict:
        """Environment of a call in which `do` happens at the call numbered `at` on files `below`."""
        env = {"LD_PRELOAD": str(self.library), "CALL_SHIM_BELOW": str(below), "CALL_SHIM_DO": do}
        if at is not None:
            env["CALL_SHIM_AT"] = str(at)
        if log is not None:
            env["CALL_SHIM_LOG"] = str(log)
        return env
