"""Write docs/reference/: settings, commands, both APIs, the kinds, the rules of CAP, as the code says them.

Each page has one home in the code: `config.SETTINGS`, the click commands, the two OpenAPI
descriptions, `model.py` with the comments behind its fields, `cap.lint.RULES`.  A test compares.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from tocsin import config, model
from tocsin.cap.lint import RULES, Verdict
from tocsin.cli import commands
from tocsin.desk.openapi import desk_openapi
from tocsin.public.openapi import public_openapi

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "reference"
NOTE = "Made by `tools/reference.py` from {home} and checked by a test; do not edit."

Json = Mapping[str, Any]


def _row(*cells: str) -> str:
    return "| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in cells) + " |"


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> list[str]:
    return [_row(*head), "|" + "---|" * len(head), *(_row(*row) for row in rows), ""]


def _page(title: str, home: str, *lines: str) -> str:
    text = "\n".join([f"# {title}", "", NOTE.format(home=home), "", *lines])
    return re.sub(r"\n{3,}", "\n\n", text).rstrip() + "\n"


def _code(text: object) -> str:
    return f"`{text}`"


# Settings and commands


def settings_page() -> str:
    """Return the page of the settings."""
    rows = [
        (
            _code(setting.name),
            _code(config.PREFIX + setting.name.upper()),
            {str: "text", float: "number", int: "whole number"}[setting.kind],
            _code(setting.default) + (f" {setting.unit}" if setting.unit else ""),
            setting.about,
        )
        for setting in config.SETTINGS
    ]
    return _page(
        "Settings",
        "`src/tocsin/config.py`",
        "A value comes from the command line, else from the environment, else from the file `tocsin.toml`",
        "(or `--config FILE`), else it is the default. An unknown name in the file is an error.",
        "`[[approval]]` tables say how many people what takes: see [the guide](../guide/desk.md).",
        "`[[upstream]]` tables say which sources are called: see [the guide](../guide/sources.md).",
        "`tocsin config` prints what holds; `tocsin config --defaults` prints a file with every default.",
        "",
        *_table(("setting", "in the environment", "type", "default", "what it is"), rows),
    )


def _leaves(group: click.Group, path: str) -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from _leaves(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


def _default_of(option: click.Option) -> str:
    shown = option.default if option.show_default and isinstance(option.default, str | int | float) else None
    return f" Default: {shown}." if shown is not None else ""


def _command(path: str, command: click.Command) -> list[str]:
    arguments = [one for one in command.params if isinstance(one, click.Argument)]
    options = [one for one in command.params if isinstance(one, click.Option)]
    usage = " ".join([path, *(one.make_metavar(click.Context(command)) for one in arguments), "[OPTIONS]"])
    rows = []
    for one in options:
        name = ", ".join(one.opts)
        kind = "" if one.is_flag else " " + one.make_metavar(click.Context(command))
        must = " Required." if one.required else ""
        rows.append((_code(name + kind), f"{one.help or ''}{_default_of(one)}{must}"))
    lines = [f"## {path}", "", " ".join((command.help or "").split()), "", "```", usage, "```", ""]
    return [*lines, *(_table(("option", "what it does"), rows) if rows else [])]


def commands_page() -> str:
    """Return the page of the commands."""
    lines = [line for path, command in _leaves(commands, "tocsin") for line in _command(path, command)]
    return _page(
        "Commands",
        "the commands in `src/tocsin/cli/`",
        "Every command answers to `--help`. It ends with 0 when it did what it was asked, with 1 on an",
        "error that a person can put right, with 2 on a wrong call. An error says what to do next.",
        "",
        *lines,
    )


# The two doors


def _type(schema: Json) -> str:
    """Return a JSON schema in a few words."""
    if "$ref" in schema:
        name = str(schema["$ref"]).rsplit("/", 1)[1]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in schema:
        return " or ".join(_type(one) for one in schema["anyOf"])
    if "enum" in schema:
        return ", ".join(_code(value) for value in schema["enum"])
    kind = str(schema.get("type", "anything"))
    if kind == "array":
        if "prefixItems" in schema:
            return "(" + ", ".join(_type(one) for one in schema["prefixItems"]) + ")"
        items = schema.get("items")
        return f"list of {_type(items)}" if items else "list"
    if kind == "object" and isinstance(schema.get("additionalProperties"), Mapping):
        return f"name → {_type(schema['additionalProperties'])}"
    return {"date-time": "time"}.get(str(schema.get("format")), kind) + _limits(schema)


def _limits(schema: Json) -> str:
    names = {"maxLength": "at most {} characters", "maxItems": "at most {}", "pattern": "`{}`"}
    found = [words.format(schema[name]) for name, words in names.items() if name in schema]
    return f" ({', '.join(found)})" if found else ""


def _schemas(document: Json) -> list[str]:
    lines: list[str] = []
    for name, schema in sorted(document["components"]["schemas"].items()):
        lines += [f"### {name}", "", str(schema.get("description", "")), ""]
        if "properties" not in schema:
            lines += [_type(schema), ""]
            continue
        must = schema.get("required", ())
        rows = [
            (_code(field), _type(what), "yes" if field in must else "", str(what.get("description", "")))
            for field, what in schema["properties"].items()
        ]
        lines += _table(("field", "type", "always", "what it is"), rows)
    return lines


def _operation(method: str, path: str, operation: Json) -> list[str]:
    lines = [f"### {method.upper()} {path}", "", str(operation["summary"]), ""]
    rows = [
        (_code(one["name"]), str(one["in"]), str(one.get("description", "")))
        for one in operation.get("parameters", ())
    ]
    lines += _table(("parameter", "in", "what it is"), rows) if rows else []
    for media, content in operation.get("requestBody", {}).get("content", {}).items():
        lines += [f"The body: {_type(content['schema'])}, `{media}`.", ""]
    return lines + _table(
        ("answer", "what it is"), [_answer(*one) for one in sorted(operation["responses"].items())]
    )


def _answer(status: str, response: Json) -> tuple[str, str]:
    kinds = [
        _code(media) + (f", {_type(content['schema'])}" if content.get("schema") else "")
        for media, content in response.get("content", {}).items()
    ]
    return status, " ".join([str(response["description"]), *kinds])


def _api(document: Json) -> list[str]:
    lines = ["## Addresses", ""]
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            lines += _operation(method, path, operation)
    return [*lines, "## What stands in them", "", *_schemas(document)]


def public_page() -> str:
    """Return the page of the public door."""
    document = public_openapi()
    return _page(
        "The public door's API",
        "`src/tocsin/public/openapi.py`",
        f"{document['info']['description']} A server gives this description at `/openapi.json`.",
        "How to read it: [the guide](../guide/read.md).",
        "",
        *_api(document),
    )


def desk_page() -> str:
    """Return the page of the desk."""
    return _page(
        "The desk's API",
        "`src/tocsin/desk/openapi.py`",
        "Every request carries `Authorization: Bearer KEY`. A desk describes itself at `/openapi.json`.",
        "How to use it: [the guide](../guide/feed.md).",
        "",
        *_api(desk_openapi()),
    )


# The kinds


def _comment(line: str) -> str:
    return line.partition("  # ")[2].strip()


def _doc(node: ast.ClassDef) -> str:
    return inspect.cleandoc(ast.get_docstring(node) or "").replace("``", "`")


def _kind(node: ast.ClassDef, lines: list[str]) -> list[str]:
    rows: list[tuple[str, ...]] = []
    for field in node.body:
        said = _comment(lines[field.end_lineno - 1]) if field.end_lineno else ""
        if isinstance(field, ast.AnnAssign):
            default = _code(ast.unparse(field.value)) if field.value is not None else ""
            rows.append(
                (_code(ast.unparse(field.target)), _code(ast.unparse(field.annotation)), default, said)
            )
        elif isinstance(field, ast.Assign) and isinstance(field.value, ast.Constant):
            rows.append((_code(field.value.value), said))
    wide = isinstance(next((one for one in node.body if isinstance(one, ast.AnnAssign)), None), ast.AnnAssign)
    head = ("field", "type", "default", "what it is") if wide else ("value", "what it is")
    return [f"## {node.name}", "", _doc(node), "", *_table(head, rows)]


def kinds_page() -> str:
    """Return the page of the kinds."""
    source = inspect.getsource(model)
    tree, lines = ast.parse(source), source.splitlines()
    opening = inspect.cleandoc(ast.get_docstring(tree) or "").partition("\n\n")[2]
    parts = [line for node in tree.body if isinstance(node, ast.ClassDef) for line in _kind(node, lines)]
    return _page(
        "What the log holds",
        "`src/tocsin/model.py`",
        "In JSON every kind has a field `kind` with its name in small letters, and a field that has its",
        "default is left out. Times are RFC 3339 in UTC.",
        "",
        "```",
        opening,
        "```",
        "",
        *parts,
    )


# The rules of CAP


def cap_page() -> str:
    """Return the page of the rules by which CAP messages are judged."""
    lines: list[str] = []
    for verdict, words in (
        (Verdict.REFUSED, "It has no effect; its sender is to mend it."),
        (Verdict.QUARANTINED, "It has no effect until a person has looked at it."),
        (Verdict.ACCEPTED, "It is read and acted on, with a warning."),
    ):
        rows = [(_code(name), one.says, one.done) for name, one in RULES.items() if one.verdict is verdict]
        title = "Accepted, with a warning" if verdict is Verdict.ACCEPTED else verdict.capitalize()
        lines += [
            f"## {title}",
            "",
            words,
            "",
            *_table(("rule", "what it says", "what to do, or what is done"), rows),
        ]
    return _page(
        "The rules of CAP",
        "`src/tocsin/cap/lint.py`",
        "`tocsin cap lint` names these, with the line. The worst of them decides. How to use it:",
        "[the guide](../guide/cap.md).",
        "",
        *lines,
    )


PAGES: dict[str, Callable[[], str]] = {
    "settings.md": settings_page,
    "commands.md": commands_page,
    "public-api.md": public_page,
    "desk-api.md": desk_page,
    "kinds.md": kinds_page,
    "cap-rules.md": cap_page,
}


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, page in PAGES.items():
        (FOLDER / name).write_text(page(), encoding="utf-8")
