"""Who speaks in an English sentence: "the mayor said", "according to police", "Source: X on Telegram"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from tocsin.record.context import Speech

_VERBS = (
    "said|says|reported|reports|reporting|announced|announces|wrote|writes|"
    "confirmed|confirms|noted|notes|added|adds|"
    "stated|states|claimed|claims|told|tells|stressed|emphasi[sz]ed|emphasi[sz]es?|"
    "specified|informed|informs|clarified|"
    "saying|adding|warned|posted|explained|estimates|estimated|recorded|urged|"
    "acknowledged|alleged|insisted|suggested|"
    r"put the (?:death )?(?:toll|number|figure)|indicated|assessed|admitted|recalled|recounted|counted|"
    "revealed|disclosed|tweeted|noting|identified as|mentioned|shared|declared|"
    "describes?|reiterated|say|report|identified"
)
_SPEAK = re.compile(rf"\b(?:{_VERBS})\b", re.IGNORECASE)
_NEEDS_THAT = re.compile(
    r"(?:recorded|identified|declared|posted|estimated?|alleged|shared|describes?|reports?|reporting|say)$",
    re.I,
)
_PASSIVE = re.compile(r"\b(?:was|were|been|being|are|is|be|not|no|to|also been)\s*$", re.IGNORECASE)
_TRAIL = re.compile(
    r"(?:\s*,?\s*\b(?:has|have|had|also|later|earlier|then|further|previously|"
    r"officially|just|meanwhile|separately|in turn|who|which|"
    r"and|that|early|preliminarily)\b\s*,?)+\s*$",
    re.IGNORECASE,
)
_LEAD = re.compile(
    r"^(?:\s|[\"'“”«»(]|(?:and|but|while|where|when|as|after|before|with|that|"
    r"which|also|however|meanwhile|in turn|earlier|"
    r"later|on \w+day|according to|because|what|the attacks? came|hours|days|"
    r"then|though|although|for (?:his|her|its|their) part"
    r"|\(?(?:MENAFN|[A-Z][\w ]{1,20})[-–—]? ?(?:UkrinForm)?\)|updated:)\b[,:]?|[—–►•:-])+",
    re.IGNORECASE,
)
_BREAK = re.compile(
    r"[,;:()—\"“”«»►\n]| – | -+ ?>?|\b(?:that|while|where|when|but|after|as|"
    r"with|which|although|because|what|before)\b",
    re.IGNORECASE,
)
_ROLE = re.compile(
    r"\b(?:officials?|authorit\w+|minist\w+|mayor|governor|head|chief|police|"
    r"military|army|air force|forces?|spokes\w+|service|"
    r"president|commander|administration|agency|company|operator|command|council|"
    r"department|prosecutors?|rescuers|medics|media|"
    r"staff|reports?|channel|witness\w*|residents|commanders|leader|regional|"
    r"doctors|hospital|idf|office|leaders|ombudsman|sources?)\b",
    re.IGNORECASE,
)
_PRONOUN = re.compile(
    r"(?:he|she|they|it|the official|the statement|the report|the post|the message)$", re.IGNORECASE
)
_AFTER = re.compile(
    r"(?:\s*,?\s*(?:(?:earlier|late|later|early|also)\s+)*(?:on|in|via|through|"
    r"at|to)?\s*(?:the\s+|a\s+|an\s+|his\s+|her\s+|its\s+|their\s+)?"
    r"(?:(?:official|video|daily|morning|evening|telegram|facebook|social|messaging|"
    r"media|written|separate|nightly|joint|press)\s+)*"
    r"(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day(?:\s+(?:morning|night|evening|"
    r"afternoon))?|telegram(?:\s+messaging app|\s+channels?)?|"
    r"facebook|statement|post|x|twitter|telegram|channels?|messaging app|app|"
    r"address|television|tv|briefing|update|interview|today|yesterday|"
    r"tonight|overnight|reporters|journalists|(?:jan|feb|mar|apr|may|jun|jul|"
    r"aug|sep|oct|nov|dec)\w*\.? \d+|message|comments?)\b)*",
    re.IGNORECASE,
)
_ADDRESS = re.compile(
    r"\b((?:on|via|in|through)\s+(?:the|a|an|his|her|its|their|what)?\s*"
    r"(?:[\w’']+\s+){0,3}?(?:telegram(?:\s+messaging "
    r"app|\s+channels?)?|facebook|x|twitter|"
    r"statement|post|interview|briefing|address)\b)|((?:Telegram|Facebook) (?:channel|"
    r"page))|\btold ((?:the )?[A-Z][\w ]+?|reporters|journalists)(?=[,. ]|$)",
    re.IGNORECASE,
)
_ACCORDING = re.compile(
    r"\b(?:according to|in accordance with|as reported by|as confirmed by|, "
    r"citing|, quoting|with reference to|reported by|confirmed by)\s+"
    r"([^,.;:\"”()]+(?:, (?:the )?(?:deputy )?(?:head|mayor|governor|chief|commander|"
    r"spokes\w+)[^,.;\"”()]*)?)",
    re.IGNORECASE,
)
_HEADER = re.compile(
    r"^\W*(?:source|quote from|quote by)\s*:?\s+([^:\n]+?)(?:\s+((?:on|in|via)\s+[^:,]+))?\s*(?::|$)",
    re.IGNORECASE,
)
_PREFIX = re.compile(r"^\W*([A-Z][A-Za-z]{1,14}(?: [A-Z][A-Za-z]+){0,2}):\s")
_MOST = 24  # verbs of saying in one sentence
_LEFT = 300  # characters before a verb in which its subject is looked for
_THIS = re.compile(r"^\s*(?:this|about (?:this|it)|it (?:on|in|via)|so|the same)\b", re.IGNORECASE)
_NOT_PREFIX = {
    "Details",
    "Updated",
    "Update",
    "Quote",
    "Background",
    "Note",
    "Photo",
    "Reference",
    "Read",
    "Recall",
    "Source",
}


def speeches(words: str, offset: int) -> list[Speech]:
    """Return who speaks in a sentence.

    Args:
        words: The sentence.
        offset: Where it begins in the text.
    """
    header = _HEADER.match(words)
    if header:
        return [
            Speech(offset, offset + header.end(), header[1].strip(), (header[2] or "").strip(), opens=True)
        ]
    found = [*_prefix(words), *_said(words), *_according(words)]
    found.sort(key=lambda one: one.start)
    return [one._replace(start=one.start + offset, end=one.end + offset) for one in found]


def _prefix(words: str) -> Iterator[Speech]:
    """Give "IDF: ..." """
    found = _PREFIX.match(words)
    if found and found[1].split()[0] not in _NOT_PREFIX and not (found[1].isupper() and len(found[1]) > 3):
        yield Speech(found.start(1), found.end(1), found[1], opens=True)


def _said(words: str) -> Iterator[Speech]:
    behind = 0
    for verb in islice(_SPEAK.finditer(words), _MOST):
        if verb.start() < behind:
            continue
        speech = _one(words, verb, behind)
        if speech is not None:
            yield speech
            behind = verb.end()


def _one(words: str, verb: re.Match[str], behind: int) -> Speech | None:
    behind = max(behind, verb.start() - _LEFT)
    left = words[behind : verb.start()]
    if _PASSIVE.search(left) and not left.rstrip().lower().endswith("also"):
        return None
    tail = _AFTER.match(words, verb.end())
    end = tail.end() if tail else verb.end()
    rest = words[end:].lstrip()
    opens_clause = bool(re.match(r"(?:that\b|[\"“«:]|,? ?that\b)", rest))
    comma = left.rstrip().endswith((",", ',"', ",”"))
    if (
        _NEEDS_THAT.search(verb[0])
        and not comma
        and not opens_clause
        and not re.match(r"[\"“]|on\b|at least|\d|some\b|damage|$|\.|,", rest)
        and not _THIS.match(rest)
    ):
        return None
    source, start = _subject(left, behind)
    if verb[0].lower() in ("saying", "adding", "noting") and (
        not source or re.match(r"(?:on|in|via)\b", source)
    ):
        source, start = "he", verb.start()
    inverted = not source
    if inverted:
        source, end, start = _inverted(words, verb)
        rest = words[end:].lstrip()
    if not source:
        return None
    address = _ADDRESS.search(words, verb.start(), min(len(words), end + 60))
    addressee = (
        ((("told " + address[3]) if address[3] else address[1] or address[2]).strip()) if address else ""
    )
    closing = inverted or bool(re.match(r"(?:[.,;!?»”\")]|$|while\b|but\b|as\b|with\b|after\b|–|-)", rest))
    if verb[0].lower() in ("saying", "adding", "noting", "reporting"):
        closing = False
    first = not words[:start].strip(" \"'“»«►-–—•\n")
    if closing and first and not inverted and rest[:1] not in ".":
        closing = bool(words[:start].strip(" \"'“«►-–—•\n"))
    this = bool(_THIS.match(rest)) and len(rest) < 120
    return Speech(
        min(start, verb.start()),
        max(end, verb.end()),
        source,
        addressee,
        before=closing,
        opens=first,
        anaphor=this,
        pronoun=bool(_PRONOUN.match(source)),
    )


def _subject(left: str, offset: int) -> tuple[str, int]:
    """Return who stands before the verb, and where that begins."""
    trimmed = _TRAIL.sub("", left).rstrip()
    if trimmed.endswith(","):  # "X, the head of Y, said"
        parts = trimmed.rstrip(", ").rsplit(",", 1)
        if len(parts) == 2 and len(parts[1]) < 70:
            begin = _last_break(parts[0])
            name = parts[0][begin:]
            lead = _LEAD.match(name)
            shift = lead.end() if lead else 0
            if _is_source(name[shift:]):
                return f"{name[shift:].strip()},{parts[1]}", offset + begin + shift
        trimmed = trimmed.rstrip(", ")
    begin = _last_break(trimmed)
    name = trimmed[begin:]
    lead = _LEAD.match(name)
    shift = lead.end() if lead else 0
    name = name[shift:].strip().strip("\"“”'")
    name = re.sub(r"^(?:and|also|in particular|moreover|besides)\s+", "", name)
    return (name, offset + begin + shift) if _is_source(name) else ("", offset)


def _last_break(words: str) -> int:
    found = [one.end() for one in _BREAK.finditer(words)]
    return found[-1] if found else 0


def _is_source(name: str) -> bool:
    if not name or len(name) > 120:
        return False
    if _PRONOUN.match(name):
        return True
    if re.search(r"\b(?:was|were|is|are|been|had|killed|injured|destroyed|hit)\b|\d{2}", name):
        return False
    capital = re.search(r"\b(?!(?:The|A|An|In|On|There|This|These|Some|Several|Two)\b)[A-Z][\w’'-]+", name)
    return bool(_ROLE.search(name) or capital) and len(name.split()) <= 16


def _inverted(words: str, verb: re.Match[str]) -> tuple[str, int, int]:
    """Return who stands behind the verb: ", said the mayor"."""
    before = words[: verb.start()].rstrip()
    if verb[0].lower() in ("saying", "adding", "noting", "reporting"):
        return ("he" if before.endswith(",") else ""), verb.end(), verb.start()
    if before and before[-1] not in ',"”»' and verb[0] != "reports":
        return "", verb.end(), verb.start()
    found = re.match(
        r"\s+((?:the |a |an )?[A-Za-z][^,.;:\"“”()]*)(, (?:the )?(?:deputy )?(?:head|"
        r"mayor|governor|chief|commander|spokes\w+)[^,.;]*)?",
        words[verb.end() :],
    )
    if not found or not _is_source(found[1].strip()) or found[1].startswith(("that ", "it ", "he ")):
        return "", verb.end(), verb.start()
    name = re.sub(
        r"\s+(?:on|in|via|at|during|late|early)\s+(?:the |his |her |a |an )?(?:Telegram|"
        r"Facebook|X|Twitter|\w+day|statement|post|interview).*$",
        "",
        found[1],
    )
    return (name + (found[2] or "")).strip(), verb.end() + found.end(), verb.start()


def _according(words: str) -> Iterator[Speech]:
    for found in _ACCORDING.finditer(words):
        name = re.sub(r"\s+(?:on|in) (?:Telegram|Facebook|\w+day)$", "", found[1]).strip()
        if not _is_source(name):
            continue
        first = not words[: found.start()].strip(' "“(►-–—•')
        that = bool(re.match(r"\W*that['’]?s\W*$", words[: found.start()], re.IGNORECASE))
        relay = (
            bool(re.match(r"(?:Ukrinform|UNIAN|Interfax|Reuters|RBC)", name))
            and "reported" in words[: found.start()]
        )
        yield Speech(
            found.start(), found.end(), name, before=not first, opens=first, anaphor=that, relay=relay
        )
