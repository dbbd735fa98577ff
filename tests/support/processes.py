"""Stopping and watching processes that a test started."""

import contextlib
import subprocess
import time


def wait_until_stopped(process: subprocess.Popen) -> bool:
    """Until the kernel says that it stands still (True), or until it ended before it came there."""
    for _ in range(4000):
        if process.poll() is not None:
            return False
        with contextlib.suppress(FileNotFoundError), open(f"/proc/{process.pid}/stat") as stat:
            if stat.read().rsplit(")", 1)[1].split()[0] == "T":
                return True
        time.sleep(0.005)
    raise AssertionError("the process neither stopped nor ended")
