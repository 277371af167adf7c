"""Prints what a real Salt makes of many values, for salt_test.go.

    PYTHON vectors.py NUMBER_OF_RANDOM_VALUES
"""

import base64
import datetime
import json
import logging
import random
import struct
import sys

import msgpack
import salt.defaults
import salt.netapi.rest_cherrypy.app as app
import salt.payload
import salt.utils.event
import salt.utils.json
import salt.utils.stringutils
import salt.version

logging.disable(logging.CRITICAL)
rnd = random.Random(3)
print_json = dict(app.ct_out_map)["application/json"]


def attempt(fun, *args):
    """The result of fun, or the error that it raised."""
    try:
        return fun(*args), None
    except json.JSONDecodeError as exc:
        return None, {"type": "JSONDecodeError", "msg": exc.msg, "pos": exc.pos}
    except Exception as exc:  # Salt's way of failing is part of the answer
        return None, {"type": type(exc).__name__}


# The ways of data into salt-api's answers.


def from_event(packed):
    raw = b"salt/job/20240102030405000006/ret/ms-0\n\n" + packed
    return print_json(salt.utils.event.SaltEvent.unpack(raw)[1])


def from_reply(packed):
    return print_json(salt.payload.loads(packed))


def by_event(value):
    return salt.payload.dumps({"return": value}, use_bin_type=True)


def by_minion(value):
    return by_event(salt.payload.loads(salt.payload.dumps(value)))


def to_json(name, packed, way):
    text, error = attempt(way, packed)
    return {
        "name": name,
        "msgpack": base64.b64encode(packed).decode(),
        "json": text,
        "error": error,
    }


def from_json(body):
    def pack(body):
        text = salt.utils.stringutils.to_unicode(body)
        return salt.payload.dumps(salt.utils.json.loads(text))

    packed, error = attempt(pack, body)
    return {
        "json": base64.b64encode(body).decode(),
        "msgpack": packed and base64.b64encode(packed).decode(),
        "error": error,
    }


# Values.

EDGES = [0, 1, 23, 31, 32, 127, 128, 255, 256, 32767, 32768, 65535, 65536]
EDGES += [2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**53, 2**53 + 1, 2**63 - 1, 2**63, 2**64 - 1]
INTS = EDGES + [-n for n in EDGES if n <= 2**63] + [-33, -129, -32769, -(2**31) - 1]

FLOATS = [0.0, -0.0, 1.0, -1.0, 0.1, 1.5, 100.0, 1e22, 123456789.123, 5e-324, 2.2250738585072014e-308]
FLOATS += [1.7976931348623157e308, 9007199254740993.0, 9999999999999998.0, 0.00001234, 9.999999999999999e-05]
FLOATS += [float(f"1e{n}") for n in range(-9, 26)]
FLOATS += [float("nan"), float("inf"), float("-inf")]

TEXTS = ["", "plain", 'quote " slash / back \\', "".join(map(chr, range(32))) + "\x7f\x80\x9f"]
TEXTS += ["gr\u00fc\u00dfe", "\u4f60\u597d", "\U0001f9c2", "\u2028\u2029\ufeff\ufffd\uffff", "<b>&amp;</b>"]
TEXTS += ["x" * n for n in (31, 32, 255, 256)]


def random_text():
    return "".join(rnd.choice('ab "\\/\n\t\x00\x1f\x7f\u00e9\u20ac\U0001f600') for _ in range(rnd.randrange(12)))


def random_float():
    return struct.unpack(">d", rnd.randbytes(8))[0]


def random_value(depth, keys):
    kind = rnd.randrange(9 if depth else 6)
    if kind == 0:
        return rnd.choice([None, True, False])
    if kind == 1:
        return rnd.choice(INTS)
    if kind == 2:
        return rnd.choice([rnd.choice(FLOATS), random_float(), round(rnd.random() * 1000, 3)])
    if kind < 6:
        return rnd.choice([rnd.choice(TEXTS), random_text()])
    size = rnd.choice([0, 1, 3, 5, 15, 16, 17])
    if kind == 6:
        return [random_value(depth - 1, keys) for _ in range(size)]
    if kind == 7:
        return tuple(random_value(depth - 1, keys) for _ in range(size))
    return {keys(): random_value(depth - 1, keys) for _ in range(size)}


def any_key():
    return rnd.choice([random_text(), rnd.choice(INTS), rnd.choice(FLOATS), None, True, False])


VALUES = {
    "ints": INTS,
    "floats": FLOATS,
    "random floats": [random_float() for _ in range(200)],
    "texts": TEXTS,
    "words": [None, True, False, [], {}, ()],
    "str16": ["x" * 65535],
    "str32": ["x" * 65536],
    "array16": list(range(65535)),
    "array32": [None] * 65536,
    "map16": {f"k{n}": n for n in range(20)},
    "huge int": [2**64, -(2**63) - 1, 10**40],
    "set": {5},
    "int keys": {n: "v" for n in INTS},
    "float keys": {n: "v" for n in FLOATS},
    "text keys": {n: "v" for n in TEXTS},
    "word keys": {None: 1, True: 2, False: 3},
    "keys that collide in print": {"1": "a", 1: "b", None: "c", "null": "d", "true": "e", True: "f", 1.5: "g", "1.5": "h"},
    "tuple key": {(1, 2): 3},
    "bytes": [b"abc", b"gr\xc3\xbc\xc3\x9fe"],
    "bytes not utf-8": b"\xff\xfe",
    "bytes key": {b"abc": 1},
    "datetime": datetime.datetime(2024, 1, 2, 3, 4, 5, 6),
    "date": datetime.date(2024, 1, 2),
    "constant": salt.defaults.NOT_SET,
    "deep": eval("[" * 90 + "{'a': 1}" + "]" * 90),
}

# Bytes that no packer of Salt's makes.
BYTES = {
    "duplicate key": "83a16101a16202a16103",
    "duplicate key, twice": "85a16101a16102a16203a16104a16205",
    "duplicate key in duplicate": "82a16182a16201a16202a16182a16303a16304",
    "duplicate key, nested in dropped": "83a16182a16201a16202a1629182a16301a16302a16105",
    "equal numbers": "85010102020103cb3ff000000000000004c305",
    "true first": "83c3a16101a162cb3ff0000000000000a163",
    "false and zeros": "84c201cb00000000000000000200030004",
    "minus zero first": "82cb80000000000000000100a162",
    "nan keys": "82cb7ff800000000000001cb7ff800000000000002",
    "float and int beyond 2**53": "83cf002000000000000101cb434000000000000002cf002000000000000003",
    "float 2**64 and uint": "82cfffffffffffffffff01cb43f000000000000002",
    "float -2**63": "82d3800000000000000001cbc3e000000000000002",
    "float32": "93ca3dcccccdca3f800000ca7f800000",
    "long forms": "96cc01cd0001ce00000001cf0000000000000001d001dd00000000",
    "str8, str16, str32": "93d90161da000161db0000000161",
    "bin8, bin16, bin32": "93c40161c5000161c60000000161",
    "str not utf-8": "93a161a2ff61a162",
    "str with surrogate": "a3eda080",
    "unknown ext": "92d40561a162",
    "ext 78 with other text": "d54e6869",
    "ext 79 with other data": "d54f6869",
    "timestamp32": "d6ff65937fa5",
    "array key": "82910101a16102",
    "map key": "818000",
    "not a type": "c1",
    "trailing": "0000",
    "truncated": "92a161",
    "empty": "",
}

TEXT = r"""
null
true
false
NaN
Infinity
-Infinity
[NaN, -Infinity, Infinity]
0
-0
-0.0
1.0
1e0
1E5
1e+2
1e-7
1e400
-1e400
1e-400
123456789012345678901234567890
-9223372036854775808
-9223372036854775809
9223372036854775807
9223372036854775808
18446744073709551615
18446744073709551616
[18446744073709551616, 1]
0.1
3.141592653589793238462643383279
""
"\"\\\/\b\f\n\r\t"
"\u0000\u00e9\u20AC\ud83d\ude00"
"grüße"
{}
[]
 [ 1 , 2 ] 
{ "a" : 1 , "b" : [ ] }
{"a":1,"a":2,"b":3}
{"a":1,"b":2,"a":3,"a":4}
{"a":{"b":1,"b":2},"c":0,"a":{"d":1,"d":[{"e":1,"e":2}]}}
{"a":1,"\u0061":2}
{"\u0061":1,"a":2}
{"":1,"":2}
[[[[[[]]]]]]
[1,2
{"a":1,}
{"a":1, }
[1,]
[1, ]
[,]
{,}
{"a"
{"a":
{"a":1
{"a":1 "b"
{"a":1,"b"
{"a" 1}
{
[
[1 2]
[1}
{"a":1]
{1:2}
"\x"
"\u12"
"\u12g4"
"\u+123"
"\ud800"
"\ud800a"
"\udc00"
"\ud800\ud800\udc00"
"\ud83d\u
"ab
"\
"tab	"
01
1.
.5
1.e1
1e
1e+
+1
-
--1
-I
-01
nul
nulll
NaNx
nan
True
'a'
1 2
[] []
]
}
// comment
""".strip("\n")


def bodies(count):
    yield from (line.encode() for line in TEXT.split("\n"))
    yield from (b"", b" ", b"\x0c1", b"\x00", b"\xef\xbb\xbf1", b'"\xff"', b'"\xed\xa0\x80"', b'"a\nb"', b'"\x7f"')
    yield from (b"9" * 4300, b"-" + b"9" * 4300, b"9" * 4301)
    for size in (15, 16, 65535, 65536):
        yield json.dumps([0] * size).encode()
    for size in (15, 16, 20):
        yield json.dumps({str(n): n for n in range(size)}).encode()
        yield (json.dumps({str(n): n for n in range(size)})[:-1] + ', "0": "last"}').encode()
    for size in (31, 32, 255, 256, 65535, 65536):
        yield json.dumps("x" * size).encode()
    for _ in range(count):
        value = random_value(4, random_text)
        yield json.dumps(value, ensure_ascii=rnd.random() < 0.5, indent=rnd.choice([None, None, 1])).encode()


def all_to_json(count):
    for name, value in VALUES.items():
        yield to_json(name + ", event", by_event(value), from_event)
        packed, error = attempt(by_minion, value)
        if not error:
            yield to_json(name + ", minion", packed, from_event)
        yield to_json(name + ", reply", salt.payload.dumps(value), from_reply)
    for name, packed in BYTES.items():
        yield to_json(name + ", event", bytes.fromhex(packed), from_event)
        yield to_json(name + ", reply", bytes.fromhex(packed), from_reply)
    for n in range(count):
        value = random_value(4, any_key)
        yield to_json(f"random {n}, event", by_event(value), from_event)
        yield to_json(f"random {n}, reply", salt.payload.dumps(value), from_reply)


count = int(sys.argv[1])
if count < 50:  # for the recorded set: small files
    for big in ("str16", "str32", "array16", "array32"):
        del VALUES[big]
small = lambda vectors: [v for v in vectors if count >= 50 or len(v["json"] or "") < 4096]
json.dump(
    {
        "salt": salt.version.__version__,
        "msgpack": ".".join(map(str, msgpack.version)),
        "to_json": small(all_to_json(count)),
        "from_json": small(map(from_json, bodies(count))),
    },
    sys.stdout,
    indent=1,
)
print()
