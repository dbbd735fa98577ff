"""AWS's signature version 4, for calls to a test's server that no library of ours makes."""

from __future__ import annotations

import base64
import datetime
import hashlib
import hmac
import urllib.error
import urllib.parse
import urllib.request


def signed_request(env: dict, method: str, url: str, body: bytes = b"", service: str = "s3",
                   **headers: str) -> urllib.request.Request:
    """A request to `url` in the name of the credentials in `env`."""
    parts = urllib.parse.urlsplit(url)
    at = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    signed = {"host": parts.netloc, "x-amz-date": at, "x-amz-content-sha256": hashlib.sha256(body).hexdigest(),
              "content-md5": base64.b64encode(hashlib.md5(body).digest()).decode(),
              **{name.replace("_", "-"): value for name, value in headers.items()}}
    if "AWS_SESSION_TOKEN" in env:
        signed["x-amz-security-token"] = env["AWS_SESSION_TOKEN"]
    query = "&".join(sorted(part if "=" in part else part + "=" for part in parts.query.split("&") if part))
    names = ";".join(sorted(signed))
    canonical = "\n".join([method, parts.path or "/", query,
                           *(f"{name}:{signed[name]}" for name in sorted(signed)), "", names,
                           signed["x-amz-content-sha256"]])
    scope = f"{at[:8]}/{env['AWS_REGION']}/{service}/aws4_request"
    to_sign = "\n".join(["AWS4-HMAC-SHA256", at, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = b"AWS4" + env["AWS_SECRET_ACCESS_KEY"].encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, to_sign.encode(), "sha256").hex()
    signed["authorization"] = (f"AWS4-HMAC-SHA256 Credential={env['AWS_ACCESS_KEY_ID']}/{scope}, "
                               f"SignedHeaders={names}, Signature={signature}")
    return urllib.request.Request(url, method=method, data=body or None, headers=signed)


def ask(request: urllib.request.Request) -> str:
    """The answer's body; what the server says to a refusal fails the test."""
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.read().decode()
    except urllib.error.HTTPError as error:
        raise AssertionError(f"{error.code}: {error.read().decode()}") from None
