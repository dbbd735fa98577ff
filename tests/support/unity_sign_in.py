"""Who may ask the test catalog: bearer tokens, OAuth for machines, grants."""

from __future__ import annotations

import base64
import binascii
import dataclasses
import secrets
import threading
import time
import urllib.parse

from .unity_checks import Refusal


@dataclasses.dataclass
class Token:
    user: str
    ends: float | None  # of the clock; None: never
    uses: int | None  # answers that are left; None: any number

    def spend(self) -> bool:
        if self.ends is not None and time.time() >= self.ends or self.uses == 0:
            return False
        if self.uses is not None:
            self.uses -= 1
        return True


class OAuthError(Exception):
    """An answer of the token endpoint (RFC 6749, section 5.2)."""

    def __init__(self, status: int, error: str, description: str):
        super().__init__(description)
        self.status, self.body = status, {"error": error, "error_description": description}


class SignIn:
    """Tokens that are valid, and clients that get more of them. Thread-safe."""

    def __init__(self):
        self.clients: dict[str, tuple[str, str]] = {}  # id: secret, user
        self.token_seconds = 3600.0  # how long a token of OAuth is valid
        self.stated_seconds: int | None = None  # what `expires_in` says; None: the truth
        self.uses: int | None = None  # how many requests such a token is good for
        self.discovery = True
        self.given: list[str] = []
        self._tokens: dict[str, Token] = {}
        self._lock = threading.Lock()

    def allow(self, token: str, user: str = "etl", seconds: float | None = None, uses: int | None = None) -> str:
        with self._lock:
            self._tokens[token] = Token(user, None if seconds is None else time.time() + seconds, uses)
        return token

    def withdraw(self, token: str) -> None:
        with self._lock:
            self._tokens.pop(token, None)

    def client(self, client_id: str, secret: str, user: str = "etl") -> None:
        self.clients[client_id] = (secret, user)

    def who(self, headers) -> str:
        """The user of a request; refuses it where nobody stands behind it."""
        value = headers.get("Authorization")
        if not value or not value.startswith("Bearer "):
            raise Refusal("UNAUTHENTICATED", "No authorization found.")
        with self._lock:
            token = self._tokens.get(value.removeprefix("Bearer "))
            if token is None or not token.spend():
                raise Refusal("UNAUTHENTICATED", "Invalid access token.")
            return token.user

    def grant_token(self, headers, body: bytes) -> dict:
        """The token endpoint: client credentials by HTTP Basic, a form in the body."""
        if headers.get_content_type() != "application/x-www-form-urlencoded":
            raise OAuthError(400, "invalid_request", "the body must be a form")
        pairs = urllib.parse.parse_qsl(body.decode(errors="replace"), keep_blank_values=True)
        form = dict(pairs)
        if len(form) != len(pairs) or set(form) - {"grant_type", "scope"}:
            raise OAuthError(400, "invalid_request", "a parameter is unknown or comes twice")
        user = self._basic(headers.get("Authorization") or "")
        if form.get("grant_type") != "client_credentials":
            raise OAuthError(400, "unsupported_grant_type", "grant_type must be client_credentials")
        if form.get("scope") != "all-apis":
            raise OAuthError(400, "invalid_scope", "scope must be all-apis")
        token = self.allow(secrets.token_urlsafe(24), user, self.token_seconds, self.uses)
        self.given.append(token)
        stated = int(self.token_seconds) if self.stated_seconds is None else self.stated_seconds
        return {"access_token": token, "scope": "all-apis", "token_type": "Bearer", "expires_in": stated}

    def _basic(self, value: str) -> str:
        try:
            if not value.startswith("Basic "):
                raise ValueError
            told = base64.b64decode(value.removeprefix("Basic "), validate=True).decode()
        except (ValueError, binascii.Error):
            raise OAuthError(401, "invalid_client", "Client authentication failed") from None
        # RFC 6749, section 2.3.1: both are encoded as form values first; the public SDK sends them as they are.
        name, _, secret = told.partition(":")
        known = self.clients.get(name)
        if known is None or not secrets.compare_digest(known[0].encode(), secret.encode()):
            raise OAuthError(401, "invalid_client", "Client authentication failed")
        return known[1]


class Grants:
    """Privileges by user; nothing is granted that is not said. Answers as Databricks does, or as open source."""

    def __init__(self, **users: dict[str, str]):
        """`users`: for each, a securable's name to its privileges, "SELECT, MODIFY"."""
        self.held = {user: {name: {p.strip() for p in privileges.split(",")} for name, privileges in held.items()}
                     for user, held in users.items()}

    def give(self, user: str, securable: str, *privileges: str) -> None:
        self.held.setdefault(user, {}).setdefault(securable, set()).update(privileges)

    def take(self, user: str, securable: str, privilege: str) -> None:
        self.held[user][securable].discard(privilege)

    def has(self, user: str, privilege: str, securable: str) -> bool:
        return privilege in self.held.get(user, {}).get(securable, ())

    def need(self, user: str, privilege: str, kind: str, securable: str, databricks: bool) -> None:
        if self.has(user, privilege, securable):
            return
        if not databricks:
            raise Refusal("PERMISSION_DENIED", "Access denied.")
        raise Refusal("PERMISSION_DENIED", f"User does not have {privilege} on {kind} '{securable}'.",
                      principalName=user, msg=privilege, resourceType=kind, resourceName=securable)

    def on(self, securable: str) -> list[dict]:
        return [{"principal": user, "privileges": sorted(held[securable])} for user, held in self.held.items()
                if held.get(securable)]
