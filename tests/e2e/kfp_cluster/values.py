"""Values as protobuf has them, and as they are written and read."""

import decimal
import json
import re


class Refused(Exception):
    """KFP itself refuses a task, before or after its command."""


def plain(value):
    """JSON as protobuf writes it: every number is a double, and a whole one is written without a point."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 1e21 else value


def as_json(value):
    return json.dumps(plain(value), separators=(",", ":"), ensure_ascii=False)


def text(value):
    """A parameter in a text (metadata/converter.go:15, component/launcher_v2.go:1135)."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{decimal.Decimal(repr(value)):f}".removesuffix(".0")
    return as_json(value) if isinstance(value, (dict, list)) else str(value)


def read(content, kind):
    """A parameter from the text of its file (metadata/converter.go:50)."""
    if kind == "STRING":
        return content
    wanted = {"NUMBER_INTEGER": int, "NUMBER_DOUBLE": float, "BOOLEAN": bool, "STRUCT": dict, "LIST": list}[kind]
    try:
        if kind == "NUMBER_INTEGER":
            return int(re.fullmatch(r"[-+]?[0-9]+", content.strip())[0])
        # strconv.ParseBool's words, of which the step writes two.
        booleans = {"true": True, "false": False, "1": True, "0": False}
        value = booleans[content.strip().lower()] if kind == "BOOLEAN" else json.loads(content)
        value = float(value) if kind == "NUMBER_DOUBLE" else value
    except (KeyError, TypeError, ValueError) as error:
        raise Refused(f"{content!r} is no {kind}") from error
    if not isinstance(value, wanted):
        raise Refused(f"{content!r} is no {kind}")
    return value


def local_path(uri):
    """Where the launcher keeps what is at a URI (component/launcher_v2.go:1239)."""
    for scheme in ("gs", "minio", "s3"):
        if uri.startswith(f"{scheme}://"):
            return f"/{'gcs' if scheme == 'gs' else scheme}/{uri.removeprefix(f'{scheme}://')}"
    raise Refused(f"failed to generate local path for URI {uri}: unsupported storage scheme")
