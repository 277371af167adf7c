"""Ask Salt's own code what it makes of rules and calls. Its questions and answers are those of salt_test.go."""

import copy
import fnmatch
import json
import logging
import os
import re
import sys

import salt.auth
import salt.config
import salt.netapi
import salt.utils.json
import salt.utils.minions

logging.disable(logging.CRITICAL)


def value(v):
    """Read a value as salt_test.go writes it: everything but text, null and booleans is tagged."""
    if not isinstance(v, dict):
        return v
    ((kind, x),) = v.items()
    if kind == "list":
        return [value(e) for e in x]
    if kind == "map":
        return {value(k): value(e) for k, e in x}
    if kind == "bytes":
        return bytes.fromhex(x)
    return {"int": int, "float": float}[kind](x)


class Master:
    """The parts of a master that decide."""

    def __init__(self, folder, ids):
        os.makedirs(os.path.join(folder, "pki", "minions"))
        for name in ids or []:
            with open(os.path.join(folder, "pki", "minions", name), "w") as key:
                key.write("key")
        opts = salt.config.master_config(os.path.join(folder, "master"))
        self.opts = {k: copy.deepcopy(v) for k, v in opts.items()}
        for name in ("root_dir", "cachedir", "sock_dir", "pki_dir", "extension_modules"):
            self.opts[name] = os.path.join(folder, name[:3])
        self.opts.update(external_auth={}, user="root")
        self.checks = salt.utils.minions.CkMinions(self.opts)
        self.auth = salt.auth.LoadAuth(self.opts, self.checks)

    def ask(self, setup, call):
        self.opts.update(external_auth=value(setup["external_auth"]), **setup["options"])
        who = call["who"]
        token = {"eauth": who["eauth"], "name": who["user"], "groups": who["groups"]}
        if "auth_list" in who:
            token["auth_list"] = value(who["auth_list"])
        if call["kind"] == "perms":
            return self.perms(token)
        if token["eauth"] not in self.opts["external_auth"]:
            return "refused"
        if call["kind"] == "named":
            return self.named(token)
        try:
            return "allowed" if self.allowed(token, call) is True else "refused"
        except Exception:
            return "refused"

    def allowed(self, token, call):
        rules = self.auth.get_auth_list({"token": "x"}, token=token)
        args, kwargs = value(call["args"]), value(call["kwargs"])
        if call["kind"] == "runner":
            return self.checks.runner_check(rules, call["fun"], {"arg": args, "kwarg": kwargs})
        if call["kind"] == "wheel":
            return self.checks.wheel_check(rules, call["fun"], {"arg": args, "kwarg": kwargs})
        tgt, tgt_type = value(call["tgt"]), call["tgt_type"]
        minions = self.checks.check_minions(tgt, tgt_type)["minions"]
        return self.checks.auth_check(
            rules, call["fun"], args, tgt, tgt_type, minions=minions, whitelist=["saltutil.find_job"]
        )

    def named(self, token):
        """Tell whether rules are for a user: each is given a list of its own name, so that an empty one shows too."""
        try:
            rules = self.opts["external_auth"][token["eauth"]]
            self.checks.fill_auth_list(rules, token["name"], token["groups"])
            marked = {name: [name] for name in rules}
            return "allowed" if self.checks.fill_auth_list(marked, token["name"], token["groups"]) else "refused"
        except Exception:
            return "refused"

    def perms(self, token):
        try:
            eauth = self.opts["external_auth"].get(token["eauth"], {})
            if token["eauth"] == "django" and "^model" in eauth:
                perms = token["auth_list"]
            elif token["eauth"] == "rest" and "auth_list" in token:
                perms = token["auth_list"]
            else:
                perms = salt.netapi.sorted_permissions(salt.netapi.sum_permissions(token, eauth))
        except Exception:
            perms = None
        try:
            return salt.utils.json.dumps(perms or {})
        except TypeError:
            return "500"  # it has bytes in it


def matches(pattern, text):
    try:
        return bool(re.match(pattern, text))
    except Exception:
        return False


def globs(pattern, text):
    try:
        return fnmatch.fnmatchcase(text, pattern)
    except Exception:
        return False


def answer(question):
    master = Master(question["folder"], question["ids"])
    return {
        "setups": [[master.ask(s, c) for c in s["calls"]] for s in question["setups"] or []],
        "regexes": [[matches(q["pattern"], t) for t in q["texts"]] for q in question["regexes"] or []],
        "globs": [[globs(q["pattern"], t) for t in q["texts"]] for q in question["globs"] or []],
        "values": [
            [str(value(v)), repr(value(v)), salt.utils.json.dumps(value(v))] for v in question["values"] or []
        ],
    }


json.dump([answer(question) for question in json.load(sys.stdin)], sys.stdout)
