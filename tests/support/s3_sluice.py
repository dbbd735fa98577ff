"""The program with destination and state on S3, seen through a copy of what lay there."""

from __future__ import annotations

import pathlib
import shutil

from .export import Export
from .s3_server import S3Server
from .sluice import Running, Sluice


class S3Sluice(Sluice):
    """`export()` fetches the bucket as it is at that moment, so the checks of local exports hold for it.

    `state` and the ledger are those of that moment, too.
    """

    def __init__(self, folder: pathlib.Path, server: S3Server, prefix: str,
                 bucket: str | None = None, **config):
        super().__init__(folder, **config)
        self.server, self.prefix = server, prefix
        self.bucket = bucket or server.bucket
        self.config["destination"] = {"url": f"s3://{self.bucket}/{prefix}", "region": "us-east-1"}
        self.through(server.endpoint)
        self.config["limits"] = {"memory": "64MiB"}

    def through(self, endpoint: str) -> S3Sluice:
        """Lets calls go to another address, e.g. a proxy's."""
        self.config["destination"]["endpoint"] = endpoint
        return self

    def start(self, command: str, *arguments: str, env: dict | None = None, **options) -> Running:
        return super().start(command, *arguments, env={**self.server.env, **(env or {})}, **options)

    def look(self) -> S3Sluice:
        """Fetches what lies at the destination now."""
        shutil.rmtree(self.destination, ignore_errors=True)
        self.server.download(self.prefix, self.destination, self.bucket)
        return self

    def export(self, name: str | None = None) -> Export:
        self.look()
        return super().export(name)
