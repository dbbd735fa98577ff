"""A Unity Catalog server of the tests' own: strict in what it accepts, with switches for everything that goes wrong.

It speaks the older API (`/tables`, `/temporary-table-credentials`, ...) and the newer one (`/delta/v1`), as the
open-source server does, or with Databricks' variations. `store` says what it holds, `vendor` where credentials
come from, `sign_in` and `grants` who may what, `disturb` what goes wrong at which request, `log` what was asked.
"""

from __future__ import annotations

import collections
import dataclasses
import json
import random
import socket
import ssl
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from . import unity_checks as check
from .unity_checks import Plain, Refusal
from .unity_routes import Api, Ask, Route
from .unity_sign_in import Grants, OAuthError, SignIn
from .unity_tables import Metastore, Table
from .unity_vending import FixedVendor

ROOT = ("api", "2.1", "unity-catalog")
DISCOVERY = ("oidc", ".well-known", "oauth-authorization-server")
TOKEN = ("oidc", "v1", "token")
HOST = (".well-known", "databricks-config")  # of Databricks: where the discovery document lies
# As the open-source server lists them; the two that it lists and does not serve are in it, too.
LISTED = ("POST /v1/catalogs/{catalog}/schemas/{schema}/staging-tables",
          "POST /v1/catalogs/{catalog}/schemas/{schema}/tables",
          "GET /v1/catalogs/{catalog}/schemas/{schema}/tables",
          "GET /v1/catalogs/{catalog}/schemas/{schema}/tables/{table}",
          "POST /v1/catalogs/{catalog}/schemas/{schema}/tables/{table}",
          "DELETE /v1/catalogs/{catalog}/schemas/{schema}/tables/{table}",
          "HEAD /v1/catalogs/{catalog}/schemas/{schema}/tables/{table}",
          "POST /v1/catalogs/{catalog}/schemas/{schema}/tables/{table}/rename",
          "GET /v1/catalogs/{catalog}/schemas/{schema}/tables/{table}/credentials",
          "POST /v1/catalogs/{catalog}/schemas/{schema}/tables/{table}/metrics",
          "GET /v1/staging-tables/{table_id}/credentials",
          "GET /v1/temporary-path-credentials")
_SIGN_IN = {DISCOVERY: "discovery", TOKEN: "token", HOST: "host"}


@dataclasses.dataclass
class Asked:
    """A request, as the log keeps it."""

    kind: str
    method: str
    target: str
    body: bytes
    user: str | None
    agent: str
    status: int | None = None  # None: it got no whole answer


@dataclasses.dataclass
class _Disturbance:
    kind: str | None
    first: int
    last: float
    act: Callable
    seen: int = 0


class UnityCatalog:
    """The server on a free port of 127.0.0.1. Switches may be set at any time, also between two requests."""

    def __init__(self, vendor=None, tls: ssl.SSLContext | None = None):
        self.store, self.lock = Metastore(), threading.RLock()
        self.vendor = vendor or FixedVendor(lake=("AKTEST", "SKTEST", "TOKTEST"))
        self.sign_in: SignIn | None = None  # None: anybody may ask
        self.grants: Grants | None = None  # None: everything is granted
        self.databricks = False  # fields, errors and checks of Databricks instead of the open-source server's
        self.external_access = True  # of the metastore, where `databricks`
        self.newer = True  # False: the newer API does not exist
        self.endpoints: tuple[str, ...] = LISTED  # what /config lists; what is left out does not exist
        self.newer_path_credentials = False  # the open-source server lists them and answers 404
        self.preview_commits = True
        self.page_size, self.commits_page = 100, 10
        self.empty_pages = False  # Databricks': the first page of each listing is empty and names a second one
        self.any_order = False  # commits of the older API in no order
        self.decoys: list[dict] = []  # further storage-credentials of the newer API
        self.log: list[Asked] = []
        self._disturbances: list[_Disturbance] = []
        self.api = Api(self)
        self._http = _Server(("127.0.0.1", 0), _handler(self))
        if tls:
            self._http.socket = tls.wrap_socket(self._http.socket, server_side=True,
                                                do_handshake_on_connect=False)
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self._http.server_address[1]}"
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._http.shutdown()
        self._http.server_close()

    def require_sign_in(self) -> SignIn:
        self.sign_in = SignIn()
        return self.sign_in

    def table(self, full_name: str, location: str | None = None, **keys) -> Table:
        with self.lock:
            return self.store.table(full_name, location, **keys)

    def counts(self) -> dict[str, int]:
        """Requests by kind since the log was emptied."""
        with self.lock:
            return dict(collections.Counter(asked.kind for asked in self.log))

    def forget(self) -> None:
        with self.lock:
            self.log.clear()

    def disturb(self, act: Callable, kind: str | None = None, at: int = 1, times: float = 1) -> None:
        """Lets requests of a kind (of any, without one), from the k-th on, be answered by `act` (unity_faults)."""
        with self.lock:
            self._disturbances.append(_Disturbance(kind, at, at + times - 1, act))

    def calm(self) -> None:
        with self.lock:
            self._disturbances.clear()

    def disturbance(self, kind: str) -> Callable | None:
        """What stands in the way of this request. Each call counts one."""
        with self.lock:
            found = None
            for one in self._disturbances:
                if one.kind in (None, kind):
                    one.seen += 1
                    if found is None and one.first <= one.seen <= one.last:
                        found = one.act
            return found

    def order(self, commits: list[dict]) -> None:
        if self.any_order:
            random.Random(len(commits)).shuffle(commits)
        else:
            commits.reverse()

    def find(self, method: str, parts: list[str]) -> tuple[Route, dict[str, str]]:
        """The route of a path; 404 or 405 as the open-source server has them."""
        root = tuple(parts[:3])
        if root != ROOT and not (self.databricks and root == ("api", "2.0", "unity-catalog")):
            raise Plain(404)
        known = False
        for route in self.api.routes:
            names = _match(route.path, parts[3:])
            if names is None or not self._exists(route):
                continue
            known = True
            if route.method == method:
                return route, names
        raise Plain(405 if known else 404)

    def _exists(self, route: Route) -> bool:
        if not route.newer:
            return True
        if route.kind == "v1 path credentials" and not self.newer_path_credentials:
            return False
        return self.newer and (route.kind == "v1 config" or route.endpoint in self.endpoints)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        """A client that hangs up, or does not trust the certificate, is no failure of the server."""


def _match(path: tuple[str, ...], parts: list[str]) -> dict[str, str] | None:
    if len(path) != len(parts):
        return None
    names = {}
    for wanted, part in zip(path, parts):
        if wanted.startswith("{"):
            names[wanted[1:-1]] = part
        elif wanted != part:
            return None
    return names if all(names.values()) else None


def _handler(server: UnityCatalog):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 60

        def log_message(self, *_):
            pass

        def do_GET(self):
            self.asked = Asked("unknown", self.command, self.path, b"", None, self.headers.get("User-Agent", ""))
            with server.lock:
                server.log.append(self.asked)
            try:
                self._read_body()
                self.parts, self.query = check.split_target(self.path)
                self.route = None
                if tuple(self.parts) in _SIGN_IN:
                    self.asked.kind = _SIGN_IN[tuple(self.parts)]
                else:
                    self.route, self.names = server.find(self.command, self.parts)
                    self.asked.kind = self.route.kind
                act = server.disturbance(self.asked.kind)
                if act:
                    act(self)
                else:
                    self.proceed()
            except Plain as plain:
                self.send(plain.status, plain.text.encode(), "text/plain; charset=utf-8")

        do_POST = do_HEAD = do_DELETE = do_PUT = do_PATCH = do_GET

        def proceed(self) -> None:
            """Answers as if nothing were wrong."""
            self.send(*self.answer())

        def answer(self) -> tuple[int, bytes, str]:
            if self.route is None:
                return self._sign_in()
            try:
                with server.lock:
                    status, body = self._call()
            except Refusal as refusal:
                status, body = refusal.newer() if self.route.newer else refusal.older(server.databricks)
                return status, json.dumps(body).encode(), "application/json"
            kind = "application/json; charset=utf-8" if self.route.newer else "application/json"
            return status, b"" if body is None else json.dumps(body, ensure_ascii=False).encode(), kind

        def send(self, status: int, body: bytes, kind: str = "application/json", **headers: str) -> None:
            self.asked.status = status
            self.send_response(status)
            if body:
                self.send_header("Content-Type", kind)
            if status != 204:
                self.send_header("Content-Length", str(len(body)))
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def cut(self) -> None:
            """Ends the connection, whatever was said so far."""
            self.close_connection = True
            self.wfile.flush()
            try:
                self.connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

        def _read_body(self) -> None:
            if "Transfer-Encoding" in self.headers:
                self.close_connection = True
                raise Plain(411)
            self.asked.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))

        def _call(self):
            route = self.route
            user = "anonymous"
            if server.sign_in:
                user = self.asked.user = server.sign_in.who(self.headers)
            accepted = self.headers.get("Accept", "*/*")
            if not any(kind in accepted for kind in ("*/*", "application/*", "application/json")):
                raise Plain(406)
            for name in route.needs:
                if name not in self.query:
                    raise Refusal("INVALID_ARGUMENT", f"Mandatory parameter/header is missing: {name}")
            unknown = set(self.query) - set(route.needs) - set(route.takes)
            if unknown:
                raise Refusal("INVALID_ARGUMENT", f"Unknown parameter: {', '.join(sorted(unknown))}")
            return route.call(Ask(user, self.names, self.query, self._body(route)))

        def _body(self, route: Route):
            if route.body is None:
                if self.asked.body:
                    raise Refusal("INVALID_ARGUMENT", f"{route.method} {self.path} takes no body")
                return None
            if self.headers.get_content_type() != "application/json":
                raise Plain(415)
            return route.body(check.read_json(self.asked.body), "body")

        def _sign_in(self) -> tuple[int, bytes, str]:
            kind = self.asked.kind
            if server.sign_in is None or kind != "token" and not server.sign_in.discovery \
                    or kind == "host" and not server.databricks:
                raise Plain(404)
            if self.command != ("POST" if kind == "token" else "GET"):
                raise Plain(405)
            root = f"{server.url}/oidc"
            if kind == "host":
                return 200, json.dumps({"oidc_endpoint": root, "workspace_id": "1234567890123456", "cloud": "AWS"}).encode(), "application/json"
            if kind == "discovery":
                return 200, json.dumps({
                    "issuer": root, "authorization_endpoint": f"{root}/v1/authorize",
                    "token_endpoint": f"{root}/v1/token", "grant_types_supported": ["client_credentials"],
                    "token_endpoint_auth_methods_supported": ["client_secret_basic"]}).encode(), "application/json"
            try:
                return (200, json.dumps(server.sign_in.grant_token(self.headers, self.asked.body)).encode(),
                        "application/json")
            except OAuthError as error:
                return error.status, json.dumps(error.body).encode(), "application/json"

        @staticmethod
        def sleep(seconds: float) -> None:
            time.sleep(seconds)

    return Handler
