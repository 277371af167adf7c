"""Calls of pepper's library. Prints the name of each that answered well.

Usage: pepper_library.py URL USER PASSWORD EAUTH
"""

import json
import sys
import time

import pepper

url, user, password, eauth = sys.argv[1:]
everyone = ["ms--0", "ms--1", "ms--2"]


def check(name, ok, answer):
    if not ok:
        sys.exit("{0}: {1}".format(name, answer))
    print(name, flush=True)


api = pepper.Pepper(url)
api.login(user, password, eauth)

# The library still calls the kind of a target expr_form.
answer = api.local("*", "test.arg", arg=["one"], kwarg={"two": 2}, timeout=10)
check("local", sorted(answer["return"][0]) == everyone, answer)

answer = api.local_async("*", "test.ping")
job = answer["return"][0]
check("local_async", sorted(job["minions"]) == everyone, answer)

answer = api.local_batch("*", "test.ping", batch="50%")
names = [name for part in answer["return"] for name in part]
check("local_batch", sorted(names) == everyone, answer)

answer = api.runner("test.arg", arg=["one"], two=2)
check("runner", answer["return"][0]["args"] == ["one"], answer)

for _ in range(50):
    answer = api.lookup_jid(job["jid"])
    if len(answer["return"][0]) == len(everyone):
        break
    time.sleep(0.2)
check("lookup_jid", sorted(answer["return"][0]) == everyone, answer)

answer = api.wheel("key.list_all")
check("wheel", sorted(answer["return"][0]["data"]["return"]["minions"]) == everyone, answer)

answer = {path: api.req_get(path) for path in ("/keys", "/minions/ms--1", "/jobs/" + job["jid"])}
check(
    "get",
    answer["/keys"]["return"]["minions"] == everyone
    and answer["/minions/ms--1"]["return"][0]["ms--1"]["id"] == "ms--1"
    and answer["/jobs/" + job["jid"]]["info"][0]["Function"] == "test.ping",
    answer,
)

stream = api.req_stream("/events")
jid, seen = None, set()
for line in stream.iter_lines(chunk_size=1):
    if jid is None:  # the stream has begun
        jid = api.local_async("*", "test.ping")["return"][0]["jid"]
    if line.startswith(b"data: "):
        event = json.loads(line[len("data: ") :])
        if event["tag"].startswith("salt/job/{0}/ret/".format(jid)):
            seen.add(event["data"]["id"])
    if sorted(seen) == everyone:
        break
stream.close()
check("events", True, None)
