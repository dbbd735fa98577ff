"""What the test catalog accepts, and how it refuses: the errors of both APIs, and checks of what a client sent."""

from __future__ import annotations

import json
import re
import urllib.parse
import uuid

# error code: status in the older API, type and status in the newer one.
CODES = {
    "INVALID_ARGUMENT": (400, "InvalidParameterValueException", 400),
    "INVALID_PARAMETER_VALUE": (400, "InvalidParameterValueException", 400),
    "FAILED_PRECONDITION": (400, "InvalidParameterValueException", 400),
    "UNSUPPORTED_TABLE_FORMAT": (400, "UnsupportedTableFormatException", 400),
    "UNAUTHENTICATED": (401, "NotAuthorizedException", 401),
    "PERMISSION_DENIED": (403, "PermissionDeniedException", 403),
    "NOT_FOUND": (404, "NotFoundException", 404),
    "EXTERNAL_LOCATION_DOES_NOT_EXIST": (404, "NotFoundException", 404),
    "CATALOG_NOT_FOUND": (404, "NoSuchCatalogException", 404),
    "SCHEMA_NOT_FOUND": (404, "NoSuchSchemaException", 404),
    "TABLE_NOT_FOUND": (404, "NoSuchTableException", 404),
    "CATALOG_ALREADY_EXISTS": (400, "AlreadyExistsException", 409),
    "SCHEMA_ALREADY_EXISTS": (400, "AlreadyExistsException", 409),
    "TABLE_ALREADY_EXISTS": (400, "AlreadyExistsException", 409),
    "COMMIT_VERSION_CONFLICT": (409, "CommitVersionConflictException", 409),
    "UPDATE_REQUIREMENT_CONFLICT": (409, "UpdateRequirementConflictException", 409),
    "RESOURCE_EXHAUSTED": (429, "ResourceExhaustedException", 429),
    "REQUEST_LIMIT_EXCEEDED": (429, "TooManyRequestsException", 429),
    "INTERNAL": (500, "InternalServerErrorException", 500),
    "TEMPORARILY_UNAVAILABLE": (503, "InternalServerErrorException", 503),
}


class Refusal(Exception):
    """An answer that says no, in the format of whichever API was asked."""

    def __init__(self, code: str, message: str, reason: str | None = None, **metadata: str):
        super().__init__(message)
        self.code, self.message, self.reason, self.metadata = code, message, reason or code, metadata

    def older(self, databricks: bool) -> tuple[int, dict]:
        info = {"reason": self.reason, "@type": "type.googleapis.com/google.rpc.ErrorInfo"}
        details = [info]
        if databricks:
            info |= {"domain": "unity-catalog.databricks.com", "metadata": self.metadata}
            details.append({"@type": "type.googleapis.com/google.rpc.RequestInfo",
                            "request_id": str(uuid.uuid4()), "serving_data": ""})
        return CODES[self.code][0], {"error_code": self.code, "details": details, "message": self.message}

    def newer(self) -> tuple[int, dict]:
        _, kind, status = CODES[self.code]
        return status, {"error": {"message": self.message, "type": kind, "code": status, "stack": None}}


class Plain(Exception):
    """An answer of the HTTP layer below both APIs."""

    REASONS = {400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed", 406: "Not Acceptable",
               411: "Length Required", 415: "Unsupported Media Type"}

    def __init__(self, status: int):
        super().__init__(self.REASONS[status])
        self.status = status

    @property
    def text(self) -> str:
        return f"Status: {self.status}\nDescription: {self.REASONS[self.status]}\n"


# URLs

_RAW = re.compile(r"[A-Za-z0-9\-._~!$&'()*+,;=:@/%?]*")


def split_target(target: str) -> tuple[list[str], dict[str, str]]:
    """The decoded parts of a path, and the query; 400 for anything that RFC 3986 has encoded otherwise."""
    if not _RAW.fullmatch(target) or re.search(r"%(?![0-9A-Fa-f]{2})", target):
        raise Plain(400)
    path, _, query = target.partition("?")
    try:
        parts = [urllib.parse.unquote(part, errors="strict") for part in path.split("/")[1:]]
        pairs = urllib.parse.parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query), errors="strict")
    except ValueError:
        raise Plain(400) from None
    if len(dict(pairs)) != len(pairs):
        raise Plain(400)
    return parts, dict(pairs)


# Bodies. A check is a function of (value, where); these make them.

def _parse_error(kind: str, text: str) -> Refusal:
    return Refusal("INVALID_ARGUMENT", f"failed to parse a JSON document: com.fasterxml.jackson.{kind}: {text}")


def _mismatch(where: str, wanted: str) -> Refusal:
    return _parse_error("databind.exc.MismatchedInputException", f"Cannot deserialize value of type {wanted} "
                        f"(through reference chain: {where})")


def text(value, where: str) -> str:
    if not isinstance(value, str):
        raise _mismatch(where, "`java.lang.String`")
    return value


def whole(value, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise _mismatch(where, "`java.lang.Long`")
    return value


def flag(value, where: str) -> bool:
    if not isinstance(value, bool):
        raise _mismatch(where, "`java.lang.Boolean`")
    return value


def anything(value, where: str):
    return value


def one_of(*allowed: str):
    def check(value, where: str) -> str:
        if text(value, where) not in allowed:
            raise _parse_error("databind.exc.ValueInstantiationException",
                               f"Unexpected value '{value}' (through reference chain: {where})")
        return value
    return check


def listed(item):
    def check(value, where: str) -> list:
        if not isinstance(value, list):
            raise _mismatch(where, "`java.util.ArrayList`")
        return [item(element, f"{where}[{n}]") for n, element in enumerate(value)]
    return check


def mapped(item):
    def check(value, where: str) -> dict:
        if not isinstance(value, dict):
            raise _mismatch(where, "`java.util.LinkedHashMap`")
        return {key: item(element, f"{where}[{key!r}]") for key, element in value.items()}
    return check


def fields(**checks):
    """An object with these fields and no others; a name that ends in `_` must be there."""
    required = {name[:-1].replace("__", "-") for name in checks if name.endswith("_")}
    known = {name.removesuffix("_").replace("__", "-"): check for name, check in checks.items()}

    def check(value, where: str) -> dict:
        if not isinstance(value, dict):
            raise _mismatch(where, "an object")
        for name in value:
            if name not in known:
                raise _parse_error("databind.exc.UnrecognizedPropertyException",
                                   f'Unrecognized field "{name}" ({where})')
        for name in sorted(required):
            if value.get(name) is None:
                raise Refusal("INVALID_ARGUMENT", f"Field can not be null: {name}")
        return {name: None if element is None else known[name](element, f"{where}.{name}")
                for name, element in value.items()}
    return check


def read_json(data: bytes):
    try:
        return json.loads(data.decode())
    except UnicodeDecodeError:
        raise _parse_error("core.JsonParseException", "Invalid UTF-8") from None
    except json.JSONDecodeError as error:
        raise _parse_error("core.io.JsonEOFException", str(error)) from None


def read_uuid(value: str) -> str:
    try:
        if str(uuid.UUID(value)) != value.lower():
            raise ValueError
    except ValueError:
        raise Refusal("INVALID_ARGUMENT", f"Invalid UUID string: {value}") from None
    return value.lower()
