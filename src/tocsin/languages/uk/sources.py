"""Who speaks in a Ukrainian sentence: "повідомив мер", "за даними поліції", "– написав він"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from tocsin.record.context import Speech

_VERBS = (
    "повідомив|повідомила|повідомили|повідомляє|повідомляють|повідомило|повідомляв|"
    "заявив|заявила|заявили|заявляє|заявляють|заявило|написав|написала|"
    "написали|пише|пишуть|зазначив|зазначила|зазначили|зазначає|зазначають|"
    "додав|додала|додали|додає|додають|уточнив|уточнила|уточнили|уточнюють|"
    "уточнює|розповів|розповіла|розповіли|розповідає|сказав|сказала|сказали|"
    "каже|кажуть|підтвердив|підтвердила|підтвердили|інформує|інформують|"
    "поінформував|поінформувала|поінформували|підкреслив|підкреслила|наголосив|"
    "наголосила|передає|передають|звітує|звітують|відзвітував|відзвітували|"
    "відзвітувало|опублікував|опублікувала|зауважив|зауважила|пояснив|пояснила|"
    "пояснили|стверджує|стверджують|йдеться|ідеться|зазначено|наголошено|мовиться|"
    "сказано|вказав|вказали|"
    "констатував|оприлюднив|оприлюднили|описав|описала|розказав|розказала|зафіксувало|"
    "наводить|емоційно написав|нагадав|нагадали|підсумував|"
    "заявляла|заявляв|заявляло|повідомляла|повідомляли|писав|писала|писали|казав|казала|казали|"
    "стверджував|стверджувала|стверджували|розповідав|розповідала|розповідали|наголошує|"
    "наголошують|наголосили|підкреслює|підкреслюють|підтверджує|підтверджують|підтвердило|пояснює|"
    "пояснюють|уточнило|додало|зазначило|зауважує|зауважують|констатує|констатують|констатувала|"
    "констатували|оприлюднила|оприлюднило|доповів|доповіла|доповіли|доповідає|доповідають|відзначив|"
    "відзначила|відзначили|запевнив|запевнила|запевнили|запевняє|запевняють|підсумувала|підсумували|"
    "прокоментував|прокоментувала|прокоментували|поділився|поділилася|попередив|попередила|попередили|"
    "говорить|говорять|говорив|говорила|твердить|твердять|проінформував|проінформувала|проінформували|"
    "звітував|звітувала|звітували|заявляли|показали|розкрив|розкрили|зізнався|зазначається|висловив|оцінюють"
)
_SPEAK = re.compile(rf"\b(?:{_VERBS})\b", re.IGNORECASE)
_RELAY = re.compile(r"(?:передає|передають|пише|пишуть|інформує|інформують|наводить)$", re.IGNORECASE)
_OUTLET = re.compile(
    r"(?:Укрінформ|УНІАН|Інтерфакс|РБК|RegioNews|Суспільне|Reuters|ДС|Українська "
    r"правда|УП\b|Радіо Свобода|LIGA|Главком|ТСН|NV|Цензор|агентство|видання|"
    r"кореспондент)",
    re.IGNORECASE,
)
_BREAK = re.compile(r"[,;:()—–\"“”«»\n]| - |\b(?:що|який|яка|які|де|коли|але|проте|однак|а)\b", re.IGNORECASE)
_LEAD = re.compile(
    r"^(?:\s|(?:як|про це|крім того|проте|однак|також|водночас|при цьому|раніше|"
    r"тим часом|а|і|та|й|у свою чергу|своєю чергою|у|в)\b,?|"
    r"(?:telegram|телеграмі|телеграм|фейсбуці|телеграм-каналі)\b|[-–—•])+",
    re.IGNORECASE,
)
_ROLE = re.compile(
    r"(?:мер|голов|начальник|очільник|глава|губернатор|міністр|президент|речни|"
    r"командувач|командуванн|поліці|рятувальник|дснс|ова\b|кмва|"
    r"адміністраці|сил[иа]\b|сил\b|зсу|військов|прокуратур|служб|медик|влад|"
    r"штаб|міноборони|мвс|управлінн|відомств|чиновник|посадов|нацгвард|"
    r"зм[іи]|оператор|компані|укренерго|дтек|очевид|місцев|канал|прессл|пресслуж|"
    r"слідств|сторон|правоохорон|речниц|начальниц|міністерств|обленерго|розвідк|гур\b|сбу\b|"
    r"депутат|староста|радник|секретар|аналітик|джерел|омбудсмен|посадовиц|офіс\b|"
    r"волонтер|монітор|захисник|лікар|департамент|мерія|генштаб)",
    re.IGNORECASE,
)
_PRONOUN = re.compile(
    r"(?:він|вона|вони|воно|відомство|посадовець|очільник області|військові|"
    r"у відомстві|в|міський голова|чиновник|у зведенні|в зведенні|правоохоронці "
    r"уточнили)$",
    re.IGNORECASE,
)
_VENUE = re.compile(
    r"\s+((?:в|у|на|під час|в ефірі|у своєму|в своєму|у його|в його|через)\s+(?:(?:своєму|"
    r"своїй|його|її|офіційному|офіційній|ефірі|сторінці|ранковому|вечірньому|"
    r"спілкування з|соцмережі|соцмережах)\s+)*"
    r"(?:telegram\w*|телеграм\S*|тг\S*|фейсбу\w*|facebook\w*|соцмереж\w*|телемарафон\w*|"
    r"ефірі\w*|журналіст\w*|повідомленн\w*|зведенн\w*|каналі|дописі|мережі|x|"
    r"сторінці|брифінгу|коментарі\w*|звіті|відео\w*|пості)"
    r"(?:-каналі)?)",
    re.IGNORECASE,
)
_NAME_END = re.compile(
    r"[,;:()\"“”«»\n]|\.(?=\s|$)| [-–—] |\s+(?:станом|у|в|на|під час|вранці|"
    r"зранку|ввечері|що|про|щодо|сьогодні|о|за|через|із|з)\s",
    re.IGNORECASE,
)
_BY = re.compile(
    r"\b(?:за (?:\w+(?:ою|ими|єю)\s+)?даними|за (?:\w+ою\s+)?інформацією|за словами|зі слів|"
    r"за повідомленням|за оцінкою|"
    r"за оцінками|з посиланням на|із посиланням на|посилаючись на|за свідченнями|"
    r"згідно з даними|за підрахунками)\s+"
    r"([^,.;:\"“”«»()–—]+)",
    re.IGNORECASE,
)
_QUALIFIED = re.compile(r"за \w+(?:ою|ими|єю)\s+(?:даними|інформацією)", re.IGNORECASE)
_TAIL_NAME = re.compile(
    r"\s[-–—]\s*((?:[А-ЯІЇЄҐA-Z][\w’'ʼ-]+|мер|ОВА|МВА|КМВА|ДСНС|поліція)(?:\s+[А-ЯІЇЄҐ][\w’'ʼ-]+){0,3})\s*$"
)
_BY_HIM = re.compile(
    r"\b(?:за|зі|з)\s+(?:його|її|їх|їхніми)\s+(?:словами|слів|даними|інформацією)\b", re.IGNORECASE
)
_LEADS_IN = re.compile(
    r"^(?:як|крім того|проте|однак|також|водночас|при цьому|раніше|тим часом|у свою чергу),?$", re.IGNORECASE
)
_MOST = 24  # verbs of saying in one sentence
_LEFT = 300  # characters before a verb in which its subject is looked for
_THIS = re.compile(r"\bпро це(?:\s+\w+)?\s*$", re.IGNORECASE)


def speeches(words: str, offset: int) -> list[Speech]:
    """Return who speaks in a sentence.

    Args:
        words: The sentence.
        offset: Where it begins in the text.
    """
    found = [*_said(words), *_by(words)]
    if not found:
        tail = _TAIL_NAME.search(words)
        if tail:
            found.append(Speech(tail.start(1), tail.end(1), tail[1], before=True))
    found.sort(key=lambda one: one.start)
    return [one._replace(start=one.start + offset, end=one.end + offset) for one in found]


def _said(words: str) -> Iterator[Speech]:
    behind = 0
    for verb in islice(_SPEAK.finditer(words), _MOST):
        if verb.start() < behind or words[: verb.start()].rstrip().lower().endswith(" не"):
            continue
        speech = _one(words, verb, behind)
        if speech is not None:
            yield speech
            behind = speech.end


def _one(words: str, verb: re.Match[str], behind: int) -> Speech | None:
    behind = max(behind, verb.start() - _LEFT)
    left = words[behind : verb.start()]
    rest = words[verb.end() :]
    anaphor = bool(_THIS.search(left)) or bool(re.match(r"\s*про це\b", rest, re.IGNORECASE))
    name, start = _before(left, behind)
    end = verb.end()
    if not name:
        name, length = _behind(rest)
        start, end = verb.start(), verb.end() + length
    if not name:
        return None
    venue = _VENUE.search(" " + words[min(start, verb.start()) : end + 60])
    rest = words[end:].lstrip(" ")
    lead = _lead(words[:start])
    opens_clause = bool(re.match(r"(?:,? ?що\b|:|про\b|,? ?як\b)", rest))
    closing = not opens_clause and bool(lead) and start >= behind and not anaphor
    return Speech(
        start,
        end,
        name,
        venue[1].strip() if venue else "",
        before=closing,
        opens=not lead,
        anaphor=anaphor,
        pronoun=bool(_PRONOUN.match(name)),
        relay=bool(_RELAY.match(verb[0]) and not _ROLE.search(name)) or bool(_OUTLET.match(name)),
    )


def _lead(words: str) -> str:
    """Return what stands before a source, without the signs and words that only lead in: "Також, ..."."""
    return _LEADS_IN.sub("", words.strip(' -–—•"«»“”'))


def _before(left: str, offset: int) -> tuple[str, int]:
    """Return who stands before the verb, and where that begins."""
    trimmed = left.rstrip()
    if trimmed.endswith(("–", "—", "-", ",", ":", "»", '"', "”")) or _THIS.search(trimmed):
        return "", offset
    breaks = [one.end() for one in _BREAK.finditer(trimmed)]
    begin = breaks[-1] if breaks else 0
    name = trimmed[begin:]
    lead = _LEAD.match(name)
    shift = lead.end() if lead else 0
    name = _VENUE.sub("", " " + name[shift:]).strip()
    name = re.sub(
        r"^(?:згодом|пізніше|потім|зранку|вранці|раніше|нині|сьогодні|тоді)?\s*(?:(?:у|в)\s+)?",
        "",
        name,
        flags=re.IGNORECASE,
    )
    return (name, offset + begin + shift) if _is_source(name) else ("", offset)


def _behind(rest: str) -> tuple[str, int]:
    """Return who stands behind the verb, and how long that is: "повідомив мер міста"."""
    shift = len(rest) - len(rest.lstrip())
    this = re.match(r"\s*про це(?:\s+(?:у|в)\s+\S+)?\s*", rest, re.IGNORECASE)
    if this:
        shift = this.end()
    later = re.match(
        r"\s*(?:він|вона|вони|мер|посадовець)(?=\s+(?:згодом|пізніше|також|далі|раніше|потім)\b)", rest
    )
    if later:
        return later[0].strip(), later.end()
    inside = re.match(r"\s*(?:у|в)\s+(?:Telegram|Телеграмі|Фейсбуці|телеграм-каналі)\s+", rest)
    if inside:
        shift = inside.end()
    found = _NAME_END.search(rest, shift + 1)
    name = rest[shift : found.start() if found else len(rest)].strip(" .")
    if re.match(r"(?:в|у)\s+(?:його|її|їх)\b", rest[shift:]):
        return "він", shift
    if re.match(
        r"(?:в|у)\s+(?:повідомленні|дописі|зведенні|звіті|відомстві|міністерстві|"
        r"прокуратурі|поліції|ДСНС|ОВА|Повітряних)",
        rest[shift:],
    ):
        body = re.match(r"(?:в|у)\s+((?:повідомленні|дописі|зведенні|звіті)?\s*[^,.;:\"»]*)", rest[shift:])
        name = body[1].strip() if body else ""
        return (name, shift + len(name) + 2) if _is_source(name) else ("він", shift)
    return (name, shift + len(name)) if _is_source(name) else ("", 0)


def _is_source(name: str) -> bool:
    if not name or len(name) > 130 or len(name.split()) > 16 or name.lower().startswith(("що", "про ")):
        return False
    if _PRONOUN.match(name):
        return True
    if re.search(
        r"\b(?:загинул\w*|постраждал\w*|знищен\w*|збит\w*|було|були|пошкоджен\w*|зафіксовано)\b|\d{2}", name
    ):
        return False
    return bool(_ROLE.search(name) or re.search(r"\b[А-ЯІЇЄҐA-Z][\w’'ʼ-]+", name))


def _by(words: str) -> Iterator[Speech]:
    for found in _BY_HIM.finditer(words):
        opens = not _lead(words[: found.start()])
        yield Speech(found.start(), found.end(), "він", opens=opens, pronoun=True)
    for found in _BY.finditer(words):
        name = re.sub(r"\s+(?:станом|вночі|у|в)\s.*$", "", found[1]).strip()
        if _QUALIFIED.match(found[0]) and not _is_source(name):
            continue  # "за уточненими даними загинули ..."
        if name.lower().startswith(("попередн", "оперативн", "наявн", "його", "її", "уточнен")):
            if name.lower().startswith(("його", "її")):
                yield Speech(
                    found.start(),
                    found.end(),
                    "він",
                    opens=not _lead(words[: found.start()]),
                    pronoun=True,
                )
            continue
        lead = _lead(words[: found.start()])
        rest = words[found.end() :].strip(' ."»')
        yield Speech(
            found.start(),
            found.end(),
            name,
            before=bool(lead) and not rest,
            opens=not lead,
            relay=bool(_OUTLET.match(name)),
        )
