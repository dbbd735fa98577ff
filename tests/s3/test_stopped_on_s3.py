"""A signal ends a run soon, also one whose server has stopped answering; so does the table's timeout."""

import signal
import socket
import threading
import time

import pytest
from support.lake import NAME, Lake, row
from support.s3_sluice import S3Sluice

SOON = 25  # seconds; an orchestrator kills after thirty


@pytest.fixture
def deaf():
    """The address of a server that takes requests and never says a word; what came to it is counted."""
    came = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        def take():
            while True:
                try:
                    came.append(listener.accept()[0])
                except OSError:
                    return

        threading.Thread(target=take, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", came
        listener.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("command", ["run", "check", "verify"])
def test_a_server_that_hangs_does_not_hold_a_stopped_command(server, tmp_path, deaf, command):
    endpoint, came = deaf
    lake = Lake(tmp_path / "lake", [row(1, 0.5)])
    sluice = S3Sluice(tmp_path / "sluice", server, "out").through(endpoint)
    sluice.add(NAME, lake.path, name="events", start="2025-01-01T00:00:00Z")
    running = sluice.start(command)
    while not came and running.process.poll() is None:
        time.sleep(0.05)
    running.process.send_signal(signal.SIGTERM)
    outcome = running.finish(timeout=SOON)
    assert outcome.code == 128 + signal.SIGTERM, str(outcome)


def test_a_server_that_hangs_does_not_outlive_the_tables_timeout(server, tmp_path, deaf):
    endpoint, came = deaf
    lake = Lake(tmp_path / "lake", [row(1, 0.5)])
    sluice = S3Sluice(tmp_path / "sluice", server, "out").through(endpoint)
    sluice.add(NAME, lake.path, name="events", start="2025-01-01T00:00:00Z", timeout="2s")
    outcome = sluice.start("run", "--json").finish(timeout=SOON)
    assert came and outcome.code == 75, str(outcome)
    [run] = outcome.json["runs"]
    assert run["status"] == "failed" and "2s, its timeout" in run["error"]["message"], str(outcome)


def test_one_tables_timeout_does_not_stop_another(server, tmp_path, deaf):
    """The stalled source of one table is another server's than the next one's."""
    endpoint, _ = deaf
    lake = Lake(tmp_path / "lake", [row(1, 0.5)])
    sluice = S3Sluice(tmp_path / "sluice", server, server.new_prefix())
    sluice.config["source"] = {"endpoint": endpoint, "region": "us-east-1"}
    sluice.add("main.sales.slow", "s3://lake/slow", name="slow", start="2025-01-01T00:00:00Z", timeout="2s")
    sluice.add(NAME, lake.path, name="events", start="2025-01-01T00:00:00Z")
    outcome = sluice.start("run", "--json").finish(timeout=SOON)
    runs = {run["name"]: run for run in outcome.json["runs"]}
    assert "its timeout" in runs["slow"]["error"]["message"], str(outcome)
    assert runs["events"]["status"] == "exported", str(outcome)
