"""A TCP proxy before a server (tools/toxiproxy), which does to connections what networks do."""

from __future__ import annotations

import json
import socket
import subprocess
import time
import urllib.error
import urllib.request

from .paths import TREE


class Toxiproxy:
    """The proxy's process; `proxy` opens a way through it."""

    def __init__(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self._api = f"http://127.0.0.1:{port}"
        self._process = subprocess.Popen([TREE / "tools" / "toxiproxy", "serve", str(port)],
                                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(3000):  # it may have to be built
            try:
                self.ask("GET", "/version")
                return
            except urllib.error.URLError:
                assert self._process.poll() is None, "the proxy did not start"
                time.sleep(0.1)
        raise AssertionError("the proxy did not start")

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(30)

    def ask(self, method: str, path: str, body: dict | None = None) -> dict:
        request = urllib.request.Request(
            self._api + path, method=method, data=json.dumps(body).encode() if body is not None else None)
        for _ in range(20):
            try:
                with urllib.request.urlopen(request, timeout=30) as answer:
                    text = answer.read()
                break
            except urllib.error.HTTPError as error:
                if error.code != 503:  # it is busy
                    raise
                time.sleep(0.5)
        else:
            raise AssertionError("the proxy stays busy")
        return json.loads(text) if text.startswith(b"{") else {}

    def proxy(self, name: str, endpoint: str) -> Proxy:
        return Proxy(self, name, endpoint)


class Proxy:
    """One way to a server. Toxics hold for the connections that are open and those that follow."""

    def __init__(self, toxiproxy: Toxiproxy, name: str, endpoint: str):
        self._toxiproxy, self._path = toxiproxy, f"/proxies/{name}"
        made = toxiproxy.ask("POST", "/proxies", {
            "name": name, "listen": "127.0.0.1:0", "upstream": endpoint.removeprefix("http://"), "enabled": True})
        self.endpoint = "http://" + made["listen"]
        self._toxics: list[str] = []

    def add(self, kind: str, stream: str = "downstream", **attributes: int) -> None:
        name = f"toxic{len(self._toxics)}"
        self._toxiproxy.ask("POST", f"{self._path}/toxics", {
            "name": name, "type": kind, "stream": stream, "attributes": attributes})
        self._toxics.append(name)

    def heal(self) -> None:
        """Takes every toxic away."""
        for name in self._toxics:
            self._toxiproxy.ask("DELETE", f"{self._path}/toxics/{name}")
        self._toxics.clear()

    def cut(self) -> None:
        """Breaks every connection that is open, and lets new ones through at once."""
        for enabled in (False, True):
            self._toxiproxy.ask("POST", self._path, {"enabled": enabled})

    def remove(self) -> None:
        self._toxiproxy.ask("DELETE", self._path)
