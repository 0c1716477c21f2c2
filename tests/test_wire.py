"""The kinds as JSON: every one comes back as it was, and what a feed posts is read strictly."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import get_args

import hypothesis.strategies as st
import msgspec
import pytest
from hypothesis import given, settings

from tocsin import wire
from tocsin.errors import SourceGarbled
from tocsin.model import (
    Act,
    Alert,
    Approval,
    AreaId,
    Aside,
    Bulletin,
    Contact,
    Contract,
    Decided,
    Episode,
    Kind,
    Lapse,
    Level,
    Realm,
    Report,
    Ruling,
    Signal,
    SourceId,
    State,
    Step,
    Threat,
)
from tocsin.wire import ContactForm, SignalForm, decode, encode, pairs, read_form, read_moment, stamp, utc

AT = datetime(2024, 1, 2, 3, 53, 57, tzinfo=UTC)
KYIV = timezone(timedelta(hours=2))

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
SEEN = {
    datetime: st.datetimes(timezones=st.just(UTC)),
    float: st.floats(0.001, 1e9),
    str: TEXTS,
    AreaId: st.sampled_from(["UA", "UA80", "UA3210"]) | TEXTS,
    SourceId: TEXTS,
    Threat: TEXTS,
}
for of, strategy in SEEN.items():
    st.register_type_strategy(of, strategy)

KINDS = st.one_of([st.builds(kind, **{  # each field from its own type
    field.name: st.from_type(field.type) for field in msgspec.structs.fields(kind)
}) for kind in get_args(Kind)])  # fmt: skip


# In the log


@settings(deadline=None)
@given(KINDS)
def test_every_kind_comes_back_as_it_was(kind):
    """And the same thing is the same bytes, also after a round trip: a repeated key finds its own body."""
    body = encode(kind)
    again = decode(body)
    assert (type(kind), kind, body) == (type(again), again, encode(again))


@settings(deadline=None)
@given(KINDS)
def test_any_json_reader_can_read_the_log(kind):
    """UTF-8, one object, tagged with its kind, realm in words."""
    plain = json.loads(encode(kind).decode("utf-8"))
    assert type(kind).__name__.lower() == plain["kind"]
    assert kind.realm == plain["realm"]


WRITTEN = [
    (
        Signal(Realm.ACTUAL, SourceId("air-force"), "7", AreaId("UA80"), Threat("air"), Act.RAISED, AT),
        b'{"kind":"signal","realm":"actual","source":"air-force","id":"7","area":"UA80","threat":"air",'
        b'"state":"raised","sent":"2024-01-02T03:53:57Z"}',
    ),
    (
        Contact(Realm.ACTUAL, SourceId("f"), True, AT, ((AreaId("UA80"), Threat("air")),)),
        b'{"kind":"contact","realm":"actual","source":"f","held":true,"sent":"2024-01-02T03:53:57Z",'
        b'"raised":[["UA80","air"]]}',
    ),
    (
        Episode(Realm.ACTUAL, SourceId("f"), AreaId("UA80"), Threat("air"), AT, AT + timedelta(0, 1), True),
        b'{"kind":"episode","realm":"actual","source":"f","area":"UA80","threat":"air",'
        b'"since":"2024-01-02T03:53:57Z","until":"2024-01-02T03:53:58Z","inferred":true}',
    ),
    (
        Contract(Realm.TEST, SourceId("f"), (AreaId("UA"),), (Threat("*"),), silence_s=30.0),
        b'{"kind":"contract","realm":"test","source":"f","areas":["UA"],"threats":["*"],"silence_s":30.0}',
    ),
    (
        Approval(
            Realm.ACTUAL, "ab12", Step.APPROVED, "olha", SourceId("kyiv"), "code", "127.0.0.1", "cd34", AT
        ),
        b'{"kind":"approval","realm":"actual","order":"ab12","step":"approved","person":"olha","authority":"kyiv",'
        b'"credential":"code","address":"127.0.0.1","screen":"cd34","sent":"2024-01-02T03:53:57Z"}',
    ),
    (
        Lapse(Realm.REPLAY, SourceId("f"), AreaId("UA80"), Threat("air"), 12),
        b'{"kind":"lapse","realm":"replay","source":"f","area":"UA80","threat":"air","because":12}',
    ),
    (
        Aside(Realm.ACTUAL, SourceId("f"), "ab-0", AreaId("UA80"), Threat("air"), SourceId("kyiv"), AT),
        b'{"kind":"aside","realm":"actual","source":"f","id":"ab-0","area":"UA80","threat":"air",'
        b'"by":"kyiv","sent":"2024-01-02T03:53:57Z"}',
    ),
    (
        Alert(Realm.ACTUAL, (AreaId("UA80"),), Threat("air"), State.UNKNOWN, None, (7,), level=Level.RED),
        b'{"kind":"alert","realm":"actual","areas":["UA80"],"threat":"air","state":"unknown","since":null,'
        b'"because":[7],"level":"red"}',
    ),
    (
        Report(
            Realm.ACTUAL,
            SourceId("wire"),
            "a-1",
            "Дрон.",
            "00",
            "desk",
            published="2024-01-02",
            version=2,
            embargoed_until=AT,
        ),
        '{"kind":"report","realm":"actual","source":"wire","doc":"a-1","text":"Дрон.","sha256":"00",'
        '"filed_by":"desk","published":"2024-01-02","version":2,'
        '"embargoed_until":"2024-01-02T03:53:57Z"}'.encode(),
    ),
    (
        Ruling(Realm.ACTUAL, "r-1", Decided.RETRACT, ("12.3",), "said twice", "editor"),
        b'{"kind":"ruling","realm":"actual","id":"r-1","act":"retract","about":["12.3"],'
        b'"reason":"said twice","by":"editor"}',
    ),
    (
        Bulletin(Realm.ACTUAL, AT, AT, AT, "en", "x", (1, 2), "editor", (("i", "killed", 2, None, None),)),
        b'{"kind":"bulletin","realm":"actual","since":"2024-01-02T03:53:57Z","until":"2024-01-02T03:53:57Z",'
        b'"as_of":"2024-01-02T03:53:57Z","lang":"en","text":"x","because":[1,2],"by":"editor",'
        b'"figures":[["i","killed",2,null,null]]}',
    ),
]


@pytest.mark.parametrize(("kind", "body"), WRITTEN, ids=lambda one: type(one).__name__)
def test_the_form_in_the_log_is_for_ever(kind, body):
    """These bytes lie in logs: they are written so, and they are read so, in every later version."""
    assert body == encode(kind)
    assert kind == decode(body)


def test_every_kind_has_its_form_here():
    assert {type(kind) for kind, _ in WRITTEN} == set(get_args(Kind))


def test_a_field_of_a_newer_version_does_not_hide_an_entry():
    """A field may be added; an older version reads the rest."""
    kind, body = WRITTEN[0]
    assert kind == decode(body[:-1] + b',"weather":"fog"}')


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"null", b"[]", b'{"kind":"signal/2"}', b'{"kind":"siren"}', b'{"realm":"actual"}', b"\xff",
     WRITTEN[0][1].replace(b'"raised"', b'"maybe"'), WRITTEN[0][1].replace(b'"sent"', b'"send"'),
     WRITTEN[0][1].replace(b"actual", b"actuel"), WRITTEN[0][1].replace(b"03:53:57Z", b""),
     *(body.replace(b"Z", b"") for _, body in WRITTEN[:3]), WRITTEN[2][1].replace(b'58Z"', b'58"'),
     WRITTEN[0][1].replace(b"2024-01-02T03:53:57Z", b"0001-01-01T00:00:00+14:00")],
)  # fmt: skip
def test_a_body_that_is_no_kind_is_not_guessed_at(body):
    """An entry that this version cannot read is an error, never a clear."""
    with pytest.raises(SourceGarbled, match=r"cannot read an entry's body: .*newer version"):
        decode(body)


def test_a_time_without_a_zone_never_comes_into_the_log():
    """Nobody could say later which moment was meant, and the log could not be read again."""
    kind = WRITTEN[0][0]
    for name in ("sent", "expires"):
        with pytest.raises(ValueError, match=rf"Signal\.{name} is no moment in UTC"):
            encode(msgspec.structs.replace(kind, **{name: AT.replace(tzinfo=None)}))
    assert kind == decode(encode(msgspec.structs.replace(kind, sent=AT.astimezone(KYIV))))


# What a feed posts

SIGNAL = {"id": "7", "area": "UA80", "threat": "air", "state": "raised", "sent": "2024-01-02T03:53:57Z"}
CONTACT = {"sent": "2024-01-02T03:53:57Z", "raised": [["UA80", "air"]]}


def posted(**changed):
    """Return a signal's form with some fields changed; None leaves a field out."""
    return json.dumps(
        {name: value for name, value in (SIGNAL | changed).items() if value is not None}
    ).encode()


def test_a_signal_is_read_with_all_its_fields():
    more = {"subtype": "drones", "level": "red", "expires": "2024-01-02T06:00:00+02:00", "text": "Увага!"}
    form = read_form(posted(**more), SignalForm)
    assert ("7", "UA80", "air", Act.RAISED, AT) == (form.id, form.area, form.threat, form.state, form.sent)
    assert ("drones", Level.RED, "Увага!") == (form.subtype, form.level, form.text)
    assert datetime(2024, 1, 2, 4, tzinfo=UTC) == form.expires
    assert read_form(posted(), SignalForm).expires is None


def test_a_contact_may_hold_nothing_raised():
    """But it must say so: a field that was forgotten would be an all clear for a whole country."""
    assert [("UA80", "air")] == read_form(json.dumps(CONTACT).encode(), ContactForm).raised
    assert [] == read_form(json.dumps(CONTACT | {"raised": []}).encode(), ContactForm).raised
    for left_out in CONTACT:
        body = json.dumps({name: value for name, value in CONTACT.items() if name != left_out}).encode()
        with pytest.raises(SourceGarbled, match=left_out):
            read_form(body, ContactForm)


@pytest.mark.parametrize("name", ["expired", "Expires", "expires ", "realm", "source", "kind"])
def test_a_mistyped_field_is_refused_and_named(name):
    """`expired` that is dropped would leave a raise standing for ever."""
    with pytest.raises(
        SourceGarbled, match=f"unknown field `{name}`.*the fields are id, area, threat, state"
    ):
        read_form(posted(**{name: "2024-01-02T06:00:00Z"}), SignalForm)
    with pytest.raises(SourceGarbled, match=f"unknown field `{name}`"):
        read_form(json.dumps(CONTACT | {name: 1}).encode(), ContactForm)


@pytest.mark.parametrize("field", ["id", "area", "threat", "state", "sent"])
def test_a_missing_field_is_named(field):
    with pytest.raises(SourceGarbled, match=f"missing required field `{field}`"):
        read_form(posted(**{field: None}), SignalForm)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", ""), ("id", "a b"), ("id", "ї"), ("id", "x" * 201), ("id", 7), ("id", "a\n"),
        ("area", ""), ("area", "x" * 41), ("area", ["UA80"]),
        ("threat", ""), ("threat", "Air"), ("threat", "*"), ("threat", "a b"),
        ("threat", "air\n"), ("subtype", "drones\n"), ("sent", "0001-01-01T00:00:00+14:00"),
        ("expires", "9999-12-31T23:59:59-00:01"),
        ("state", "RAISED"), ("state", "partly"), ("state", "unknown"), ("state", True),
        ("sent", "2024-01-02T03:53:57"), ("sent", "2024-01-02"), ("sent", "yesterday"), ("sent", 1704167637),
        ("sent", "2024-02-30T00:00:00Z"), ("expires", "2024-01-02T03:53:57"), ("expires", "never"),
        ("subtype", "MiG 31"), ("level", "orange"), ("text", "x" * 4097), ("text", 5),
    ],
)  # fmt: skip
def test_an_impossible_value_is_refused_and_its_field_is_named(field, value):
    """Among them every time without a zone: an hour's error is a lifetime here."""
    with pytest.raises(SourceGarbled, match=rf"`\$\.{field}`; mend the field"):
        read_form(posted(**{field: value}), SignalForm)


@pytest.mark.parametrize(
    "raised",
    [
        None,
        "UA80",
        [["UA80"]],
        [["UA80", "air", "x"]],
        [["UA80", "Air"]],
        [[1, "air"]],
        {"UA80": "air"},
        [["UA80", "air\n"]],
    ],
)
def test_a_contact_whose_pairs_are_none_is_refused(raised):
    with pytest.raises(SourceGarbled, match=r"\$\.raised"):
        read_form(json.dumps(CONTACT | {"raised": raised}).encode(), ContactForm)


def test_a_contact_holds_no_more_pairs_than_there_are_areas():
    most = [["UA80", "air"]] * 20_000
    assert 20_000 == len(read_form(json.dumps(CONTACT | {"raised": most}).encode(), ContactForm).raised)
    with pytest.raises(SourceGarbled, match="raised"):
        read_form(json.dumps(CONTACT | {"raised": [*most, most[0]]}).encode(), ContactForm)


@pytest.mark.parametrize("body", [b"", b"raise UA80", b"{", posted() + b"}", b"\xff\xfe", b"[" * 100_000])
def test_what_is_not_json_is_told_what_to_send(body):
    """Too deep is an error like any other, and no crash."""
    with pytest.raises(SourceGarbled, match=r"send one JSON object|mend the field"):
        read_form(body, SignalForm)


def test_text_that_is_not_utf8_is_refused():
    """Not read with question marks in it."""
    with pytest.raises(SourceGarbled):
        read_form(posted(text="x").replace(b'"x"', b'"\xff"'), SignalForm)


@settings(deadline=None)
@given(st.binary(max_size=100))
def test_no_bytes_do_more_than_be_refused(body):
    with pytest.raises(SourceGarbled):
        read_form(body, SignalForm)
    with pytest.raises(SourceGarbled):
        read_form(body, ContactForm)


# Times


@settings(deadline=None)
@given(st.timedeltas(timedelta(0), timedelta(3_000_000)), st.integers(-12 * 60, 14 * 60))
def test_a_stamp_ends_in_z_and_is_the_same_moment(after, offset):
    """Whatever zone a time came in, in the years 2 to 8215."""
    at = (datetime(2, 1, 1, tzinfo=UTC) + after).astimezone(timezone(timedelta(minutes=offset)))
    text = stamp(at)
    assert text.endswith("Z")
    assert "+" not in text
    assert at == read_moment(text, "at") == utc(at)
    assert read_moment(text, "at").tzinfo is UTC


def test_a_stamp_is_short_where_it_can_be():
    """Whole seconds have no fraction; it is what the log's JSON says too."""
    assert "2024-01-02T03:53:57Z" == stamp(AT) == stamp(AT.astimezone(KYIV))
    assert "2024-01-02T03:53:57.000001Z" == stamp(AT + timedelta(microseconds=1))
    assert f'"{stamp(AT)}"'.encode() in encode(WRITTEN[0][0])


@pytest.mark.parametrize(
    "text", ["", "now", "02.01.2024 05:53", "2024-01-02T25:00Z", "2024-13-01T00:00Z", "1704167637"]
)
def test_what_is_no_date_and_time_is_named(text):
    """With the row and the field, or the option, that it stands in."""
    with pytest.raises(
        SourceGarbled, match=r"^row 3, started_at: .* is not a date and time; write it as 2024"
    ):
        read_moment(text, "row 3, started_at")


@pytest.mark.parametrize("text", ["2024-01-02T03:53:57", "2024-01-02 03:53:57", "2024-01-02"])
def test_a_time_without_a_zone_is_refused(text):
    """Kyiv is two or three hours from UTC: nobody guesses which was meant."""
    with pytest.raises(SourceGarbled, match=f"^--from: '{text}' has no zone; write {text}"):
        read_moment(text, "--from")


@pytest.mark.parametrize("of", [utc, stamp])
def test_a_clock_face_is_no_moment(of):
    """It is not taken for the time of the machine that happens to run tocsin."""
    with pytest.raises(ValueError, match="2024-01-02 03:53:57 has no zone"):
        of(AT.replace(tzinfo=None))


FAR = ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-00:01"]


@pytest.mark.parametrize("text", FAR)
def test_a_time_that_utc_has_no_year_for_is_refused(text):
    """It is an error that names its field, and never an OverflowError in the middle of a request."""
    with pytest.raises(ValueError, match="outside the years 1 to 9999"):
        stamp(datetime.fromisoformat(text))
    with pytest.raises(SourceGarbled, match=r"^row 3, finished_at: .* outside the years 1 to 9999 in UTC"):
        read_moment(text, "row 3, finished_at")
    with pytest.raises(SourceGarbled, match=r"`\$\.sent`; mend the field"):
        read_form(json.dumps(CONTACT | {"sent": text}).encode(), ContactForm)


# The rest


def test_pairs_are_sorted_and_each_is_there_once():
    """Two contacts that say the same are the same."""
    said = [("UA80", "air"), ("UA32", "air"), ("UA80", "air"), ("UA32", "artillery")]
    assert (("UA32", "air"), ("UA32", "artillery"), ("UA80", "air")) == pairs(said) == pairs(said[::-1])


def test_jsonable_is_what_json_would_say():
    """Lists where JSON has lists: whoever compares what was kept with what was read finds them equal."""
    for kind, body in WRITTEN:
        assert json.loads(body) == wire.jsonable(kind)
    assert [["UA80", "air"]] == wire.jsonable((("UA80", "air"),))
