"""One run of ours against the guide's selection from the same table."""

from __future__ import annotations

from .rows import assert_same_rows
from .sluice import Sluice
from .source import Source

START = "2025-01-01T00:00:00Z"


def add(sluice: Sluice, source: Source, *, start: str = START, **keys) -> Sluice:
    """Configures `source` as the table `events`."""
    return sluice.add(source.name, source.path, name="events", start=start, **keys)


def assert_windows_like_guide(sluice: Sluice, source: Source, *clocks: str, start: str = START,
                              **keys) -> list[dict]:
    """Runs once at each full hour of `clocks`; each window must hold what the guide selects for it.

    `keys` are those of the table in sluice.yaml, added first. Returns the reports.
    """
    add(sluice, source, start=start, **keys)
    reports = []
    for now in clocks:
        expected = source.expected(start, now, watermark=keys.get("watermark", "event_timestamp"),
                                   hourly=keys.get("partition", "hourly") == "hourly",
                                   timezone=keys.get("timezone", "UTC"))
        report = sluice.run(now)
        assert report["status"] == "exported", report
        assert report["rows"] == len(expected), report
        windows = [window["n"] for window in report["windows"]]
        assert_same_rows(sluice.export().rows(*windows), expected, f"window ({start}, {now}]")
        reports.append(report)
        start = now
    sluice.export().check()
    return reports
