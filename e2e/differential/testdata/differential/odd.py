"""
Returns what Salt's own execution modules seldom do.
"""

import collections
import datetime


def here():
    return True


def value(name):
    return VALUES[name]()


def values(*names):
    return {name: VALUES[name]() for name in names}


def text(size, letter="x"):
    return letter * size


def fail(name, *args):
    raise {"KeyError": KeyError, "Exception": Exception}[name](*args)


def _nested(depth):
    inner = "core"
    for _ in range(depth):
        inner = {"in": [inner]}
    return inner


VALUES = {
    "nan": lambda: float("nan"),
    "infinities": lambda: [float("inf"), float("-inf")],
    "floats": lambda: [0.0, -0.0, 1.0, 0.1, 1e16, 1e15, 123456789012345680.0, 1e-5, 1e-4, 5e-324, 1.7976931348623157e308],
    "integers": lambda: [0, -1, 2**31, 2**53 + 1, 2**63 - 1, -(2**63), 2**63, 2**64 - 1],
    "longs": lambda: [2**64, -(2**63) - 1, 10**40],
    "empties": lambda: ["", [], {}, None, False, 0],
    "controls": lambda: "".join(map(chr, range(0x20))) + '"\\/\x7f\x80\u2028\ufeff\U0001f9c2',
    "bytes": lambda: "größer".encode(),
    "tuple": lambda: (1, ("a", ()), [None]),
    "set": lambda: {"one"},
    "empty set": set,
    "ordered": lambda: collections.OrderedDict([("b", 1), ("a", 2)]),
    "deep": lambda: _nested(50),
    "scalar keys": lambda: {1: "int", True: "bool", None: "none", 2.5: "float", "s": "text", -7: "minus"},
    "false key": lambda: {False: 0},
    "zero float key": lambda: {0.0: 0},
    "nan key": lambda: {float("nan"): 0},
    "large key": lambda: {2**63: 0},
    "equal keys": lambda: {1: "int", "1": "text"},
    "bytes key": lambda: {b"k": 1},
    "bytes and text key": lambda: {b"k": 1, "k": 2},
    "empty key": lambda: {"": {}},
    # salt-api cannot print these,
    "bad bytes": lambda: b"a\xff\xfeb",
    "datetime": lambda: datetime.datetime(2020, 2, 29, 12, 30, 45, 678901),
    "whole datetime": lambda: datetime.datetime(2020, 2, 29, 12, 30, 45),
    "aware datetime": lambda: datetime.datetime(2020, 2, 29, 12, 30, tzinfo=datetime.timezone.utc),
    "date": lambda: datetime.date(2020, 2, 29),
    # and the minion cannot send these.
    "object": object,
    "tuple key": lambda: {(1, 2): 3},
}
