import json
import sys


def canon(v):
    """Write a value on one line, so that the Go side can write the same."""
    if v is None:
        return "null"
    if v is True or v is False:
        return str(v).lower()
    if isinstance(v, (int, float)):
        return repr(v)
    if isinstance(v, str):
        return json.dumps(v)
    if isinstance(v, bytes):
        return "bytes:" + v.hex()
    if hasattr(v, "items"):
        return "{" + ", ".join(canon(k) + ": " + canon(x) for k, x in v.items()) + "}"
    return "[" + ", ".join(canon(x) for x in v) + "]"
