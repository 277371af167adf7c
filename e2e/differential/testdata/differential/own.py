"""
Runners of an operator's own.
"""


def takes(a, b=None):
    return {"a": a, "b": b}


def all(**kwargs):
    return {k: v for k, v in kwargs.items() if not k.startswith("__")}
