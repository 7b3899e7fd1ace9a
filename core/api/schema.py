"""The OpenAPI document: made from the Structs that the views really read and answer with, and from `describe`.

drf-spectacular walks the URLs; what it would guess from serializers comes from msgspec's JSON Schema instead.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import msgspec
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent

from core.api.pagination import page_schema
from core.api.thin import ThinView
from core.problems import CONTENT_TYPE, all_problems

F = TypeVar("F", bound=Callable[..., Any])
REF = "#/components/schemas/{name}"
RATE_HEADERS = {
    "RateLimit-Limit": "Requests that this key may send in a minute.",
    "RateLimit-Remaining": "How many of them are left, as far as the answering process knows.",
    "RateLimit-Reset": "Seconds until the next minute begins.",
    "RateLimit-Policy": "The limit and its window in seconds, such as `6000;w=60`.",
}
IDEMPOTENCY = {
    "required": "Required. A value of your own, unique to this request: a repetition gets the first answer again.",
    "optional": "A value of your own, unique to this request: a repetition gets the first answer again.",
}
JSON_TYPE = "application/json"


class Operation(msgspec.Struct, kw_only=True):
    """What the document says of one method. answers: status → shape (a Struct, or a JSON Schema as dict).

    page: the first answer is a page of its shape. idempotency: None, optional or required. refusals: further statuses.
    examples: "body" and statuses as text → an example. media: media type → schema, for other bodies than JSON, beside
    `body` or alone. gives: the media type of the good answer; or_gives: one that can be asked for instead, as text.
    """

    summary: str
    tag: str
    answers: Mapping[int, Any]
    body: Any = None
    query: type[msgspec.Struct] | None = None
    page: bool = False
    idempotency: str | None = None
    refusals: tuple[int, ...] = ()
    examples: Mapping[str, Any] = {}
    media: Mapping[str, Any] = {}
    gives: str = JSON_TYPE
    or_gives: str = ""
    operation_id: str = ""


def describe(**said: Any) -> Callable[[F], F]:
    """Say what a method does, for the document. The method's docstring becomes the description."""
    operation = Operation(**said)

    def mark(method: F) -> F:
        method.operation = operation  # type: ignore[attr-defined]  # kept on it by us
        return method

    return mark


class ApiSchema(AutoSchema):
    """settings.REST_FRAMEWORK["DEFAULT_SCHEMA_CLASS"]."""

    def get_operation(
        self, path: str, path_regex: str, path_prefix: str, method: str, registry: Any
    ) -> dict[str, Any] | None:
        handler = getattr(self.view, method.lower(), None)
        said: Operation | None = getattr(handler, "operation", None)
        if said is None:
            found: dict[str, Any] | None = super().get_operation(path, path_regex, path_prefix, method, registry)
            return found
        self.registry = registry
        scope = getattr(self.view, "scopes", {}).get(method, "")
        text = inspect.getdoc(handler) or ""
        document: dict[str, Any] = {
            "operationId": said.operation_id or _operation_id(method, path),
            "summary": said.summary,
            "description": f"{text}\n\nScope: `{scope}`." if scope else text,
            "tags": [said.tag],
            "parameters": self._parameters(path, said),
            "security": [{"ApiKey": []}],
            "responses": self._responses(path, method, said),
        }
        if said.body is not None or said.media:
            own = self._content(said.body, said.examples.get("body")) if said.body is not None else {}
            document["requestBody"] = {"required": True, "content": own}
            for media_type, schema in said.media.items():
                document["requestBody"]["content"][media_type] = {"schema": schema}
        return document

    def _parameters(self, path: str, said: Operation) -> list[dict[str, Any]]:
        parameters = [
            {"name": name, "in": "path", "required": True, **_PATH.get(name, {"schema": {"type": "string"}})}
            for name in re.findall(r"{(\w+)}", path)
        ]
        if said.query is not None:
            parameters += self._query(said.query)
        if said.page:
            parameters += [{"$ref": f"#/components/parameters/{name}"} for name in ("Cursor", "PageSize")]
        if said.idempotency:
            parameters.append(
                {
                    "name": "Idempotency-Key",
                    "in": "header",
                    "required": said.idempotency == "required",
                    "description": IDEMPOTENCY[said.idempotency],
                    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
                }
            )
        return parameters

    def _query(self, shape: type[msgspec.Struct]) -> list[dict[str, Any]]:
        (_own,), components = msgspec.json.schema_components([shape], ref_template=REF)
        own = components.pop(shape.__name__)
        self._register(components)
        return [
            {
                "name": name,
                "in": "query",
                "required": name in own.get("required", []),
                "description": schema.pop("description", ""),
                "schema": _without_null(schema),
            }
            for name, schema in own["properties"].items()
        ]

    def _responses(self, path: str, method: str, said: Operation) -> dict[str, Any]:
        responses: dict[str, Any] = {}
        for status, shape in said.answers.items():
            example = said.examples.get(str(status))
            content = {said.gives: self._content(shape, example, page=said.page)[JSON_TYPE]}
            if said.or_gives:
                content[said.or_gives] = {"schema": {"type": "string"}}
            headers = {name: {"$ref": f"#/components/headers/{name}"} for name in RATE_HEADERS}
            if status == 201:
                headers["Location"] = {"description": "Where it is.", "schema": {"type": "string"}}  # type: ignore[dict-item]  # texts and mappings
            responses[str(status)] = {
                "description": _STATUS.get(status, "Done."),
                "headers": headers,
                "content": content,
            }
        for status in sorted(self._refusals(path, method, said)):
            responses[str(status)] = {"$ref": f"#/components/responses/Problem{status}"}
        return responses

    def _refusals(self, path: str, method: str, said: Operation) -> set[int]:
        found = {400, 401, 403, 429, 503, *said.refusals}
        if not isinstance(self.view, ThinView):
            found.add(406)
        if "{" in path:
            found.add(404)
        if said.body is not None or said.media:
            found |= {413, 415, 422}
        if said.idempotency:
            found.add(422)
        return found

    def _content(self, shape: Any, example: Any, *, page: bool = False) -> dict[str, Any]:
        schema = self.schema_of(shape)
        content: dict[str, Any] = {"schema": page_schema(schema) if page else schema}
        if example is not None:
            content["example"] = example
        return {JSON_TYPE: content}

    def schema_of(self, shape: Any) -> dict[str, Any]:
        """JSON Schema of a shape; Structs become components, a tuple is a choice of them."""
        if isinstance(shape, tuple):
            return {"anyOf": [self.schema_of(each) for each in shape]}
        if isinstance(shape, dict):
            return shape
        (own,), components = msgspec.json.schema_components([shape], ref_template=REF)
        self._register(components)
        found: dict[str, Any] = own
        return found

    def _register(self, components: dict[str, Any]) -> None:
        for name, schema in components.items():
            component = ResolvedComponent(name=name, type=ResolvedComponent.SCHEMA, schema=schema, object=name)
            self.registry.register_on_missing(component)


_STATUS = {200: "Done.", 201: "Made.", 202: "Asked for.", 204: "Done; there is nothing to say."}
_PATH: dict[str, dict[str, Any]] = {}


def path_parameter(name: str, *, description: str, schema: dict[str, Any], example: str) -> None:
    """Say once what a name in the paths stands for; called by the room that the thing belongs to."""
    _PATH[name] = {"description": description, "schema": schema, "example": example}


def _operation_id(method: str, path: str) -> str:
    words = [
        word for word in re.split(r"[^A-Za-z0-9]+", re.sub(r"{\w+}", "one", path)) if word not in ("", "api", "v1")
    ]
    return "_".join([*(words or ["index"]), method.lower()])


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A parameter that isn't sent is absent, not null."""
    kinds = [each for each in schema.get("anyOf", []) if each != {"type": "null"}]
    if "anyOf" in schema and len(kinds) == 1:
        schema = {**{name: value for name, value in schema.items() if name != "anyOf"}, **kinds[0]}
    return {name: value for name, value in schema.items() if name != "default" or value is not None}


PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "RFC 9457. Further members may follow: what the error's page names.",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference", "description": "The page that explains the code."},
        "title": {"type": "string", "description": "The same for every occurrence of the code."},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What was wrong this time."},
        "code": {"type": "string", "description": "Stable name for programs."},
        "field": {"type": "string", "description": "Where in the input, such as `data.order.lines[2].sku`."},
        "hint": {"type": "string", "description": "What to do about it."},
        "instance": {"type": "string", "format": "uri-reference"},
        "request_id": {"type": "string", "description": "Name it when you ask us about this answer."},
        "errors": {
            "type": "array",
            "description": "All wrong fields, when there are several.",
            "items": {
                "type": "object",
                "required": ["field", "detail"],
                "properties": {"field": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
    },
    "additionalProperties": True,
}
_PROBLEM_STATUS = {
    400: "The request can't be read.",
    401: "No valid key.",
    402: "A payment didn't go through; what was asked for isn't done.",
    403: "The key lacks the scope.",
    404: "There is no such thing.",
    406: "The answer can only be JSON.",
    409: "It conflicts with what is there; nothing changed.",
    413: "The body is too large.",
    415: "The body must be JSON.",
    422: "The input was understood and isn't valid.",
    429: "Too many requests in this minute.",
    503: "Busy; nothing changed. Send the same again.",
}


def finish_document(
    result: dict[str, Any], generator: Any = None, request: Any = None, public: bool = True
) -> dict[str, Any]:
    """SPECTACULAR_SETTINGS["POSTPROCESSING_HOOKS"]: the parts that all operations share."""
    components = result.setdefault("components", {})
    components.setdefault("schemas", {})["Problem"] = PROBLEM
    components["schemas"] = dict(sorted(components["schemas"].items()))
    components["securitySchemes"] = {
        "ApiKey": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "sg_<prefix>_<secret>",
            "description": "A key made in the admin. It holds for one brand and the scopes it was given.",
        }
    }
    components["headers"] = {
        name: {"description": text, "schema": {"type": "string" if name.endswith("Policy") else "integer"}}
        for name, text in RATE_HEADERS.items()
    }
    components["responses"] = {f"Problem{status}": _problem_response(status) for status in _PROBLEM_STATUS}
    components["parameters"] = _PAGE_PARAMETERS
    return result


def _problem_response(status: int) -> dict[str, Any]:
    codes = [each.code for each in all_problems() if each.status == status]
    headers: dict[str, Any] = {}
    if status == 401:
        headers["WWW-Authenticate"] = {"schema": {"type": "string"}}
    if status in (429, 503):
        headers["Retry-After"] = {"description": "Seconds to wait.", "schema": {"type": "integer"}}
    if status == 429:
        headers |= {name: {"$ref": f"#/components/headers/{name}"} for name in RATE_HEADERS}
    text = _PROBLEM_STATUS[status]
    return {
        "description": f"{text} Codes: {', '.join(f'`{code}`' for code in codes)}." if codes else text,
        **({"headers": headers} if headers else {}),
        "content": {CONTENT_TYPE: {"schema": {"$ref": REF.format(name="Problem")}}},
    }


_PAGE_PARAMETERS = {
    "Cursor": {
        "name": "cursor",
        "in": "query",
        "description": "From the links `next` and `previous` of a page.",
        "schema": {"type": "string"},
    },
    "PageSize": {
        "name": "page_size",
        "in": "query",
        "description": "Rows on a page.",
        "schema": {"type": "integer", "minimum": 1, "maximum": 200, "default": 50},
    },
}
