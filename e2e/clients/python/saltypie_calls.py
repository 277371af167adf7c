"""Calls of saltypie's public class. Prints the name of each that answered well.

Usage: saltypie_calls.py URL USER PASSWORD
"""

import sys

from saltypie import Salt
from saltypie.exceptions import SaltAuthenticationError

url, user, password = sys.argv[1:]
everyone = ["ms--0", "ms--1", "ms--2"]


def check(name, ok, answer):
    if not ok:
        sys.exit("{0}: {1}".format(name, answer))
    print(name, flush=True)


def only(answer):
    (first,) = answer["return"]
    return first


salt = Salt(url, user, password, trust_host=True)
salt.lookup_interval = 0.2
salt.login()
check("login", salt.token and not salt.token_is_expired, salt.token_expire)

answer = only(salt.execute("test.arg", target="*", args=["one"], kwargs={"two": 2}))
check(
    "execute",
    sorted(answer) == everyone
    and answer["ms--1"]["args"] == ["one"]
    and answer["ms--1"]["kwargs"]["two"] == 2,
    answer,
)

answer = only(salt.local(fun="test.ping", target="ms--0,ms--2", tgt_type="list"))
check("local, list", sorted(answer) == ["ms--0", "ms--2"], answer)

answer = only(salt.local(fun="test.ping", target="ms--0", returner="local_cache"))
check("local, returner", answer == {"ms--0": True}, answer)

answer = only(salt.local(fun="test.arg", target="ms--1", pillar={"color": "blue"}))
check("local, pillar", answer["ms--1"]["kwargs"]["pillar"] == {"color": "blue"}, answer)

answer = salt.execute("test.ping", target="ms--0", output=Salt.OUTPUT_RAW)
check("raw output", answer == b'{"return": [{"ms--0": true}]}', answer)

answer = only(salt.local_async(fun="test.ping", target="*"))
check("local_async", sorted(answer["minions"]) == everyone, answer)

answer = only(salt.local_async(wait=True, fun="test.ping", target="ms--1"))
check("local_async, waiting", answer == {"ms--1": True}, answer)

answer = salt.local_async(wait=True, fun="test.ping", target="nobody")
check("local_async without a minion", answer == {}, answer)

answer = only(salt.runner("test.arg", args=["one"], kwargs={"two": 2}))
check("runner", answer["args"] == ["one"] and answer["kwargs"]["two"] == 2, answer)

# The class has one signature for all clients, so a target can come with a
# runner, whose function does not take it.
answer = only(salt.runner("fileserver.envs", target="*", tgt_type="glob"))
check("runner with a target", answer == ["base"], answer)

answer = only(salt.runner_async(fun="manage.up"))
check("runner_async", answer["tag"] == "salt/run/" + answer["jid"], answer)

answer = only(salt.wheel("key.list_all"))
check("wheel", sorted(answer["data"]["return"]["minions"]) == everyone, answer)

answer = only(salt.wheel("key.list", kwargs={"match": "accepted"}))
check("wheel, keywords", sorted(answer["data"]["return"]["minions"]) == everyone, answer)

answer = salt.versions()
check("versions", answer["master"] and sorted(answer["minions"]) == everyone, answer)

answer = only(salt.highstate("ms--2"))
check("highstate", list(answer) == ["data", "outputter"] or list(answer) == ["outputter", "data"], answer)

answer = salt.get("keys").json()
check("get", sorted(answer["return"]["minions"]) == everyone, answer)

try:
    Salt(url, user, "wrong").login()
    check("wrong password", False, "let in")
except SaltAuthenticationError as error:
    check("wrong password", "Unable to authenticate" in str(error), error)
