"""What the pages say can be checked: links lead somewhere, tests exist, commands and settings are real."""

import ast
import re
import shlex

import click
import pytest

from tests.docs.pages import DOCS, ROOT, pages
from tocsin.cli import commands

PAGES = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in pages()}
LINKS = [(page, target) for page, text in PAGES.items() for target in re.findall(r"\]\(([^)\s]+)\)", text)]
HELD = re.findall(r"^\* `(\S+\.py)::(\S+)`$", PAGES["docs/design/safety.md"], re.MULTILINE)
TYPED = sorted(
    {
        (page, line)
        for page, text in PAGES.items()
        for block in re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
        for line in re.findall(r"^(?:\S*/)?(tocsin .*)$", block, re.MULTILINE)
        if not line.startswith(("tocsin 1 ", "tocsin: ")) and "docs/reference" not in page
    }
)


def _anchors(text: str) -> set[str]:
    heads = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize(("page", "target"), LINKS)
def test_a_link_leads_somewhere(page, target):
    """Within the project, that is; nothing here asks the network."""
    if re.match(r"https?:", target):
        return
    name, _, anchor = target.partition("#")
    path = ((ROOT / page).parent / name).resolve() if name else ROOT / page

    assert path.exists() or path == DOCS / "picture.png"
    assert not anchor or anchor in _anchors(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(("file", "name"), HELD)
def test_a_test_that_holds_a_promise_exists(file, name):
    """A promise without a test is a wish."""
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    nodes: list[ast.stmt] = tree.body
    for part in name.split("::"):
        found = [
            node
            for node in nodes
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.name == part
        ]
        assert found, f"{file} has no {part}"
        nodes = found[0].body


def test_every_promise_names_a_test():
    """Each S-number is followed by at least one."""
    promises = re.split(r"^\*\*(?=S\d+\.)", PAGES["docs/design/safety.md"], flags=re.MULTILINE)[1:]

    assert len(promises) >= 30
    assert [one[:4] for one in promises if not re.search(r"^\* `\S+::\S+`$", one, re.MULTILINE)] == []


def test_every_line_of_proof_is_read():
    """A line in another form would not be checked."""
    listed = re.findall(r"^\* `.*::.*$", PAGES["docs/design/safety.md"], re.MULTILINE)

    assert len(listed) == len(HELD)


@pytest.mark.parametrize(("page", "line"), TYPED)
def test_a_command_on_a_page_can_be_typed(page, line):
    """Its name, its options and its arguments are those of the program."""
    words = shlex.split(re.split(r" [|>] | {2,}", line)[0])[1:]
    command: click.Command = commands
    context = click.Context(commands, info_name="tocsin")
    while isinstance(command, click.Group):
        name = words.pop(0)
        assert name in command.commands, f"{page}: there is no command {name}"
        command = command.commands[name]
    words = ["-" if word.endswith(".key") else word for word in words]  # a file that is there: standard input

    command.make_context(command.name, words, parent=context)  # raises where one is wrong


@pytest.mark.parametrize(
    "path", sorted((DOCS / "design" / "decisions").glob("*.md")), ids=lambda path: path.name
)
def test_a_decision_can_be_read_in_a_minute(path):
    """It says what was the case, what we do, why, and what it costs, in at most 40 lines."""
    text = path.read_text(encoding="utf-8")

    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Context", "Decision", "Why", "Cost"]
    assert text.startswith(f"# {path.name[:4]} ")
    assert len(text.splitlines()) <= 40
