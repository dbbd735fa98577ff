"""Completions of a decided window: all under way at once, so that a reader who lists sees half of it for a moment only."""

import asyncio
import re
import threading

import pytest
from support.lake import NAME, Lake, clock, row
from support.s3_sluice import S3Sluice

AT_ONCE = 64


class HoldingProxy:
    """Passes requests on, each over a connection of its own, and holds completions until AT_ONCE are there."""

    def __init__(self, endpoint: str):
        self.host, self.port = re.fullmatch(r"http://(.*):(\d+)", endpoint).groups()
        self.underway = self.most = 0
        self.loop = asyncio.new_event_loop()
        self.server = self.loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.endpoint = "http://127.0.0.1:%d" % self.server.sockets[0].getsockname()[1]
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()

    def stop(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)

    async def _serve(self, reader, writer) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"\r\ncontent-length: *(\d+)", head, re.IGNORECASE)
            body = await reader.readexactly(int(length[1])) if length else b""
            if re.match(rb"POST \S*[?&]uploadId=", head):
                await self._hold()
            await self._pass_on(head, body, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client had no further request
        finally:
            writer.close()

    async def _hold(self) -> None:
        self.underway += 1
        self.most = max(self.most, self.underway)
        for _ in range(500):
            if self.most >= AT_ONCE:
                break
            await asyncio.sleep(0.02)
        self.underway -= 1

    async def _pass_on(self, head: bytes, body: bytes, writer) -> None:
        answers, requests = await asyncio.open_connection(self.host, int(self.port))
        requests.write(head.replace(b"\r\n", b"\r\nConnection: close\r\n", 1) + body)
        while data := await answers.read(1 << 16):
            writer.write(data)
            await writer.drain()
        requests.close()


@pytest.fixture
def proxy(server):
    proxy = HoldingProxy(server.endpoint)
    yield proxy
    proxy.stop()


def test_64_completions_are_under_way_at_once(proxy, server, tmp_path):
    lake = Lake(tmp_path / "lake", [row(n, n + 0.5) for n in range(AT_ONCE + 16)])
    sluice = S3Sluice(tmp_path / "sluice", server, f"{server.new_prefix()}/out").through(proxy.endpoint)
    sluice.config["limits"] = {"connections": 4}
    sluice.add(NAME, lake.path, name="events", start=clock(0))
    assert sluice.run(clock(AT_ONCE + 16))["files"] == AT_ONCE + 16
    assert proxy.most == AT_ONCE
    sluice.through(server.endpoint).export().check()
