"""What the drivers have in common: a question comes in as a line, the client's word goes out as JSON.

A driver runs in the client's own virtual environment and knows nothing of tocsin.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from typing import Any

_OUT, sys.stdout = sys.stdout, sys.stderr  # some clients print


def answer(questions: Mapping[str, Callable[[], Any]]) -> None:
    """Answer questions until there are no more; an error of the client is an answer too."""
    print(json.dumps("ready"), file=_OUT, flush=True)
    for line in sys.stdin:
        try:
            said = questions[line.strip()]()
        except Exception as error:  # whatever the client's caller would get to see
            said = {"error": type(error).__name__, "message": str(error)}
        print(json.dumps(said, default=str), file=_OUT, flush=True)
