"""On a terminal of 80 columns no line of any command is longer."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios

import pytest
from support.lake import Lake, clock, row
from support.paths import BINARY

LONG = "a_table_whose_name_goes_on_and_on_and_on_and_on"


def on_a_terminal(line: list[str], columns: int = 80) -> list[str]:
    """The lines that a command shows, without colour and progress."""
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    process = subprocess.Popen(line, stdin=follower, stdout=follower, stderr=follower, close_fds=True)
    os.close(follower)
    shown = b""
    while True:
        try:
            part = os.read(leader, 65536)
        except OSError:
            break
        if not part:
            break
        shown += part
    os.close(leader)
    process.wait(60)
    text = re.sub(r"\x1b\[[0-9;]*[mK]", "", shown.decode())
    return [part for line in text.split("\r\n") for part in line.split("\r")]


@pytest.fixture
def tables(lake, tmp_path, sluice):
    feed = Lake(tmp_path / "lake" / "feed", [row(1, 0.5)], **{"delta.enableChangeDataFeed": "true"})
    sluice.add_feed("main.sales." + LONG, feed.path, schedule="hourly")
    sluice.add_snapshots("lake.copies", lake.path, name="copies")
    sluice.config["notify"] = {"slack": {"webhook_env": "HOOK"}}
    return sluice.add("main.sales.events_" + LONG, lake.path, start=clock(0), chunk="1h")


@pytest.mark.parametrize("command", [("check",), ("plan",), ("run",), ("status",), ("verify",), ("prune",),
                                     ("state", "show"), ("onboard",), ("run", "nothing_of_this_name_is_in_the_config"), ("help",)])
def test_every_line_fits(command, tables):
    config = tables.write_config()
    if command[0] in ("status", "verify", "prune", "state"):
        assert tables.call("run", now=clock(5)).code == 0
    lines = on_a_terminal([str(BINARY), "--config", str(config), *command, "--now", clock(5)])
    # A path has no place to break; whatever is not one does.
    long = [line for line in lines if len(line) > 80 and max(map(len, line.split())) < 70]
    assert not long, "\n".join(long)
    assert len(lines) > 1
