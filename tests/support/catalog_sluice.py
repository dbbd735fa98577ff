"""The program with tables by name: a catalog in its config, a token in its environment."""

from __future__ import annotations

import pathlib

from .minio import Minio
from .sluice import Outcome, Running, Sluice
from .unity_catalog import UnityCatalog
from .unity_tables import Table

TOKEN = "CANARY-token-of-the-catalog"


class CatalogSluice(Sluice):
    """`canaries` are secrets that nothing may show; `nowhere()` looks for them in all that was written and said."""

    def __init__(self, folder: pathlib.Path, catalog: UnityCatalog, minio: Minio | None = None, **config):
        super().__init__(folder, **config)
        self.catalog, self.minio = catalog, minio
        self.env = {"UC_TOKEN": TOKEN, "HOME": str(folder)}  # nobody's own profiles
        self.canaries = [TOKEN]
        self.said: list[str] = []
        self.config["catalog"] = {"url": catalog.url, "auth": {"token_env": "UC_TOKEN"}}
        if minio:
            self.config["source"] = {"endpoint": minio.endpoint, "region": "us-east-1"}

    def add_named(self, table: str, pattern: str = "append", **keys) -> CatalogSluice:
        """Adds a table without a path."""
        entry = {"table": table, "pattern": pattern}
        if pattern == "append":
            entry |= {"watermark": "event_timestamp", "start": "1960-01-01T00:00:00Z"}
        self.config["tables"].append({**entry, **keys})
        return self

    def start(self, command: str, *arguments: str, env: dict | None = None, **options) -> Running:
        # Keys of this process's own must not stand in for those that the catalog gives.
        bare = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_SESSION_TOKEN": "",
                "AWS_EC2_METADATA_DISABLED": "true"}
        return super().start(command, *arguments, env={**bare, **self.env, **(env or {})}, **options)

    def call(self, command: str, *arguments: str, timeout: float = 120, **options) -> Outcome:
        outcome = super().call(command, *arguments, timeout=timeout, **options)
        self.said.append(outcome.stdout + outcome.stderr)
        return outcome

    def nowhere(self, *canaries: str) -> None:
        """No secret is in any output so far, nor in any file that lies in the program's folder."""
        for canary in (*self.canaries, *canaries):
            assert not any(canary in text for text in self.said), canary
            for file in self.folder.rglob("*"):
                assert not (file.is_file() and canary.encode() in file.read_bytes()), (canary, file)


def sign_in(catalog: UnityCatalog) -> UnityCatalog:
    """The token that `CatalogSluice` sends is asked for, and good."""
    catalog.require_sign_in().allow(TOKEN)
    return catalog


def register(catalog: UnityCatalog, name: str, location: pathlib.Path | str, **keys) -> Table:
    """An external table that lies there."""
    return catalog.table(name, location if "://" in str(location) else f"file://{location}", **keys)
