"""Ask Salt's own code whom targets mean. Its questions and answers are those of salt_test.go."""

import json
import logging
import os
import sys

import salt.cache
import salt.config
import salt.loader
import salt.minion
import salt.utils.minions

logging.disable(logging.CRITICAL)


def master(folder, minions):
    """What a master with these minions' keys and grains knows of targets."""
    os.makedirs(os.path.join(folder, "pki", "minions"))
    for minion in minions:
        with open(os.path.join(folder, "pki", "minions", minion["id"]), "w") as key:
            key.write("key")
    opts = dict(salt.config.master_config(os.path.join(folder, "master")))
    for name in ("root_dir", "cachedir", "sock_dir", "pki_dir", "extension_modules"):
        opts[name] = os.path.join(folder, name[:3])
    opts.update(user="root")
    cache = salt.cache.factory(opts)
    for minion in minions:
        cache.store("grains", minion["id"], minion["grains"] or {})
        cache.store("pillar", minion["id"], {})
    return salt.utils.minions.CkMinions(opts)


class Minion:
    """A minion that only has to know whether it is meant."""

    def __init__(self, folder, minion):
        # A plain dictionary: newer Salts have their own kind, which the loader counts at each call.
        opts = dict(salt.config.minion_config(os.path.join(folder, "minion")))
        opts.update(id=minion["id"], grains=minion["grains"] or {}, root_dir=folder, cachedir=os.path.join(folder, "min"))
        self.opts = opts
        self.matchers = salt.loader.matchers(opts)

    def meant(self, t):
        match = self.matchers[t["type"] + "_match.match"]
        kwargs = {"opts": self.opts, "minion_id": self.opts["id"]}
        if t["type"] in ("grain", "grain_pcre", "pillar") and t["delimiter"]:
            kwargs["delimiter"] = t["delimiter"]
        try:
            return bool(match(t["tgt"], **kwargs))
        except Exception:
            return False


class Managing:
    """The part of a minion that knows whether a resource of its is meant, from Salt 3008 on."""

    def __getattr__(self, name):
        return getattr(salt.minion.Minion, name).__get__(self)

    def meant(self, t):
        if not hasattr(salt.minion.Minion, "_resource_matches_compound"):
            return []
        resources = {"host": ["web1", "db1", "other"]}
        grains = {"os": "Debian"}
        return [
            rid
            for rid in resources["host"]
            if self._resource_matches_compound(t["tgt"], "host:" + rid, grains, resources)
        ]


def answer(question):
    folder = question["folder"]
    checks = master(folder, question["minions"])
    minions = [Minion(folder, m) for m in question["minions"]]
    ids = {m["id"] for m in question["minions"]}
    out = []
    for t in question["targets"]:
        found = checks.check_minions(t["tgt"], t["type"], t["delimiter"] or ":")["minions"]
        out.append(
            {
                "master": sorted(set(found) & ids),
                "minions": sorted(m.opts["id"] for m in minions if m.meant(t)),
                "resources": Managing().meant(t) if t["type"] == "compound" else [],
            }
        )
    return out


json.dump(answer(json.load(sys.stdin)), sys.stdout)
