"""How well an air force's tallies are read: launched and destroyed for each weapon.

    python bench/accuracy/tallies.py [--misses]

The gold is ``gold_tallies_dev.jsonl`` of the shared data; what counts are the items of posts whose
``alignment`` with the table of strikes is *confident*.  Scores only are printed.
"""

from __future__ import annotations

import argparse
import json
from typing import Any
from zoneinfo import ZoneInfo

from bench.accuracy.claims import SHARED
from tocsin.countries import load as load_country
from tocsin.languages import gazetteer, load
from tocsin.record.claims import Claim, Document, Topic
from tocsin.record.reading import read
from tocsin.record.weapons import models

GOLD = SHARED / "reports" / "gold_tallies_dev.jsonl"


def posts() -> list[dict[str, Any]]:
    """Return the posts with their tallies."""
    return [json.loads(line) for line in GOLD.read_text("utf-8").splitlines() if line.strip()]


def tally(claims: list[Claim], kind: Topic, weapon: str) -> int | None:
    """Return how many of a weapon were launched or shot down: the most that one claim says.

    Subsets and parts are smaller than their whole, and one post says one whole.
    """
    wanted = [
        claim for claim in claims if claim.kind is kind and claim.count is not None and not claim.background
    ]
    fits = [claim for claim in wanted if models(claim.object) == models(weapon)]
    if not fits and len({models(claim.object) for claim in wanted if claim.object}) <= 1:
        fits = [claim for claim in wanted if not claim.object]  # "of which 61 were destroyed"
    return max((claim.count or 0 for claim in fits), default=None)


def items() -> list[tuple[str, str, str, int | None, int | None]]:
    """Return for each item of the confident posts: post, weapon, what, gold, read."""
    country = load_country("ua")
    places, zone = gazetteer(country), ZoneInfo(country.timezone)
    out = []
    for post in posts():
        if post["alignment"] != "confident":
            continue
        document = Document(post["text"], post["post_id"], post["night_ending"], post.get("source") or "")
        claims = read(document, load(post["lang"]), places, zone)
        for item in post["items"]:
            for kind, name in ((Topic.LAUNCHED, "launched"), (Topic.INTERCEPTED, "destroyed")):
                if item[name]:
                    out.append(
                        (post["post_id"], item["model"], name, item[name], tally(claims, kind, item["model"]))
                    )
    return out


def main() -> None:
    """Print the share of items that are right."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--misses", action="store_true", help="list the items that are not right")
    args = ask.parse_args()
    found = items()
    wrong = [item for item in found if item[3] != item[4]]
    print(f"{len(found)} items of confident posts, {1 - len(wrong) / len(found):.3f} right")
    if args.misses:
        for item in wrong:
            print(*item)


if __name__ == "__main__":
    main()
