"""Where the test catalog takes credentials from: fixed ones, or temporary ones of a MinIO, scoped to a prefix."""

from __future__ import annotations

import dataclasses
import json
import re
import threading
import time
import urllib.parse
import uuid

from .minio import Minio
from .sigv4 import ask, signed_request
from .unity_checks import Refusal


@dataclasses.dataclass(frozen=True)
class Credentials:
    """What is handed out for a location; `expires_ms` None: no end is stated."""

    access_key_id: str
    secret_access_key: str
    session_token: str
    expires_ms: int | None


class FixedVendor:
    """The same keys for everything in a bucket, without an end, as the open-source server can be configured."""

    def __init__(self, **buckets: tuple[str, str, str]):
        self.buckets = buckets

    def vend(self, location: str, write: bool) -> Credentials:
        bucket = urllib.parse.urlsplit(location).netloc
        if bucket not in self.buckets:
            raise Refusal("FAILED_PRECONDITION", "S3 bucket configuration not found.")
        return Credentials(*self.buckets[bucket], None)


class MinioVendor:
    """Credentials of MinIO's STS with a session policy for one prefix.

    MinIO itself gives none that live less than 15 minutes. `stated_seconds` is the life that the catalog states;
    `revoke()` makes MinIO refuse everything handed out so far, from that moment on, and `real_seconds` does so for
    each of them by itself when its time has come.
    """

    def __init__(self, server: Minio):
        self.server = server
        self.stated_seconds: float | None = 3600
        self.real_seconds: float | None = None
        self.elsewhere: str | None = None  # a prefix: all credentials are for it, whatever was asked for
        self.given: list[Credentials] = []
        self._live: set[str] = set()
        self._lock = threading.Lock()

    def vend(self, location: str, write: bool) -> Credentials:
        parts = urllib.parse.urlsplit(location)
        if parts.netloc != self.server.bucket:
            raise Refusal("FAILED_PRECONDITION", "S3 bucket configuration not found.")
        mark = uuid.uuid4().hex
        told = self._assume(_policy(parts.netloc, self.elsewhere or parts.path.strip("/"), write), mark)
        expires = None if self.stated_seconds is None else int(1000 * (time.time() + self.stated_seconds))
        credentials = Credentials(told["AccessKeyId"], told["SecretAccessKey"], told["SessionToken"], expires)
        with self._lock:
            self.given.append(credentials)
            self._live.add(mark)
        if self.real_seconds is not None:
            timer = threading.Timer(self.real_seconds, self._revoke, [mark])
            timer.daemon = True
            timer.start()
        return credentials

    def revoke(self) -> None:
        """Everything handed out so far is refused from now on."""
        with self._lock:
            marks = list(self._live)
        for mark in marks:
            self._revoke(mark)

    def secrets(self) -> list[str]:
        return [value for one in self.given for value in (one.secret_access_key, one.session_token)]

    def _assume(self, policy: dict, mark: str) -> dict:
        form = urllib.parse.urlencode({"Action": "AssumeRole", "Version": "2011-06-15", "DurationSeconds": 3600,
                                       "Policy": json.dumps(policy), "TokenRevokeType": mark})
        answer = ask(signed_request(self.server.env, "POST", self.server.endpoint + "/", form.encode(), "sts",
                                    content_type="application/x-www-form-urlencoded"))
        return {name: re.search(f"<{name}>(.*?)</{name}>", answer)[1]
                for name in ("AccessKeyId", "SecretAccessKey", "SessionToken")}

    def _revoke(self, mark: str) -> None:
        ask(signed_request(self.server.env, "POST", f"{self.server.endpoint}/minio/admin/v3/revoke-tokens/builtin"
                           f"?tokenRevokeType={mark}"))
        with self._lock:
            self._live.discard(mark)


def _policy(bucket: str, prefix: str, write: bool) -> dict:
    objects = ["s3:GetObject"]
    if write:
        objects += ["s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"]
    # MinIO does not know a condition on the prefix for multipart uploads, as AWS does.
    bucket_wide = ["s3:GetBucketLocation"] + (["s3:ListBucketMultipartUploads"] if write else [])
    return {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": objects, "Resource": [f"arn:aws:s3:::{bucket}/{prefix}/*"]},
        {"Effect": "Allow", "Action": ["s3:ListBucket"], "Resource": [f"arn:aws:s3:::{bucket}"],
         "Condition": {"StringLike": {"s3:prefix": [prefix, f"{prefix}/*"]}}},
        {"Effect": "Allow", "Action": bucket_wide, "Resource": [f"arn:aws:s3:::{bucket}"]}]}
