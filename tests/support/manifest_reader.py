"""A partner in a process of its own: polls manifests, and looks whether every file that they list is there.

A reader must never see a part of an export. Each file of each manifest has the size that is listed at every
look, and the rows that are listed at the first.
"""

from __future__ import annotations

import json
import multiprocessing
import threading
import traceback

import pyarrow.parquet as pq
from pyarrow import fs

from .minio import Minio


class ManifestReader:
    """Watches prefixes of one server. Thread-safe; the process is started once, for it is slow to start."""

    def __init__(self, server: Minio):
        spawn, self._lock = multiprocessing.get_context("spawn"), threading.Lock()
        self._ours, theirs = spawn.Pipe()
        self._process = spawn.Process(target=_serve, args=(theirs, server.endpoint, server.env, server.bucket),
                                      daemon=True)
        self._process.start()
        self.looks = self.manifests = 0

    def watch(self, prefix: str, name: str) -> None:
        self._ask("watch", prefix, name)

    def unwatch(self, prefix: str) -> str | None:
        """What the reader saw that it must not see, if anything."""
        seen = self._ask("unwatch", prefix)
        self.looks += seen["looks"]
        self.manifests += seen["manifests"]
        return seen["error"]

    def _ask(self, *message: str) -> dict:
        with self._lock:
            self._ours.send(message)
            assert self._ours.poll(120), "the reader died"
            return self._ours.recv()

    def stop(self) -> None:
        self._ours.send(("stop",))
        self._process.join(10)


class _Partner:
    """What the reader knows of one prefix."""

    def __init__(self, files: fs.S3FileSystem, root: str, name: str):
        self.files, self.root, self.name = files, root, name
        self.looks, self.error = 0, None
        self.read: dict[str, dict] = {}

    def look(self) -> None:
        listed = self.files.get_file_info(fs.FileSelector(
            f"{self.root}/_sluice/{self.name}/manifests", allow_not_found=True))
        for info in listed:
            is_new = info.path not in self.read
            if is_new:
                self.read[info.path] = self._manifest(info.path)
            self._check(info.path, is_new)
        self.looks += 1

    def _manifest(self, path: str) -> dict:
        with self.files.open_input_stream(path) as stream:
            return json.loads(stream.read())

    def _check(self, path: str, is_new: bool) -> None:
        manifest = self.read[path]
        paths = [f"{self.root}/{file['path']}" for file in manifest["files"]]
        if not paths:
            return
        for file, found in zip(manifest["files"], self.files.get_file_info(paths)):
            if not found.is_file:
                # A snapshot that is dropped says so before its files go.
                self.read[path] = self._manifest(path)
                assert self.read[path].get("expired"), f"{path} lists {file['path']}, which is not there"
                return
            assert found.size == file["size"], f"{file['path']}: {found.size} bytes, {file['size']} are listed"
            if is_new:
                with self.files.open_input_file(found.path) as data:
                    rows = pq.ParquetFile(data).metadata.num_rows
                assert rows == file["rows"], f"{file['path']}: {rows} rows, {file['rows']} are listed"


def _serve(pipe, endpoint: str, env: dict, bucket: str) -> None:
    files = fs.S3FileSystem(
        access_key=env["AWS_ACCESS_KEY_ID"], secret_key=env["AWS_SECRET_ACCESS_KEY"],
        endpoint_override=endpoint.removeprefix("http://"), scheme="http", region=env["AWS_REGION"])
    watched: dict[str, _Partner] = {}
    while True:
        while pipe.poll(0.005 if watched else None):
            message = pipe.recv()
            if message[0] == "stop":
                return
            if message[0] == "watch":
                watched[message[1]] = _Partner(files, f"{bucket}/{message[1]}", message[2])
                pipe.send({})
                continue
            partner = watched.pop(message[1])
            if partner.error is None:
                _look(partner)
            pipe.send({"looks": partner.looks, "manifests": len(partner.read), "error": partner.error})
        for partner in watched.values():
            if partner.error is None:
                _look(partner)


def _look(partner: _Partner) -> None:
    try:
        partner.look()
    except Exception:  # noqa: BLE001  (told by the test's own process)
        partner.error = traceback.format_exc(limit=-3)
