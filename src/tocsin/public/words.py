"""What the pages say: every key in English and in Ukrainian, the status page's in a table of its own.

A text with bars has plural forms, chosen by the value ``n``: English *one|other*,
Ukrainian *one|few|many*.  The page's script gets the same table, so a word has one home.
The word that promises a reader that nothing can happen to them does not occur here.
"""

from __future__ import annotations

import unicodedata

LANGUAGES = ("uk", "en")
CODES = (
    "air", "artillery", "urban_fights", "chemical", "nuclear",
    "drones", "ballistic", "cruise", "guided_bombs", "mig31k",
)  # fmt: skip
"""The threats and subtypes that we have a word for."""

_TABLE: dict[str, tuple[str, str]] = {
    # key: (English, Ukrainian)
    "language": ("English", "Українська"),
    # states, as in the list, on the map and in the legend
    "raised": ("Alert", "Тривога"),
    "high": ("Alert, high", "Тривога, підвищена небезпека"),
    "partly": ("Alert in part", "Тривога в частині області"),
    "partly_finer": ("Alert in part", "Тривога в частині"),
    "clear": ("All clear", "Відбій"),
    "unknown": ("Unknown, treat as danger", "Невідомо, дійте як під час тривоги"),
    "not_covered": ("Not reported here", "Тут не повідомляється"),
    "lapsed": (
        "no all clear received, its source was last heard {time}",
        "відбою не було, джерело востаннє озвалося {time}",
    ),
    "unconfirmed": (
        "no all clear received, its source is not in contact",
        "відбою не було, джерело зараз не на зв’язку",
    ),
    "overdue": (
        "no all clear received, and it has lasted longer than alerts do",
        "відбою не було, і триває довше, ніж зазвичай тривають тривоги",
    ),
    "standing": ("standing alert", "постійна тривога"),
    "set_aside": (
        "set aside by the office, its source is silent; no all clear received",
        "відкладено установою, джерело мовчить; відбою не було",
    ),
    "cancelled": ("the alert was sent in error", "тривогу надіслано помилково"),
    # threats, and the kinds that sources name; any other code is shown as it came
    "air": ("air raid", "повітряна"),
    "artillery": ("artillery", "артилерійський обстріл"),
    "urban_fights": ("street fighting", "вуличні бої"),
    "chemical": ("chemical", "хімічна загроза"),
    "nuclear": ("radiation", "радіаційна загроза"),
    "drones": ("drones", "ударні дрони"),
    "ballistic": ("ballistic missiles", "балістичні ракети"),
    "cruise": ("cruise missiles", "крилаті ракети"),
    "guided_bombs": ("guided bombs", "керовані авіабомби"),
    "mig31k": ("MiG-31K in the air", "зліт МіГ-31К"),
    # the sentence
    "air_alert": ("Air alert", "Повітряна тривога"),
    "any_alert": ("Alert", "Тривога"),
    "raised_in": (
        "{what} in {count} of {n} region|{what} in {count} of {n} regions",
        "{what} у {count} з {n} області|{what} у {count} з {n} областей|{what} у {count} з {n} областей",
    ),
    "partly_in": (
        "{what} in part of {count} of {n} region|{what} in parts of {count} of {n} regions",
        "{what} частково у {count} з {n} області|{what} частково у {count} з {n} областей"
        "|{what} частково у {count} з {n} областей",
    ),
    "clear_in": (
        "All clear in {count} of {n} region|All clear in {count} of {n} regions",
        "Відбій у {count} з {n} області|Відбій у {count} з {n} областей|Відбій у {count} з {n} областей",
    ),
    "partly_more": (", in part of {n} more", ", ще у {n} частково"),
    "standing_more": (", and {n} under a standing alert", ", і ще {n} під постійною тривогою"),
    "unknown_in": ("Unknown in {n}: treat as danger.", "Невідомо у {n}: дійте як під час тривоги."),
    "unknown_of": (
        "Unknown in {count} of {n} region, treat as danger"
        "|Unknown in {count} of {n} regions, treat as danger",
        "Невідомо у {count} з {n} області, дійте як під час тривоги"
        "|Невідомо у {count} з {n} областей, дійте як під час тривоги"
        "|Невідомо у {count} з {n} областей, дійте як під час тривоги",
    ),
    "unknown_all": (
        "Unknown in the {n} region: treat as danger.|Unknown in all {n} regions: treat as danger.",
        "Невідомо в {n} області: дійте як під час тривоги."
        "|Невідомо в усіх {n} областях: дійте як під час тривоги."
        "|Невідомо в усіх {n} областях: дійте як під час тривоги.",
    ),
    "one_area": ("{name}: {word}{since}.", "{name}: {word}{since}."),
    # time
    "since": ("since {time} ({age})", "з {time} ({age})"),
    "until": ("until {time}", "до {time}"),
    "as_of": ("As of {time}, {zone}", "Станом на {time}, {zone}"),
    "zone_Europe/Kyiv": ("Kyiv time", "за київським часом"),
    "months": (
        "January February March April May June July August September October November December",
        "січня лютого березня квітня травня червня липня серпня вересня жовтня листопада грудня",
    ),
    "seconds": ("{n} s", "{n} с"),
    "minutes": ("{n} min", "{n} хв"),
    "hours": ("{h} h {n} min", "{h} год {n} хв"),
    "days": ("{n} day|{n} days", "{n} день|{n} дні|{n} днів"),
    "long_seconds": ("{n} second|{n} seconds", "{n} секунда|{n} секунди|{n} секунд"),
    "long_minutes": ("{n} minute|{n} minutes", "{n} хвилина|{n} хвилини|{n} хвилин"),
    "long_hours": ("{n} hour|{n} hours", "{n} година|{n} години|{n} годин"),
    "checked": ("Checked {age} ago.", "Перевірено {age} тому."),
    "lost": (
        "No contact with the server since {time}. Trying again.",
        "Немає зв’язку із сервером з {time}. Пробуємо знову.",
    ),
    "made": (
        "Without script this page asks again every 10 s. If the time above is older than 15 s,"
        " every state is unknown: treat as danger.",
        "Без скриптів ця сторінка оновлюється кожні 10 с. Якщо час вище старший за 15 с,"
        " стан усюди невідомий: дійте як під час тривоги.",
    ),
    "made_text": (
        "If this time is older than 15 s, every state is unknown: treat as danger.",
        "Якщо цей час старший за 15 с, стан усюди невідомий: дійте як під час тривоги.",
    ),
    "old": (
        "This page is too old. What is not under alert is unknown: treat as danger. Load it again.",
        "Ця сторінка застаріла. Де немає тривоги, стан невідомий: дійте як під час тривоги. Оновіть її.",
    ),
    # realms
    "replay_of": (
        "Replay of {date}. No present danger.",
        "Повтор {date} року. Зараз небезпеки немає.",
    ),
    "replay": ("Replay. No present danger.", "Повтор. Зараз небезпеки немає."),
    "exercise": ("Exercise. This is not a real alert.", "Навчання. Це не справжня тривога."),
    "test": ("Test. This is not a real alert.", "Перевірка системи. Це не справжня тривога."),
    "in_replay": ("Replay", "Повтор"),
    "in_exercise": ("Exercise", "Навчання"),
    "in_test": ("Test", "Перевірка"),
    # my area, and what to do
    "mine": ("My area", "Моя область"),
    "pick": ("Choose your area", "Оберіть свою область"),
    "pick_finer": ("District or community", "Район або громада"),
    "whole": ("the whole region", "уся область"),
    "kept_here": ("Kept in this browser only.", "Зберігається лише в цьому браузері."),
    "push_ask": ("Notify this device", "Сповіщати цей пристрій"),
    "push_stop": ("Stop notifying this device", "Більше не сповіщати цей пристрій"),
    "push_no": (
        "This device cannot be notified now. Keep the page open.",
        "Зараз сповіщати цей пристрій неможливо. Тримайте сторінку відкритою.",
    ),
    "push_about": (
        "A notice can be late or lost: listen for sirens. Kept are your area and this browser's address.",
        "Сповіщення може запізнитися або зникнути: слухайте сирени. Зберігаються область і адреса браузера.",
    ),
    "push_late": ("late", "із запізненням"),
    "pin": ("Pin", "Закріпити"),
    "pin_area": ("Pin {name} as my area", "Закріпити: {name}"),
    "do_air": (
        "Go to the nearest shelter now. If there is none, keep two walls between you and the street.",
        "Негайно йдіть до найближчого укриття. Якщо його немає, тримайтеся за двома стінами від вулиці.",
    ),
    "do_artillery": (
        "Go to shelter now. If you are outside, lie down and cover your head.",
        "Негайно йдіть в укриття. Якщо ви надворі, лягайте і прикрийте голову.",
    ),
    "do_urban_fights": (
        "Stay inside, low, and away from windows.",
        "Залишайтеся в приміщенні, низько і далеко від вікон.",
    ),
    "do_chemical": (
        "Stay inside. Close windows, doors and vents. Follow the emergency services.",
        "Залишайтеся в приміщенні. Зачиніть вікна, двері й вентиляцію. Слухайте вказівки рятувальників.",
    ),
    "do_nuclear": (
        "Get inside, to the middle of the building or the basement. Follow the emergency services.",
        "Зайдіть у середину будівлі або в підвал. Слухайте вказівки рятувальників.",
    ),
    "do_other": ("Follow the emergency services.", "Слухайте вказівки рятувальників."),
    "do_partly": (
        "There is an alert in a part of this region. Be ready to go to shelter.",
        "У частині області тривога. Будьте готові йти в укриття.",
    ),
    "do_unknown": (
        "Nobody can speak for this area now. Listen for sirens and look at other sources.",
        "Зараз про цю місцевість немає відомостей. Слухайте сирени й дивіться інші джерела.",
    ),
    "do_clear": (
        "Stay attentive: an alert can come again.",
        "Залишайтеся уважними: тривога може повторитися.",
    ),
    "above": ("{name}: {word}", "{name}: {word}"),
    "parts": ("Alert in: {names}", "Тривога: {names}"),
    # headings and controls
    "product": ("Alerts", "Тривоги"),
    "map": ("Map", "Карта"),
    "tiles": ("Tiles", "Плитки"),
    "picture": ("Alert map", "Карта тривог"),
    "pick_place": (
        "Choose a place on the map to read its state here.",
        "Оберіть місце на карті, щоб прочитати тут його стан.",
    ),
    "legend": ("What the signs mean", "Що означають позначки"),
    "list": ("All regions", "Усі області"),
    "to_list": ("Go to the list", "Перейти до списку"),
    "day": ("The last 24 hours", "Останні 24 години"),
    "day_about": (
        "Alerts in the last 24 hours, one line a region",
        "Тривоги за останні 24 години, рядок на область",
    ),
    "day_blank": (
        "Where a line is empty no alert was recorded; that is not an all clear.",
        "Де лінія порожня, тривоги не записано; це ще не відбій.",
    ),
    "day_sums": ("alert for {age}", "під тривогою {age}"),
    "inferred": ("end not observed", "кінець не спостерігався"),
    "real_ask": ("Look up a message", "Перевірити повідомлення"),
    "drills": ("Exercises", "Навчання"),
    "status": ("Status of this server", "Стан цього сервера"),
    "text_view": ("Plain text", "Простий текст"),
    "wall_view": ("Wall view", "Для великого екрана"),
    "sources": ("Sources", "Джерела"),
    "source_heard": ("{source}: in contact", "{source}: на зв’язку"),
    "source_lost": ("{source}: no contact since {time}", "{source}: немає зв’язку з {time}"),
    "source_none": ("No source is in contact.", "Жодне джерело не на зв’язку."),
    "pack": ("built-in list of standing alerts", "вбудований перелік постійних тривог"),
    "real": ("Is this real?", "Чи це справжнє?"),
    "real_about": (
        "This page shows what the sources below told this server, and nothing else. It does not replace"
        " sirens or the official applications. Check that the address is the one you know, compare with"
        " another source, and when in doubt treat it as danger.",
        "Ця сторінка показує лише те, що повідомили цьому серверу наведені джерела. Вона не замінює"
        " сирен і офіційних застосунків. Перевірте адресу сторінки, порівняйте з іншим джерелом,"
        " а якщо маєте сумнів, дійте як під час тривоги.",
    ),
    "for_programs": ("For programs", "Для програм"),
    "licence": ("tocsin, Apache-2.0", "tocsin, Apache-2.0"),
    "credit": (
        "Map: @svg-maps/ukraine by Olesia Ladanai, CC BY 4.0, simplified",
        "Карта: @svg-maps/ukraine, Олеся Ладанай, CC BY 4.0, спрощено",
    ),
    # said aloud by the live region
    "told": ("{word}: {names}.", "{word}: {names}."),
    "regions": ("{n} region|{n} regions", "{n} область|{n} області|{n} областей"),
    "told_mine": ("{name}: {word}. {advice}", "{name}: {word}. {advice}"),
    "offline": (
        "No contact with the server. The state is unknown: treat as danger.",
        "Немає зв’язку із сервером. Стан невідомий: дійте як під час тривоги.",
    ),
}


_STATUS: dict[str, tuple[str, str]] = {
    "live": ("This server is live.", "Сервер працює."),
    "trouble_checking": (
        "This server is live, and still checks its log.",
        "Сервер працює і ще перевіряє свій журнал.",
    ),
    "trouble_full": (
        "This server is live, and its disk is full: it can keep only a little more.",
        "Сервер працює, але диск заповнений: місця лишилося зовсім небагато.",
    ),
    "trouble_disk": (
        "This server cannot keep anything new: its disk refuses. What was told stands.",
        "Сервер не може записати нічого нового: диск відмовляє. Що повідомлено, лишається чинним.",
    ),
    "trouble_distrusted": (
        "The log of this server was changed or damaged. No all clear counts: treat as danger.",
        "Журнал сервера змінено або пошкоджено. Жоден відбій не дійсний: дійте як під час тривоги.",
    ),
    "started": ("Running since {time}.", "Працює з {time}."),
    "status_made": (
        "This page loads itself again every 10 s. If the time above is older than 15 s, it says nothing"
        " about now.",
        "Сторінка оновлюється сама кожні 10 с. Якщо час вище старший за 15 с, вона нічого не каже"
        " про теперішній стан.",
    ),
    "status_old": (
        "This page is too old and says nothing about now. Load it again.",
        "Ця сторінка застаріла й нічого не каже про теперішній стан. Оновіть її.",
    ),
    "heard_ago": ("{source}: in contact, last heard {age} ago", "{source}: на зв’язку, востаннє {age} тому"),
    "unheard_ago": (
        "{source}: no contact, last heard {age} ago",
        "{source}: немає зв’язку, востаннє {age} тому",
    ),
    "never_heard": (
        "{source}: no contact since this server was started",
        "{source}: немає зв’язку від запуску сервера",
    ),
    "speed": ("How soon people are told", "Як швидко ми сповіщаємо"),
    "speed_about": (
        "From the moment this server had a signal to the moment what it caused was written to the last open"
        " stream. A reader whose own connection cannot keep up is told later and is not counted. What the"
        " network and the device take comes on top.",
        "Від миті, коли сервер отримав сигнал, до миті, коли його наслідок записано в останній відкритий"
        " потік. Читача, чиє з’єднання не встигає, сповіщають пізніше, і його тут не враховано."
        " Час мережі та пристрою додається.",
    ),
    "speed_today": (
        "Today (UTC): {n} time, {half}, {worst}.|Today (UTC): {n} times, {half}, {worst}.",
        "Сьогодні (UTC): {n} раз, {half}, {worst}.|Сьогодні (UTC): {n} рази, {half}, {worst}."
        "|Сьогодні (UTC): {n} разів, {half}, {worst}.",
    ),
    "speed_today_none": ("Today (UTC): nothing was measured.", "Сьогодні (UTC): нічого не виміряно."),
    "speed_month": (
        "Last 30 days: {n} time, {half}, {worst}.|Last 30 days: {n} times, {half}, {worst}.",
        "Останні 30 днів: {n} раз, {half}, {worst}.|Останні 30 днів: {n} рази, {half}, {worst}."
        "|Останні 30 днів: {n} разів, {half}, {worst}.",
    ),
    "speed_month_none": (
        "Last 30 days: nothing was measured. It is measured when something is told while a stream is open.",
        "Останні 30 днів: нічого не виміряно. Вимірюємо, коли щось повідомлено, а потік відкрито.",
    ),
    "speed_since": (
        "Measured since {time}, on {n} of the last 30 days.",
        "Вимірюємо з {time}; виміряно в {n} з останніх 30 днів.",
    ),
    "channel_apprise": ("Mail and messengers", "Пошта й месенджери"),
    "channel_mqtt": ("MQTT", "MQTT"),
    "channel_siren": ("Sirens", "Сирени"),
    "channel_webhook": ("Webhooks", "Вебхуки"),
    "channel_webpush": ("Notified devices", "Сповіщені пристрої"),
    "half_within": ("half of them within {usual}", "половину не довше ніж за {usual}"),
    "half_over": ("half of them longer than {usual}", "половину довше ніж за {usual}"),
    "longest": ("the longest {worst}, at {time}", "найдовше {worst}, о {time}"),
    "length_ms": ("{number} ms", "{number} мс"),
    "length_s": ("{number} s", "{number} с"),
    "log": ("The log", "Журнал"),
    "log_at": ("Log {epoch}, entry {seq}.", "Журнал {epoch}, запис {seq}."),
    "log_checked": (
        "Each entry that was there at the start was checked against the hash chain.",
        "Кожен запис, що був на час запуску, звірено з ланцюгом хешів.",
    ),
    "log_checking": (
        "The older entries are still being checked against the hash chain.",
        "Старші записи ще звіряються з ланцюгом хешів.",
    ),
    "log_bad": ("It is not what it was.", "Він не такий, яким був."),
    "note": ("Signed note", "Підписана довідка"),
    "note_key": ("public key", "відкритий ключ"),
    "note_about": (
        "Keep a copy: with an old note anybody can tell later whether what came before it was changed.",
        "Збережіть копію: за старою довідкою кожен зможе перевірити, чи не змінено попередніх записів.",
    ),
    "note_none": ("There is no signed note yet.", "Підписаної довідки ще немає."),
    "to_board": ("Alerts now", "Тривоги зараз"),
}


def table(lang: str, rows: dict[str, tuple[str, str]]) -> dict[str, str]:
    """Return every text of a table in one language, by its key."""
    return {key: pair[0 if lang == "en" else 1] for key, pair in rows.items()}


WORDS = {lang: table(lang, _TABLE) for lang in LANGUAGES}
STATUS_WORDS = {lang: table(lang, _STATUS) for lang in LANGUAGES}
"""What only the status page says; the script of the live page need not load it."""
_EVERY = {lang: WORDS[lang] | STATUS_WORDS[lang] for lang in LANGUAGES}


def form(lang: str, n: int) -> int:
    """Return which plural form a number takes: 0 is *one*; Ukrainian has *few* (1) and *many* (2).

    Source:
        Unicode CLDR, plural rules for en and uk, integers.
    """
    if lang == "en":
        return 0 if n == 1 else 1
    if n % 10 == 1 and n % 100 != 11:
        return 0
    return 1 if n % 10 in (2, 3, 4) and n % 100 not in (12, 13, 14) else 2


def say(lang: str, key: str, **values: object) -> str:
    """Return one text with its values filled in, in the plural form that ``n`` asks for."""
    forms = _EVERY[lang][key].split("|")
    number = values.get("n")
    text = forms[min(form(lang, number), len(forms) - 1)] if isinstance(number, int) else forms[0]
    return text.format(**values)


def name_of(lang: str, code: str) -> str:
    """Return what a threat or a subtype is called; a code that we have no word for stays as it came."""
    return WORDS[lang][code] if code in CODES else inert(code)


def span(lang: str, seconds: float) -> str:
    """Return a length of time as a reader needs it: seconds, minutes, hours with minutes, or whole days."""
    whole = max(0, int(seconds))
    if whole < 60:
        return say(lang, "seconds", n=whole)
    if whole < 3600:
        return say(lang, "minutes", n=whole // 60)
    if whole < 86400:
        return say(lang, "hours", h=whole // 3600, n=whole % 3600 // 60)
    return say(lang, "days", n=whole // 86400)


def inert(text: str) -> str:
    """Return text without control, bidirectional and zero-width characters: they can mislead."""
    return "".join(
        " " if c in "\n\t" else c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cf")
    )
