"""How fast texts are read, beside a bare tokenizer and sentence splitter in the same run.

    python bench/speed/reading.py [--posts N]

The posts are of 1,000 characters, made of the languages' own examples.  Printed for each language: the
reading of one post (p50, p99, ms), posts a second on one core, and the same for the tokenizer alone;
then the start (import, lexicons, gazetteer) and the memory of a process that has read a corpus.
Limits: p99 40 ms, 100 posts/s, start 3 s, 600 MB.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from zoneinfo import ZoneInfo

from tocsin.countries import load as load_country
from tocsin.languages import CODES, examples, gazetteer, load
from tocsin.record.claims import Document
from tocsin.record.reading import Language, read
from tocsin.record.text import sentences

POST = 1_000  # characters
START = """
import time
began = time.perf_counter()
from tocsin import countries, languages
[languages.load(code) for code in languages.CODES]
languages.gazetteer(countries.load("ua"))
print(time.perf_counter() - began)
"""


def posts(code: str, number: int) -> list[str]:
    """Return posts of 1,000 characters, each beginning with another example."""
    words = [example["text"] for example in examples(code)]
    out = []
    for first in range(number):
        text = ""
        while len(text) < POST:
            text += words[(first + len(text)) % len(words)] + "\n\n"
        out.append(text[:POST])
    return out


def timed(work: Callable[[str], object], texts: list[str]) -> tuple[list[float], list[float]]:
    """Return how long each text takes by the clock and of the core's time, in ms, after a warm-up of ten."""
    for text in texts[:10]:
        work(text)
    clock, core = [], []
    for text in texts:
        began, own = time.perf_counter(), time.process_time()
        work(text)
        clock.append(1_000 * (time.perf_counter() - began))
        core.append(1_000 * (time.process_time() - own))
    return clock, core


def p99(took: list[float]) -> float:
    """Return what 99 of 100 stay under."""
    return statistics.quantiles(took, n=100)[98]


def line(name: str, clock: list[float], core: list[float]) -> str:
    """Return one line of the result."""
    rate = 1_000 / statistics.fmean(core)
    return (
        f"{name:26} p50 {statistics.median(clock):6.2f} ms   p99 {p99(clock):6.2f} ms"
        f"   p99 of the core {p99(core):6.2f} ms   {rate:7.0f} posts/s"
    )


def main() -> None:
    """Print the figures; exit 1 where a limit is broken."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--posts", type=int, default=500, help="how many of each language")
    args = ask.parse_args()
    places, zone = gazetteer(load_country("ua")), ZoneInfo("Europe/Kyiv")
    broken = False
    for code in CODES:
        language = load(code)
        texts = posts(code, args.posts)

        def whole(text: str, language: Language = language) -> object:
            return read(Document(text, published="2024-03-06"), language, places, zone)

        def bare(text: str, language: Language = language) -> object:
            return sentences(text, language.abbreviations)

        clock, core = timed(whole, texts)
        print(line(f"{code}: claims of a post", clock, core))
        print(line(f"{code}: words and sentences", *timed(bare, texts)))
        broken |= p99(core) > 40 or statistics.fmean(core) > 10
    done = subprocess.run([sys.executable, "-c", START], capture_output=True, text=True, check=True)
    start = float(done.stdout)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"start {start:.2f} s   memory {memory:.0f} MB")
    sys.exit(broken or start > 3 or memory > 600)


if __name__ == "__main__":
    main()
