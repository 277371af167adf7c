"""Ask Salt's own NetapiClient which calls of ssh it authorises. Its questions and answers are those of ssh_salt_test.go."""

import json
import logging
import os
import sys

import salt.config
import salt.netapi

logging.disable(logging.CRITICAL)


def remembering(check_minions):
    known = {}

    def ask(*args, **kwargs):
        key = repr((args, kwargs))
        if key not in known:
            known[key] = json.dumps(check_minions(*args, **kwargs))
        return json.loads(known[key])

    return ask


class Api:
    """The parts of salt-api that decide, beside the accepted minions and the roster of a folder."""

    def __init__(self, folder, minions, roster):
        os.makedirs(os.path.join(folder, "pki", "minions"))
        for name in minions:
            with open(os.path.join(folder, "pki", "minions", name), "w") as key:
                key.write("key")
        with open(os.path.join(folder, "roster"), "w") as out:
            json.dump({name: {"host": "127.0.0.1"} for name in roster}, out)
        opts = salt.config.master_config(os.path.join(folder, "master"))
        for name in ("root_dir", "cachedir", "sock_dir", "pki_dir", "extension_modules", "token_dir"):
            opts[name] = os.path.join(folder, name[:3])
        opts.update(user="root", config_dir=folder, external_auth={})
        self.client = salt.netapi.NetapiClient(opts)
        self.loadauth, self.checks = self.client.loadauth, self.client.ckminions
        # What a target matches stays the same, and takes Salt a while to find out.
        for checks in (self.checks, self.loadauth.ckminions):
            checks.check_minions = remembering(checks.check_minions)

    def set_up(self, setup):
        for part in (self.loadauth, self.checks, self.loadauth.ckminions):
            part.opts["external_auth"] = {"pam": setup["rules"]}
            part.opts.update(setup["options"])
        return [self.ask(c) for c in setup["calls"]]

    def ask(self, call):
        token = {"eauth": "pam", "name": call["user"], "groups": call["groups"]}
        if "auth_list" in call:
            token["auth_list"] = call["auth_list"]
        self.loadauth.get_tok = lambda _: token
        try:
            self.client._authorize_ssh(dict(call["low"], token="t"))
        except salt.exceptions.EauthAuthenticationError:
            return "refused"
        except Exception as exc:
            return "failed: {}".format(exc)
        return "allowed"


question = json.load(sys.stdin)
api = Api(question["folder"], question["minions"], question["roster"])
json.dump([api.set_up(s) for s in question["setups"]], sys.stdout)
