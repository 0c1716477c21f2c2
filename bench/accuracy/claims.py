"""How well texts are read: claims against gold, for each language, and for documents kept apart.

    python bench/accuracy/claims.py [--write]

The gold and its scorer lie outside the project (TOCSIN_SHARED, else ``../shared/data``).  Nothing of
the gold is kept here: scores only.  ``KEPT_APART`` are the twelve documents that nobody read while the
rules were written: of each language the first six by the SHA-256 of their name, the article that the
rules began with and the documents that are also in the tallies left out.  They were read once, at the end,
to explain the gap, and faults of the language that they showed were mended; ``kept_apart_unread`` in
result.json is the score before that, and stays.

``own_texts`` are forty texts of ours (``tests/languages/whole``), written and annotated before the reader saw
them and corrected once by the guide (decision 0021).  Half were worked on; the other half was kept apart and
read for its scores alone.
``first_reading`` of each half is the score of the rules as they were when the texts were written, and stays.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from tocsin.countries import load as load_country
from tocsin.languages import gazetteer, load
from tocsin.record.claims import Document
from tocsin.record.reading import read

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("TOCSIN_SHARED", ROOT.parent / "shared" / "data"))
SCORER = SHARED.parent / "tools" / "score_claims.py"
GOLD = SHARED / "reports" / "gold_claims_dev.jsonl"
OWN = ROOT / "tests" / "languages" / "whole"
HALVES = ("worked_on", "kept_apart")
STAYS = ("kept_apart_unread", "own_worked_on_first_reading", "own_kept_apart_first_reading")
RESULT = Path(__file__).with_name("result.json")
KEPT_APART = (
    "p050", "p045", "p065", "p026", "idf-01616", "p049",
    "k09", "k19", "tgosint-1004", "airalert-09", "tgosint-2085", "k14",
)  # fmt: skip


def documents(path: Path = GOLD) -> list[dict[str, Any]]:
    """Return the gold, one document each."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]


def own_texts(half: str) -> list[dict[str, Any]]:
    """Return one half of our own texts, of both languages."""
    return [doc for lang in ("en", "uk") for doc in documents(OWN / f"{lang}_{half}.jsonl")]


def claims(docs: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what is read in each document."""
    country = load_country("ua")
    places, zone = gazetteer(country), ZoneInfo(country.timezone)
    out = []
    for doc in docs:
        document = Document(doc["text"], doc["doc_id"], doc["published"], doc["channel"])
        found = read(document, load(doc["lang"]), places, zone)
        out.append({"doc_id": doc["doc_id"], "claims": msgspec.to_builtins(found)})
    return out


def score(docs: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what the scorer says of our reading of these documents."""
    with tempfile.TemporaryDirectory() as folder:
        gold, said = Path(folder, "gold.jsonl"), Path(folder, "said.jsonl")
        for path, rows in ((gold, docs), (said, claims(docs))):
            path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
        words = [sys.executable, str(SCORER), str(gold), str(said), "--json"]
        done = subprocess.run(words, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def results() -> dict[str, Any]:
    """Return the scores of the documents that the rules were written with, and of those kept apart."""
    docs = documents()
    return {
        "read": score([doc for doc in docs if doc["doc_id"] not in KEPT_APART]),
        "kept_apart": score([doc for doc in docs if doc["doc_id"] in KEPT_APART]),
        "all": score(docs),
        **{f"own_{half}": score(own_texts(half)) for half in HALVES},
    }


def table(found: dict[str, Any]) -> str:
    """Return the scores as a table."""
    rows = ["documents              claims  figures numbers  who   day   place background polarity"]
    for name, parts in found.items():
        for lang, part in parts.items():
            shares = [part[key]["share"] for key in ("attributed", "when", "place", "background", "polarity")]
            shown = [part[key]["f1"] for key in ("claims", "figures", "numbers")] + shares
            cells = "  ".join(" -   " if value is None else f"{value:.3f}" for value in shown)
            rows.append(f"{name + ' ' + lang:20} {part['documents']:>3}  {cells}")
    return "\n".join(rows)


def main() -> None:
    """Print the scores; with --write keep them beside this file."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--write", action="store_true", help="keep the scores in result.json")
    args = ask.parse_args()
    found = results()
    print(table(found))
    if args.write:
        before = json.loads(RESULT.read_text("utf-8")) if RESULT.exists() else {}
        kept = {name: before[name] for name in STAYS if name in before}
        RESULT.write_text(json.dumps({**found, **kept}, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
