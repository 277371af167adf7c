"""Tells which YAML texts do not read back as the JSON that they were made of.

    PYTHON load.py < pairs

The pairs are a JSON list of [json, yaml]; so is the answer, of what each
reader that differs has made of the text: [number, reader, value or error].
"""

import json
import math
import sys

import salt.utils.yaml
import yaml


def same(a, b):
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return list(a) == sorted(b) and all(same(v, b[k]) for k, v in a.items())
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, float):
        return math.isnan(a) and math.isnan(b) or (a == b and math.copysign(1, a) == math.copysign(1, b))
    return a == b


readers = {
    "PyYAML": lambda text: yaml.load(text, yaml.SafeLoader),
    "libyaml": lambda text: yaml.load(text, yaml.CSafeLoader),
    "Salt": salt.utils.yaml.safe_load,
}
bad = []
for number, (js, text) in enumerate(json.load(sys.stdin)):
    for name, read in readers.items():
        try:
            value = read(text)
            if not same(value, json.loads(js)):
                bad.append([number, name, repr(value)])
        except yaml.YAMLError as exc:
            bad.append([number, name, str(exc)])
json.dump(bad, sys.stdout)
