"""What tests ask of an S3 server in its owner's name, whichever it is."""

from __future__ import annotations

from .sigv4 import ask, signed_request


class S3Server:
    """At `endpoint`, on loopback; `env` holds the owner's credentials as the program reads them."""

    endpoint: str
    env: dict

    def configure(self, bucket: str, setting: str, body: str, method: str = "PUT") -> str:
        """Sets (or, with GET, reads) what the owner of a bucket configures: "lifecycle", "policy", ..."""
        return ask(signed_request(self.env, method, f"{self.endpoint}/{bucket}?{setting}", body.encode(),
                                  content_type="application/xml"))

    def make_bucket(self, name: str, **headers: str) -> str:
        ask(signed_request(self.env, "PUT", f"{self.endpoint}/{name}", **headers))
        return name
