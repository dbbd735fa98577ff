"""A real S3 server on loopback (tools/minio), a bucket in it, and what tests do there beside the program."""

from __future__ import annotations

import itertools
import json
import pathlib
import re
import signal
import subprocess
import urllib.parse
import urllib.request

from pyarrow import fs

from .paths import TREE
from .s3_server import S3Server
from .sigv4 import ask, signed_request


class Minio(S3Server):
    """The server of a test session, and one bucket. Credentials stay in this process and its children."""

    bucket = "sluice-test"

    def __init__(self, **settings: str):
        """`settings` are further variables of the server's environment."""
        self._process = subprocess.Popen(
            ["env", *(f"{name}={value}" for name, value in settings.items()), TREE / "tools" / "minio", "serve"],
            stdout=subprocess.PIPE, text=True)
        told = {}
        while len(told) < 4:
            line = self._process.stdout.readline()
            assert line, "the server did not start; its message is above"
            name, value = re.fullmatch(r"export (\w+)=(.*)\n", line).groups()
            told[name] = value
        self.endpoint = told.pop("SLUICE_TEST_S3_ENDPOINT")
        self.env = told
        self.fs = self.filesystem()
        self.fs.create_dir(self.bucket)
        self._prefixes = (f"t{n}" for n in itertools.count(1))

    def stop(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(180)  # it finishes what it is at, then the folder goes

    def filesystem(self) -> fs.S3FileSystem:
        return fs.S3FileSystem(
            access_key=self.env["AWS_ACCESS_KEY_ID"], secret_key=self.env["AWS_SECRET_ACCESS_KEY"],
            endpoint_override=self.endpoint.removeprefix("http://"), scheme="http",
            region=self.env["AWS_REGION"], allow_bucket_creation=True)

    @property
    def storage(self) -> dict:
        """delta-rs' options."""
        return {**self.env, "AWS_ENDPOINT_URL": self.endpoint, "AWS_ALLOW_HTTP": "true"}

    def new_prefix(self) -> str:
        """A prefix in the bucket that nobody used before."""
        return next(self._prefixes)

    def url(self, prefix: str) -> str:
        return f"s3://{self.bucket}/{prefix}"

    def restricted(self, policy: dict) -> dict:
        """Credentials (as variables) that may do what the policy says and no more."""
        form = urllib.parse.urlencode({"Action": "AssumeRole", "Version": "2011-06-15",
                                       "DurationSeconds": 3600, "Policy": json.dumps(policy)})
        answer = ask(signed_request(self.env, "POST", self.endpoint + "/", form.encode(), "sts",
                                    content_type="application/x-www-form-urlencoded"))
        told = {name: re.search(f"<{name}>(.*?)</{name}>", answer)[1]
                for name in ("AccessKeyId", "SecretAccessKey", "SessionToken")}
        return {"AWS_ACCESS_KEY_ID": told["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": told["SecretAccessKey"],
                "AWS_SESSION_TOKEN": told["SessionToken"], "AWS_REGION": self.env["AWS_REGION"]}

    def put(self, key: str, data: bytes) -> None:
        with self.fs.open_output_stream(f"{self.bucket}/{key}") as stream:
            stream.write(data)

    def get(self, key: str, bucket: str | None = None) -> bytes:
        with self.fs.open_input_stream(f"{bucket or self.bucket}/{key}") as stream:
            return stream.read()

    def keys(self, prefix: str, bucket: str | None = None) -> list[str]:
        """All below a prefix, without it."""
        root = f"{bucket or self.bucket}/{prefix}"
        found = self.fs.get_file_info(fs.FileSelector(root, recursive=True, allow_not_found=True))
        return sorted(info.path.removeprefix(root + "/") for info in found if info.is_file)

    def copy(self, source: str, target: str) -> None:
        for key in self.keys(source):
            self.fs.copy_file(f"{self.bucket}/{source}/{key}", f"{self.bucket}/{target}/{key}")

    def download(self, prefix: str, folder: pathlib.Path, bucket: str | None = None) -> None:
        for key in self.keys(prefix, bucket):
            try:
                data = self.get(f"{prefix}/{key}", bucket)
            except FileNotFoundError:
                continue  # MinIO takes a completion back whose asker died meanwhile; it was listed before that
            file = folder / key
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)

    def remove(self, prefix: str) -> None:
        for key in self.keys(prefix):
            self.fs.delete_file(f"{self.bucket}/{prefix}/{key}")

    def metrics(self, name: str) -> dict[str, float]:
        """A counter of the server by the API that it counts; needs MINIO_PROMETHEUS_AUTH_TYPE=public."""
        with urllib.request.urlopen(f"{self.endpoint}/minio/metrics/v3/api/requests", timeout=30) as answer:
            text = answer.read().decode()
        found: dict[str, float] = {}
        for line in text.splitlines():
            match = re.fullmatch(rf"{name}{{(.*)}} (\S+)", line)
            if match:
                labels = dict(re.findall(r'(\w+)="([^"]*)"', match[1]))
                key = labels.get("name", labels.get("type", ""))
                found[key] = found.get(key, 0) + float(match[2])
        return found
