"""The desk's OpenAPI description, made from the forms that it reads."""

from __future__ import annotations

from typing import Any

import msgspec

from tocsin import __version__
from tocsin.wire import ContactForm, ReportForm, SignalForm

_PROBLEMS = {
    "401": "No key, an unknown one, or one that was revoked.",
    "403": "The key has no right to this area or threat.",
    "413": "The body is too large.",
    "422": "The body cannot be taken as it is; the field is named.",
    "503": "The disk refuses. Nothing was taken; send it again.",
}


def desk_openapi() -> dict[str, Any]:
    """Return the description of the desk."""
    _, schemas = msgspec.json.schema_components(
        (SignalForm, ContactForm, ReportForm), ref_template="#/components/schemas/{name}"
    )
    receipt = {"type": "object", "properties": {"epoch": {"type": "string"}, "seq": {"type": "integer"}}}
    content = {"application/json": {"schema": receipt}}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "tocsin, the desk",
            "version": __version__,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "security": [{"key": []}],
        "paths": {
            "/v1/signals": {
                "post": _post(
                    "An area is raised, clear, or was raised in error.",
                    "SignalForm",
                    {
                        "201": {
                            "description": "It is durable, at this place in the log.",
                            "content": content,
                        },
                        "200": {"description": "It was there already, at this place.", "content": content},
                        "409": {"description": "The id was used for something else."},
                    },
                )
            },
            "/v1/contact": {
                "post": _post(
                    "The feed is there, and this is all that it holds raised. Send it at least every 20 s.",
                    "ContactForm",
                    {"204": {"description": "Heard."}},
                )
            },
            "/v1/reports": {
                "post": _post(
                    "Somebody published this text. It is kept word for word and changes no alert.",
                    "ReportForm",
                    {
                        "201": {
                            "description": "It is durable, at this place in the log.",
                            "content": content,
                        },
                        "200": {"description": "It was there already, at this place.", "content": content},
                        "409": {"description": "Another text has this name and version."},
                    },
                )
            },
            **_read(),
            **_more(),
        },
        "components": {"schemas": schemas, "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}}},
    }


def _read() -> dict[str, Any]:
    """Return the paths that only read."""
    return {
        "/v1/board.json": {
            "get": {
                "summary": "The board of the key's realm, as the public door shows it.",
                "responses": {"200": {"description": "The board."}, **_problems("401")},
            }
        },
        "/v1/channels": _channels(),
    }


def _channels() -> dict[str, Any]:
    return {
        "get": {
            "summary": "The endpoints, and who confirmed the last alerts, who did not, how soon.",
            "parameters": [
                {
                    "name": "last",
                    "in": "query",
                    "description": "How many alerts.",
                    "schema": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 20},
                }
            ],
            "responses": {"200": {"description": "The receipts."}, **_problems("401", "422")},
        }
    }


def _post(summary: str, form: str, responses: dict[str, Any]) -> dict[str, Any]:
    schema = {"schema": {"$ref": f"#/components/schemas/{form}"}}
    return {
        "summary": summary,
        "requestBody": {"required": True, "content": {"application/json": schema}},
        "responses": {**responses, **_problems(*_PROBLEMS)},
    }


def _more() -> dict[str, Any]:
    """Return the addresses of CAP and of the sources."""
    return {
        "/v1/cap": {"post": _post_cap()},
        "/v1/cap/held": {"get": _get("The key's messages that wait for a person.", "They, newest first.")},
        "/v1/sources": {
            "get": _get(
                "Each source of the key's realm: contact, age, what it holds raised; and disagreements.",
                "The sources.",
            )
        },
    }


def _get(summary: str, what: str) -> dict[str, Any]:
    return {"summary": summary, "responses": {"200": {"description": what}, **_problems("401")}}


def _post_cap() -> dict[str, Any]:
    content = {"application/cap+xml": {"schema": {"type": "string"}}}
    return {
        "summary": "One message in CAP does what it says. The answer lists what is wrong with it.",
        "requestBody": {"required": True, "content": content},
        "responses": {
            "201": {"description": "It was accepted, and what it does is durable."},
            "200": {"description": "It was accepted, and does nothing new."},
            "202": {"description": "All or a part of it does nothing until a person has looked at it."},
            **_problems("401", "403", "413", "422", "503"),
        },
    }


def _problems(*statuses: str) -> dict[str, Any]:
    return {
        status: {"description": _PROBLEMS[status], "content": {"application/problem+json": {}}}
        for status in statuses
    }
