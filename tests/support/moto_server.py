"""moto, for the calls of S3 that MinIO lacks: the block of public access."""

from __future__ import annotations

import re
import subprocess
import sys

from .s3_server import S3Server


class Moto(S3Server):
    """The server of a test session, on a free port of loopback."""

    bucket = "sluice-test"

    def __init__(self):
        self._process = subprocess.Popen([sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"],
                                         stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        said = ""
        while not (told := re.search(r"Running on (http://127\.0\.0\.1:\d+)", said)):
            line = self._process.stderr.readline()
            assert line, f"moto did not start: {said}"
            said += line
        self.endpoint = told[1]
        self.env = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1"}

    def stop(self) -> None:
        self._process.terminate()
        self._process.communicate(timeout=30)
