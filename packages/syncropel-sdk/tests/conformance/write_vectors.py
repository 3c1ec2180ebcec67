"""Writes the conformance vectors. Run it by hand when the protocol grows; the diff is the review.

What is expected is written here, not computed, wherever a person can know it: verdicts,
canonical texts, ids that were published. Ids of the other records are computed and then
checked by the JavaScript implementation, which shares no code with this one.
"""

# ruff: noqa: E501, RUF001, SIM905 (tables read better in wide lines)
import json
from hashlib import sha256
from pathlib import Path

import syncropel.conformance
from syncropel import Identity, content_id, delegate
from syncropel.identity import did_of_key, load_key
from syncropel.records import content_bytes

FOLDER = Path(syncropel.conformance.__file__).parent
SEED = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")  # RFC 8032
OTHER_SEED = bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")

VALID_KINDS = """
1.2.3 -._.- a.b.v1 core.v1 core.a core.a.v2 @m.t @m.t.v2 a.b.c a.b.c.v01 a.b.c.v1 x.a.b core.alias
core.intent core.outcome core.correction core.erasure core.scope_transfer core.scope_claim
music.catalog.track music.catalog.track.v2 @music.track @code.file @social.person a-b.c_d.e-f
_._._ 0.0.0 a.b.v core.core @core.a @a-b.c_d infer.query.v1 infer.result.v1 a.v1.v1 a.b.c.v99999
@m.t.u @m.t.u.v3 core.a.b core.a.b.v0
""".split()
INVALID_KINDS = [
    *"""x.a a.b x.v1 core @m . .. a a.b.c.d a.b.c.V1 @.t @.a.b a.@b.c a.b.@c Music.Catalog.Track
    music.catalog.track.v2.foo a.b.c.v a.b.c.v1a a.b.c.1 a..c .a.b a.b. @@m.t a@b.c.d a.b.c.v-1
    m.T.x a:b.c.d a/b.c.d a+b.c.d A.b.c aé.b.c é.b.c a.b.ç a.b.c.v٣ a.b.c.v１ ａ.b.c @M.t""".split(),
    "",
    " ",
    "a.b.c\n",
    "\na.b.c",
    "a.b .c",
    " a.b.c",
    "a.b.c ",
    "a.b.c\t",
    "a\u0000.b.c",
    "a.b.c\r",
    "a.b.c.v1\n",
    "core.a\n",
    "a.b\u2028.c",
    "a.\u200bb.c",
]

# JSON text → canonical text.
CANONICAL = [
    ("empty object", "{}", "{}"),
    ("empty list", "[]", "[]"),
    ("null", "null", "null"),
    ("true", "true", "true"),
    ("false", "false", "false"),
    ("zero", "0", "0"),
    ("minus zero float", "-0.0", "0"),
    ("minus zero integer", "-0", "0"),
    ("integral float", "1.0", "1"),
    ("negative integral float", "-3.0", "-3"),
    ("integral float with exponent", "1e3", "1000"),
    ("1e16", "1e16", "10000000000000000"),
    ("1e21", "1e21", "1000000000000000000000"),
    ("1e22", "1e22", "10000000000000000000000"),
    ("1e23 is not exact", "1e23", "99999999999999991611392"),
    ("2**53", "9007199254740992", "9007199254740992"),
    ("2**53+1", "9007199254740993", "9007199254740993"),
    ("2**60", "1152921504606846976", "1152921504606846976"),
    ("2**64", "18446744073709551616", "18446744073709551616"),
    ("negative big integer", "-18446744073709551616", "-18446744073709551616"),
    ("half", "0.5", "0.5"),
    ("tenth", "0.1", "0.1"),
    ("sum that is not three tenths", "0.30000000000000004", "0.30000000000000004"),
    ("1.5e-7", "1.5e-7", "1.5e-07"),
    ("1e-7", "0.0000001", "1e-07"),
    ("1e-5", "0.00001", "1e-05"),
    ("1e-4", "0.0001", "0.0001"),
    ("1.25e-10", "1.25e-10", "1.25e-10"),
    ("smallest double", "5e-324", "5e-324"),
    ("fraction with large exponent", "1.2345e-100", "1.2345e-100"),
    ("negative fraction", "-2.5", "-2.5"),
    ("17 digits", "1.2345678901234567", "1.2345678901234567"),
    ("trailing zeros", "1.500", "1.5"),
    ("capital exponent", "1E2", "100"),
    ("plus exponent", "1.5e+2", "150"),
    ("3.0e-1", "3.0e-1", "0.3"),
    ("keys sorted", '{"b":1,"a":2}', '{"a":2,"b":1}'),
    ("capitals before small letters", '{"a":1,"B":2}', '{"B":2,"a":1}'),
    ("digits before letters", '{"a":1,"1":2,"10":3,"2":4}', '{"1":2,"10":3,"2":4,"a":1}'),
    ("underscore between", '{"a":1,"_v":1,"A":1}', '{"A":1,"_v":1,"a":1}'),
    ("non-ASCII keys last", '{"é":1,"z":2}', '{"z":2,"é":1}'),
    ("by code point, not UTF-16", '{"\U0001f600":1,"\ufb01":2}', '{"\ufb01":2,"\U0001f600":1}'),
    ("prefix first", '{"ab":1,"a":2,"":3}', '{"":3,"a":2,"ab":1}'),
    ("sorted at every depth", '{"z":{"b":1,"a":2}}', '{"z":{"a":2,"b":1}}'),
    ("sorted in lists", '[{"b":1,"a":2}]', '[{"a":2,"b":1}]'),
    ("lists keep their order", "[3,1,2]", "[3,1,2]"),
    ("no spaces", ' { "a" : [ 1 , 2 ] } ', '{"a":[1,2]}'),
    ("floats in lists", "[1.0,-0.0,0.5]", "[1,0,0.5]"),
    ("non-ASCII as it is", '"\\u00e9"', '"é"'),
    ("astral as it is", '"\\ud83d\\ude00"', '"\U0001f600"'),
    ("no normalisation", '"e\u0301"', '"e\u0301"'),
    ("line separator as it is", '"\\u2028"', '"\u2028"'),
    ("slash unescaped", '"\\/"', '"/"'),
    ("quote and backslash", '"\\"\\\\"', '"\\"\\\\"'),
    ("tab, newline, return", '"\\t\\n\\r"', '"\\t\\n\\r"'),
    ("backspace and form feed", '"\\b\\f"', '"\\b\\f"'),
    ("control characters", '"\\u0000\\u0001\\u001f"', '"\\u0000\\u0001\\u001f"'),
    ("delete as it is", '"\\u007f"', '"\u007f"'),
    ("C1 controls as they are", '"\\u0080\\u009f"', '"\u0080\u009f"'),
    ("text that looks like a float", '"1.0"', '"1.0"'),
    ("text that looks like an exponent", '{"v":"1e+16","w":2.0}', '{"v":"1e+16","w":2}'),
    ("null values stay", '{"a":null}', '{"a":null}'),
    ("escaped key", '{"\\u0061":1}', '{"a":1}'),
    ("key with quote", '{"\\"":1}', '{"\\"":1}'),
    ("nested mix", '{"a":[{"b":[[]]},{}]}', '{"a":[{"b":[[]]},{}]}'),
    ("BOM inside text", '"\\ufeff"', '"\ufeff"'),
    ("private use", '"\\ue000"', '"\ue000"'),
    ("100 deep", "[" * 100 + "]" * 100, "[" * 100 + "]" * 100),
]
CANONICAL_INVALID = [
    ("NaN", "NaN"), ("Infinity", "Infinity"), ("minus Infinity", "-Infinity"),
    ("NaN in a list", "[1,NaN]"), ("overflow is an infinity", "1e999"),
    ("half a surrogate pair", '"\\ud800"'), ("the other half", '"\\udc00"'),
    ("swapped halves", '"\\udc00\\ud800"'), ("half as a key", '{"\\ud800":1}'),
    ("300 deep", "[" * 300 + "]" * 300), ("300 objects deep", '{"a":' * 300 + "1" + "}" * 300),
]  # fmt: skip
INTEROP = [
    ("exponent float", "1.5e-07", False), ("small float", "0.00001", False),
    ("tiny", "5e-324", False), ("2**53 is the last one", "9007199254740992", True),
    ("past 2**53", "9007199254740993", False), ("past -2**53", "-9007199254740993", False),
    ("1e16 as a float", "1e16", False), ("1e21", "1e21", False), ("fraction", "0.5", True),
    ("integral float", "2.0", True), ("deep inside", '{"a":[{"b":1e-9}]}', False),
    ("plain record body", '{"kind":"a.b.c","n":[1,2.5,true,null,"é"]}', True),
    ("text with an exponent", '{"v":"1e-9"}', True), ("minus zero", "-0.0", True),
    ("half a surrogate pair", '"\\ud800"', False), ("half as a key", '{"\\udfff":1}', False),
]  # fmt: skip

BASE = {
    "act": "PUT", "actor": "did:example:me", "body": {"kind": "a.b.c", "_v": 1}, "clock": 1,
    "data_type": "SCALAR", "parents": [], "thread": "t",
}  # fmt: skip
V1 = {
    "act": "PUT", "actor": "did:example:my-app",
    "body": {"_refs": [{"id": "isrc:USJI19810404", "kind": "@music.track"}], "_v": 1,
             "artists": ["Zonke"], "kind": "music.catalog.track", "title": "Glow"},
    "clock": 0, "data_type": "SCALAR", "parents": [], "thread": "music.library",
}  # fmt: skip
V2 = {
    "act": "LEARN", "actor": "did:example:my-app", "body": {"kind": "music.catalog.track.v2"},
    "clock": 1, "data_type": "VOID", "parents": [], "thread": "t",
}  # fmt: skip
V3 = {
    "act": "KNOW", "actor": "did:example:my-app", "clock": 7, "data_type": "DISTRIBUTION",
    "parents": ["0a", "ff"], "thread": "th_" + "0" * 64,
    "body": {
        "s": 'caf\u00e9 \u2028"\\/\t\u0001\U0001f600 e\u0301',
        "n": [1.0, -0.0, 1e21, 1.5e-7, 0.1, 100, 1e16, 2**60], "b": [True, False, None],
        "\u00e9": 1, "z": {"b": 1, "a": 2}, "A": 3, "_v": 1, "kind": "core.outcome",
    },
}  # fmt: skip
V4 = {
    "act": "INTEND", "actor": "did:sync:user:alice", "body": {"goal": "test"}, "clock": 0,
    "data_type": "SCALAR", "parents": [], "thread": "",
}  # fmt: skip
PUBLISHED = [
    ("V1", V1, "c357a0a264ed913f5264c141214e3fb126cae0933b6f297bea8d51fb32e7ac08"),
    ("V2", V2, "8c9f2d70b475484b0bfcef752d199d548ecf09d7616fa16c924b14c66d9b5738"),
    ("V3", V3, "63cbc7822eda11dba402badc1d1f4ec23bdc4d1bcfb3301c49a4ebbdf2f1d35f"),
    ("V4", V4, "f1df97a3e83466f1ce33194ccbabeb4fd59677154e4b4fdda88068247c4f92f7"),
]


def with_(**changes: object) -> dict:
    return {**BASE, **changes}


def without(name: str) -> dict:
    return {key: value for key, value in BASE.items() if key != name}


def body(**fields: object) -> dict:
    return with_(body={**BASE["body"], **fields})


RECORDS = [
    *((f"act {act}", with_(act=act)) for act in "GET PUT CALL MAP INTEND DO KNOW LEARN".split()),
    *((f"data type {name}", with_(data_type=name))
      for name in "SCALAR FORMULA DISTRIBUTION REFERENCE MORPHISM VOID".split()),
    ("clock 0", with_(clock=0)), ("clock 2**53+1", with_(clock=2**53 + 1)),
    ("largest clock", with_(clock=2**63 - 1)), ("wall clock", with_(clock=1795167169980)),
    ("one parent", with_(parents=["ab"])), ("parents are sorted", with_(parents=["ff", "0a", "a"])),
    ("the same parent twice", with_(parents=["a", "a"])),
    ("non-ASCII thread", with_(thread="grüße/ 日本 #1?")), ("thread of dots", with_(thread="..")),
    ("non-ASCII actor", with_(actor="did:web:bücher.example")), ("body without kind", with_(body={})),
    ("body with refs", body(_refs=[{"kind": "@core.thread", "id": "thread:x"}])),
    ("integral floats", body(n=[1.0, 2.5, -0.0])), ("exponents", body(n=[1e-7, 1e16, 1e300])),
    ("big integers", body(n=[2**64, -(2**64)])), ("controls", body(s="\u0000\u001f\u007f\u2029")),
    ("astral keys", body(**{"\U0001f600": 1, "\ufb01": 2})), ("empty key", body(**{"": 1})),
    ("deep body", body(d=json.loads("[" * 60 + "]" * 60))), ("long text", body(s="é" * 5000)),
]  # fmt: skip

BAD_RECORDS = [
    ("not an object", "[]", "INVALID_RECORD"), ("a text", '"x"', "INVALID_RECORD"),
    ("null", "null", "INVALID_RECORD"), ("empty object", "{}", "INVALID_RECORD"),
    *((f"without {name}", json.dumps(without(name)), "INVALID_RECORD")
      for name in ("act", "actor", "body", "clock", "thread")),
    *((name, json.dumps(record), "INVALID_RECORD") for name, record in [
        ("unknown act", with_(act="POST")), ("act in small letters", with_(act="put")),
        ("act null", with_(act=None)), ("act a list", with_(act=["PUT"])),
        ("unknown data type", with_(data_type="TEXT")), ("data type null", with_(data_type=None)),
        ("negative clock", with_(clock=-1)), ("clock a float", with_(clock=1.5)),
        ("clock an integral float", with_(clock=1.0)), ("clock a text", with_(clock="1")),
        ("clock true", with_(clock=True)), ("clock null", with_(clock=None)),
        ("clock past 64 bits", with_(clock=2**63)), ("actor empty", with_(actor="")),
        ("actor null", with_(actor=None)), ("actor a number", with_(actor=1)),
        ("thread null", with_(thread=None)), ("thread a list", with_(thread=[])),
        ("body a list", with_(body=[])), ("body a text", with_(body="x")), ("body null", with_(body=None)),
        ("parents a text", with_(parents="abc")), ("parents null", with_(parents=None)),
        ("a parent that is a number", with_(parents=[1])), ("an empty parent", with_(parents=[""])),
        ("kind outside the grammar", body(kind="x.a")), ("kind a number", body(kind=1)),
        ("kind null", body(kind=None)), ("unknown field", with_(extra=1)),
        ("signature a text", with_(signature="x")), ("judged_by a number", with_(judged_by=1)),
        ("actor too long", with_(actor="a" * 5000)), ("thread too long", with_(thread="t" * 5000)),
    ]),
    ("half a surrogate pair", json.dumps(body(s="x")).replace('"x"', '"\\ud800"'), "INVALID_RECORD"),
    ("an infinity", json.dumps(body(s="x")).replace('"x"', "1e999"), "INVALID_RECORD"),
    ("too deep", json.dumps(body(s="x")).replace('"x"', "[" * 300 + "]" * 300), "INVALID_RECORD"),
    ("another id", json.dumps(with_(id="0" * 64)), "ID_MISMATCH"),
    ("NaN", json.dumps(body(s=float("nan"))), "INVALID_JSON"),
    ("a key twice", json.dumps(BASE).replace('"act": "PUT"', '"act": "PUT", "act": "GET"'), "INVALID_JSON"),
    ("a key twice inside", json.dumps(BASE).replace('"_v": 1', '"_v": 1, "_v": 2'), "INVALID_JSON"),
    ("cut off", json.dumps(BASE)[:-1], "INVALID_JSON"), ("two values", "{}{}", "INVALID_JSON"),
    ("empty", "", "INVALID_JSON"), ("a comment", "/*x*/{}", "INVALID_JSON"),
]  # fmt: skip
GOOD_RECORDS = [
    ("as it is", BASE), ("with its own id", with_(id=content_id(BASE))),
    ("with judged_by", with_(judged_by="did:example:judge")), ("judged_by null", with_(judged_by=None)),
    ("as a server returned it", with_(object="record", id=content_id(BASE), sequence=7)),
    ("unsorted parents", with_(parents=["b", "a"])), ("empty thread", with_(thread="")),
    ("without data type", without("data_type")), ("without parents", without("parents")),
]  # fmt: skip

REFS = [
    ("music_track", {"isrc": "USJI19810404"}, "@music.track", "isrc:USJI19810404"),
    ("music_track", {"spotify_id": "x"}, "@music.track", "spotify:x"),
    ("music_track", {"apple_id": "x"}, "@music.track", "apple:x"),
    ("music_track", {"apple_id": "a", "isrc": "i"}, "@music.track", "isrc:i"),
    ("music_track", {"isrc": "", "apple_id": "a"}, "@music.track", "apple:a"),
    ("music_track", {"isrc": "us-ji1-98-10404"}, "@music.track", "isrc:us-ji1-98-10404"),
    ("music_track", {}, None, None),
    ("code_file", {"repo": "o/n", "path": "a/b.py"}, "@code.file", "github:o/n:a/b.py"),
    ("code_file", {"git_url": "https://h/x.git", "path": "/p"}, "@code.file", "git:https://h/x.git:/p"),
    ("code_file", {"repo": "r", "git_url": "g", "path": "p"}, "@code.file", "github:r:p"),
    ("code_file", {"repo": "r", "path": ""}, None, None), ("code_file", {"path": "p"}, None, None),
    ("ops_incident", {"pagerduty": "P1"}, "@ops.incident", "pagerduty:P1"),
    ("ops_incident", {"linear": "L-1"}, "@ops.incident", "linear:L-1"),
    ("ops_incident", {"url": "https://h"}, "@ops.incident", "url:https://h"),
    ("ops_incident", {}, None, None),
    ("cal_event", {"uid": "u@h"}, "@cal.event", "icalendar:u@h"), ("cal_event", {"uid": ""}, None, None),
    ("social_person", {"did": "did:x:y"}, "@social.person", "did:x:y"),
    ("social_person", {"email": "A@b.c"}, "@social.person", "email:A@b.c"),
    ("social_person", {"handle": "github", "name": "ada"}, "@social.person", "github:ada"),
    ("social_person", {"handle": "github"}, None, None), ("social_person", {"name": "x"}, None, None),
    ("media_photo", {"sha256": "ab"}, "@media.photo", "sha256:ab"),
    ("media_photo", {"url": "u"}, "@media.photo", "url:u"), ("media_photo", {}, None, None),
    ("media_video", {"youtube": "y"}, "@media.video", "youtube:y"),
    ("media_video", {"vimeo": "1"}, "@media.video", "vimeo:1"),
    ("media_video", {"sha256": "ab"}, "@media.video", "sha256:ab"),
    ("doc_text", {"doi": "10.1/x"}, "@doc.text", "doi:10.1/x"), ("doc_text", {"url": "u"}, "@doc.text", "url:u"),
    ("doc_text", {"platform_id": "notion:1"}, "@doc.text", "notion:1"),
    ("doc_text", {"platform_id": "notion"}, None, None), ("doc_text", {}, None, None),
    ("fin_transaction", {"stripe": "s"}, "@fin.transaction", "stripe:s"),
    ("fin_transaction", {"plaid": "p"}, "@fin.transaction", "plaid:p"),
    ("fin_transaction", {"iso20022": "i"}, "@fin.transaction", "iso20022:i"),
    ("research_paper", {"doi": "d"}, "@research.paper", "doi:d"),
    ("research_paper", {"arxiv": "a"}, "@research.paper", "arxiv:a"),
    ("research_paper", {"s2": "s"}, "@research.paper", "s2:s"),
    ("core_thread", {"id": "t"}, "@core.thread", "thread:t"), ("core_thread", {"id": ""}, None, None),
]  # fmt: skip
KEY_HEX = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"  # RFC 8032, test 1
KEY_DID = "did:key:z6MktwupdmLXVVqTzCw4i46r4uGyosGXRnR3XjN4Zq7oMMsw"
DIDS = [
    {"name": "RFC 8032 test 1", "did": KEY_DID, "key": KEY_HEX},
    *({"name": f"key of {byte:#04x}", "did": did_of_key(bytes([byte] * 32)), "key": bytes([byte] * 32).hex()}
      for byte in (0x00, 0x01, 0x7F, 0x80, 0xFF)),
    *({"name": f"no did:key: {text}", "did": text, "key": None} for text in [
        "", "did:key:", "did:key:z", "did:key:z0", KEY_DID[:-1], KEY_DID + "1", KEY_DID.replace("z6", "f6"),
        "did:web:example.org", "key:z6Mk", KEY_DID.upper(),
        "did:key:zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme",
    ]),
    *({"name": f"did:web {did}", "did": did, "url": url} for did, url in [
        ("did:web:example.org", "https://example.org/.well-known/did.json"),
        ("did:web:example.org:user:ada", "https://example.org/user/ada/did.json"),
        ("did:web:example.org%3A8443", "https://example.org:8443/.well-known/did.json"),
        ("did:web:localhost", None), ("did:web:127.0.0.1", None), ("did:web:169.254.169.254", None),
        ("did:web:intranet", None), ("did:web:host.internal", None), ("did:web:example.org:..:x", None),
        ("did:web:", None), ("did:web:a%2Fb.org", None), ("did:web:user%40example.org", None),
        ("did:web:example.org:a%2Fb", None), ("did:web:0x7f.1", None),
    ]),
]  # fmt: skip


def ids() -> list[dict]:
    computed = [
        (name, record, sha256(content_bytes(record)).hexdigest()) for name, record in RECORDS
    ]
    return [
        {"name": name, "json": json.dumps(record, ensure_ascii=False), "id": id_}
        for name, record, id_ in [*PUBLISHED, *computed]
    ]


def signatures() -> list[dict]:
    me, other = Identity.key(SEED), Identity.key(OTHER_SEED)
    mine = signed(with_(actor=me.actor_did), me)
    web = "did:web:example.org"
    by_web = signed(with_(actor=web), Identity.key(SEED, did=web))
    delegation = delegate(
        load_key(OTHER_SEED), subject="did:sync:user:ada", key=me.actor_did, seconds=1000,
        not_before=1_000_000,
    )  # fmt: skip
    federated = signed(with_(actor="did:sync:user:ada"), Identity.federated(delegation, SEED))
    home = {delegation.issuer: [other.actor_did]}
    sig = mine["signature"]

    def changed(**fields: object) -> dict:
        return {**mine, "signature": {**sig, **fields}}

    def redelegated(**fields: object) -> dict:
        signature = federated["signature"]
        inner = {**signature["delegation"], **fields}
        return {**federated, "signature": {**signature, "delegation": inner}}

    cases = [
        ("unsigned", BASE, {}, "unsigned"),
        ("signed by its did:key", mine, {}, "valid"),
        ("another clock", {**mine, "clock": 2}, {}, "invalid"),
        ("another body", {**mine, "body": {"kind": "a.b.d"}}, {}, "invalid"),
        ("another thread", {**mine, "thread": "u"}, {}, "invalid"),
        ("another act", {**mine, "act": "GET"}, {}, "invalid"),
        ("another actor", {**mine, "actor": other.actor_did}, {}, "invalid"),
        ("an unhashed field does not matter", {**mine, "sequence": 9}, {}, "valid"),
        (
            "a spelling of a number does not matter",
            signed(body(n=1.0) | {"actor": me.actor_did}, me),
            {},
            "valid",
        ),
        ("another key", changed(key=other.actor_did), {}, "invalid"),
        ("another profile", changed(profile="syncropel.sig/2"), {}, "invalid"),
        ("another algorithm", changed(alg="none"), {}, "invalid"),
        ("a signature too short", changed(sig=sig["sig"][:-2]), {}, "invalid"),
        ("a padded signature", changed(sig=sig["sig"] + "=="), {}, "invalid"),
        ("no key", changed(key=None), {}, "invalid"),
        ("a signature that is a text", {**mine, "signature": "x"}, {}, "invalid"),
        ("did:web with its key known", by_web, {web: [me.actor_did]}, "valid"),
        ("did:web with another key", by_web, {web: [other.actor_did]}, "invalid"),
        ("did:web unknown", by_web, {}, "unresolved"),
        ("federated, the issuer trusted", federated, home, "valid"),
        ("federated, the issuer unknown", federated, {}, "unresolved"),
        ("federated, another subject", redelegated(subject="did:sync:user:eve"), home, "invalid"),
        ("federated, stretched", redelegated(not_after=2_000_000_000), home, "invalid"),
        ("federated, another key", redelegated(key=other.actor_did), home, "invalid"),
        (
            "federated, unknown profile",
            redelegated(profile="syncropel.delegation/2"),
            home,
            "invalid",
        ),
        ("federated, too late", federated, home, "invalid"),
        ("federated, too early", federated, home, "invalid"),
    ]
    times = {"federated, too late": 1_001_001, "federated, too early": 999_999}
    return [
        {"name": name, "record": record, "keys": keys, "at": times.get(name, 1_000_500), "status": status}
        for name, record, keys, status in cases
    ]  # fmt: skip


def signed(record: dict, identity: Identity) -> dict:
    return {**record, "signature": identity.signature(content_bytes(record))}


def envelopes() -> list[dict]:
    good = [
        {"name": name, "json": json.dumps(record, ensure_ascii=False), "valid": True,
         "id": content_id({"data_type": "SCALAR", "parents": [], **record})}
        for name, record in GOOD_RECORDS
    ]  # fmt: skip
    bad = [
        {"name": name, "json": text, "valid": False, "code": code}
        for name, text, code in BAD_RECORDS
    ]
    return good + bad


def vectors() -> dict[str, list[dict]]:
    return {
        "kinds": [{"name": repr(kind), "kind": kind, "valid": True} for kind in VALID_KINDS]
        + [{"name": repr(kind), "kind": kind, "valid": False} for kind in INVALID_KINDS],
        "canonical": [
            {"name": name, "json": text, "canonical": expected} for name, text, expected in CANONICAL
        ] + [{"name": name, "json": text, "canonical": None} for name, text in CANONICAL_INVALID],
        "ids": ids(),
        "envelopes": envelopes(),
        "refs": [
            {"name": f"{name} {arguments}", "constructor": name, "arguments": arguments,
             "ref": {"kind": kind, "id": id_} if kind else None}
            for name, arguments, kind, id_ in REFS
        ],
        "dids": DIDS,
        "signatures": signatures(),
        "interop": [
            {"name": name, "json": text, "portable": portable} for name, text, portable in INTEROP
        ],
    }  # fmt: skip


if __name__ == "__main__":
    for name, content in vectors().items():
        text = json.dumps(content, ensure_ascii=True, indent=1)
        (FOLDER / f"{name}.json").write_text(text + "\n", encoding="utf-8")
        print(f"{name}: {len(content)}")
