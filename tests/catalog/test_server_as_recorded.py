"""The test catalog answers what the open-source server was asked as that server answered it.

`recorded_exchanges.json` holds requests with the answers that the real one gave. Ids and times differ, and so does
what its JSON parser says of a body that it cannot read; everything else must be the same.
"""

from __future__ import annotations

import http.client
import json
import pathlib
import re

import pytest
from support.unity_catalog import UnityCatalog

RECORDED = json.loads((pathlib.Path(__file__).parent / "recorded_exchanges.json").read_text())["exchanges"]
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
# What the recorded client chose itself.
CHOSEN = re.compile(r"00000000-0000-0000-0000-000000000000|\b0[ab]0[ab]0[ab]0[ab]-0000-4000-8000-00000000000\d")
TIMES = ("created_at", "updated_at", "created-time", "updated-time")
PARSER = "failed to parse a JSON document: com.fasterxml.jackson."


class Replay:
    """Asks as recorded, with the ids that this server gave in place of those of the recorded one."""

    def __init__(self, server: UnityCatalog):
        self.server, self.ids = server, {}

    def ask(self, request: dict) -> tuple[int, dict, object]:
        host = self.server.url.removeprefix("http://")
        connection = http.client.HTTPConnection(host, timeout=10)
        body = request["body"]
        if body is not None and not isinstance(body, str):
            body = json.dumps(body)
        headers = {"Content-Type": "application/json"} if body is not None else {}
        connection.request(request["method"], self.ours(request["path"]),
                           None if body is None else self.ours(body), headers)
        answer = connection.getresponse()
        data = answer.read().decode()
        kind = answer.headers.get("content-type")
        connection.close()
        return (answer.status, {} if kind is None else {"content-type": kind},
                json.loads(data) if kind and "json" in kind else data)

    def ours(self, text: str) -> str:
        return UUID.sub(lambda found: self.ids.get(found[0], found[0]), text)

    def learn(self, recorded, answer) -> None:
        """Which id here stands for which there."""
        theirs, mine = (UUID.findall(json.dumps(side, sort_keys=True)) for side in (recorded, answer))
        assert len(theirs) == len(mine), (recorded, answer)
        for one, other in zip(theirs, mine):
            if not CHOSEN.fullmatch(one):
                assert self.ids.setdefault(one, other) == other, (one, other)


def plain(value, key: str = ""):
    """Without ids and times; lists of features are sets."""
    if isinstance(value, dict):
        return {name: plain(element, name) for name, element in value.items()}
    if isinstance(value, list):
        return [plain(element) for element in value]
    if key in TIMES:
        assert isinstance(value, int), (key, value)
        return "a time"
    if isinstance(value, str):
        if key == "message" and value.startswith(PARSER):
            return PARSER
        return re.sub(r"etag-\d+", "etag", UUID.sub(lambda f: f[0] if CHOSEN.fullmatch(f[0]) else "an id", value))
    return value


def test_every_recorded_request_is_answered_as_recorded(catalog):
    replay = Replay(catalog)
    for exchange in RECORDED:
        wanted = exchange["response"]
        status, headers, body = replay.ask(exchange["request"])
        what = (exchange["note"], exchange["request"]["method"], exchange["request"]["path"])
        assert status == wanted["status"], (what, body)
        assert headers == {k: v for k, v in wanted["headers"].items() if k == "content-type"}, what
        assert plain(body) == plain(wanted["body"]), what
        replay.learn(wanted["body"], body)


# What a client must not send

HEADERS = {"Content-Type": "application/json"}
CREDENTIALS = "/api/2.1/unity-catalog/temporary-table-credentials"
TABLE = "/api/2.1/unity-catalog/tables/main.sales.events"
V1_TABLE = "/api/2.1/unity-catalog/delta/v1/catalogs/main/schemas/sales/tables/events"


def ask(server: UnityCatalog, method: str, path: str, body: str | None = None, **headers: str) -> tuple[int, dict | str]:
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=10)
    connection.putrequest(method, path, skip_accept_encoding=True)
    for name, value in headers.items():
        connection.putheader(name.replace("_", "-"), value)
    if body is not None:
        connection.putheader("Content-Length", str(len(body.encode())))
    connection.endheaders(None if body is None else body.encode())
    answer = connection.getresponse()
    data = answer.read().decode()
    connection.close()
    kind = answer.headers.get("content-type", "")
    return answer.status, json.loads(data) if "json" in kind else data


@pytest.mark.parametrize(("method", "path", "body", "status"), [
    ("POST", CREDENTIALS, '{"table_id": 7, "operation": "READ"}', 400),
    ("POST", CREDENTIALS, '{"operation": "READ"}', 400),
    ("POST", CREDENTIALS, '{"table_id": "x", "operation": "READ", "more": 1}', 400),
    ("POST", CREDENTIALS, "[]", 400),
    ("POST", TABLE, "{}", 405),
    ("GET", TABLE, "{}", 400),
    ("GET", TABLE + "?what=ever", None, 400),
    ("GET", V1_TABLE, "{}", 400),
    ("GET", V1_TABLE + "/credentials", None, 400),
    ("GET", V1_TABLE + "/credentials?operation=read", None, 400),
    ("GET", V1_TABLE + "/credentials?operation=READ&operation=READ", None, 400),
    ("PUT", V1_TABLE, None, 405),
    ("GET", "/api/2.1/unity-catalog/tables/main.sales.ev%2", None, 400),
    ("GET", "/api/2.1/unity-catalog/tables/main.sales.ev%ff", None, 400),
    ("GET", "/api/2.1/unity-catalog/tables/main.sales.{events}", None, 400),
    ("GET", "/api/2.1/unity-catalog/tables//", None, 404),
    ("GET", "/api/2.0/unity-catalog/tables/main.sales.events", None, 404),
    ("GET", "/api/2.1/unity-catalog/delta/preview/commits", '{"table_id": "x", "table_uri": "y"}', 400)])
def test_what_is_not_of_the_api_is_refused(method, path, body, status, catalog):
    catalog.table("main.sales.events", "s3://lake/events")
    got, answer = ask(catalog, method, path, body, **(HEADERS if body else {}))
    assert got == status, answer
    if isinstance(answer, dict):
        assert ("error" in answer) == ("/delta/v1/" in path), answer


def test_a_body_must_say_that_it_is_json(catalog):
    assert ask(catalog, "POST", CREDENTIALS, "{}")[0] == 415
    assert ask(catalog, "POST", CREDENTIALS, "{}", Content_Type="text/plain")[0] == 415


def test_who_does_not_sign_in_gets_nothing(catalog):
    catalog.table("main.sales.events", "s3://lake/events")
    catalog.require_sign_in().allow("good")
    for headers in ({}, {"Authorization": "Bearer bad"}, {"Authorization": "Basic good"}, {"Authorization": "good"}):
        status, answer = ask(catalog, "GET", TABLE, **headers)
        assert (status, answer["error_code"]) == (401, "UNAUTHENTICATED"), headers
        status, answer = ask(catalog, "GET", V1_TABLE, **headers)
        assert (status, answer["error"]["type"]) == (401, "NotAuthorizedException"), headers
    assert ask(catalog, "GET", TABLE, Authorization="Bearer good")[0] == 200


def test_a_name_may_hold_anything_that_is_encoded(catalog):
    catalog.table("main.sales.é/ %+&?", "s3://lake/odd")
    status, answer = ask(catalog, "GET", "/api/2.1/unity-catalog/tables/main.sales.%C3%A9%2F%20%25%2B%26%3F")
    assert status == 200 and answer["name"] == "é/ %+&?", answer


def test_the_newer_api_can_be_absent_or_partial(catalog):
    catalog.table("main.sales.events", "s3://lake/events")
    catalog.endpoints = tuple(e for e in catalog.endpoints if not e.endswith("/credentials"))
    assert ask(catalog, "GET", V1_TABLE)[0] == 200
    assert ask(catalog, "GET", V1_TABLE + "/credentials?operation=READ")[0] == 404
    catalog.newer = False
    assert ask(catalog, "GET", V1_TABLE)[0] == 404
    assert ask(catalog, "GET", TABLE)[0] == 200
