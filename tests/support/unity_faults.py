"""What goes wrong between the test catalog and who asks: for `UnityCatalog.disturb`.

Each of these makes a function of the handler of one request.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from .unity_checks import Refusal


def status(code: int, body: bytes = b"", kind: str = "application/json", **headers: str) -> Callable:
    """An answer that the catalog itself has not made, e.g. of a balancer before it."""
    return lambda handler: handler.send(code, body, kind, **headers)


def refusal(refused: Refusal, **headers: str) -> Callable:
    """A refusal in the format of the API that was asked."""
    def act(handler) -> None:
        code, body = refused.newer() if handler.route and handler.route.newer else refused.older(True)
        handler.send(code, json.dumps(body).encode(), "application/json", **headers)
    return act


def too_many(retry_after: str | None = "1") -> Callable:
    """429, with or without Retry-After."""
    refused = Refusal("REQUEST_LIMIT_EXCEEDED", "Your request was rejected since your organization has exceeded the "
                      "rate limit. Please retry your request later.")
    return refusal(refused, **({} if retry_after is None else {"Retry_After": retry_after}))


def unavailable(code: int = 503) -> Callable:
    return status(code, b"upstream connect error", "text/plain")


def slow(seconds: float) -> Callable:
    """The right answer, late."""
    def act(handler) -> None:
        handler.sleep(seconds)
        handler.proceed()
    return act


def dribbled(seconds: float) -> Callable:
    """The right answer, byte by byte over `seconds`."""
    def act(handler) -> None:
        code, body, kind = handler.answer()
        handler.asked.status = code
        handler.send_response(code)
        handler.send_header("Content-Type", kind)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        for at in range(len(body)):
            handler.wfile.write(body[at:at + 1])
            handler.sleep(seconds / len(body))
    return act


def lost(handler) -> None:
    """What was asked for is done, and the answer does not arrive."""
    handler.answer()
    handler.cut()


def dropped(handler) -> None:
    """The connection ends, and nothing is done."""
    handler.cut()


def cut_short(handler) -> None:
    """Half of the answer."""
    code, body, kind = handler.answer()
    handler.send_response(code)
    handler.send_header("Content-Type", kind)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body[:len(body) // 2])
    handler.cut()


def html(code: int = 200) -> Callable:
    """A sign-in page or a proxy's own words."""
    return status(code, b"<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body>Sign in</body></html>",
                  "text/html; charset=utf-8")


def garbage(handler) -> None:
    handler.send(200, b'{"metadata": {"etag": ', "application/json")


def other_shape(value) -> Callable:
    """JSON that is not what was asked for."""
    return status(200, json.dumps(value).encode())


def deep(levels: int = 200_000) -> Callable:
    return status(200, b'{"tables":' + b"[" * levels + b"]" * levels + b"}")


def huge(mebibytes: int) -> Callable:
    """An object whose one text goes on for `mebibytes`; stops where the client hangs up."""
    def act(handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(mebibytes * 2**20 + 12))
        handler.end_headers()
        try:
            handler.wfile.write(b'{"comment":"')
            for _ in range(mebibytes):
                handler.wfile.write(b"x" * 2**20)
        except OSError:
            handler.close_connection = True
    return act


def redirect(url: str, code: int = 302) -> Callable:
    """To another host: no secret may follow it."""
    return status(code, b"", Location=url)
