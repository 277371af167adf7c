"""Records what a real Salt master answers on its request channel and what it says on its event bus.

It starts a master and one minion in a temporary folder, on free loopback ports, sends each request of CASES, and
writes requests, replies and the bytes that the event bus sent meanwhile, as hex in a readable JSON file:

    $SALTERN_SALT/salt-3008.5/bin/python record.py OUT.json

The release is that of the Python it runs with. Nothing of the machine gets into the file: names are neutral, and the
program refuses to write one that holds the machine's name or the folder's path.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

import msgpack
import salt.version
import zmq

RELEASE = salt.version.__version__
SECRET = "correct horse"
BIN = os.path.dirname(os.path.abspath(sys.executable))


def free_ports(n):
    socks = [socket.socket() for _ in range(n)]
    for s in socks:
        s.bind(("127.0.0.1", 0))
    ports = [s.getsockname()[1] for s in socks]
    for s in socks:
        s.close()
    return ports


def configure(root):
    pub, ret = free_ports(2)
    os.makedirs(root + "/master.d")
    os.makedirs(root + "/minion.d")
    master = {
        "id": "master",
        "user": "root",
        "root_dir": root,
        "sock_dir": root + "/sock",
        "interface": "127.0.0.1",
        "publish_port": pub,
        "ret_port": ret,
        "auto_accept": True,
        "worker_threads": 3,
        "sharedsecret": SECRET,
        "external_auth": {
            "sharedsecret": {
                "bench": [".*", "@runner", "@wheel", "@jobs"],
                "saltro": ["test.*"],
            }
        },
    }
    minion = {
        "id": "ms-0",
        "user": "root",
        "root_dir": root + "/ms-0",
        "sock_dir": root + "/ms-0/sock",
        "master": "127.0.0.1",
        "master_port": ret,
        "publish_port": pub,
    }
    for name, conf in (("master", master), ("minion", minion)):
        with open(f"{root}/{name}", "w") as f:
            json.dump(conf, f)  # JSON is YAML
    return ret


class Bus:
    """Collects the publisher's bytes."""

    def __init__(self, path):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(path)
        self.data = b""
        self.last = time.monotonic()
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        while chunk := self.sock.recv(1 << 16):
            self.data += chunk
            self.last = time.monotonic()

    def wait(self, text, start, seconds=30):
        end = time.monotonic() + seconds
        while text not in self.data[start:]:
            if time.monotonic() > end:
                raise SystemExit(f"{text} did not come: {self.data[start:][:2000]}")
            time.sleep(0.02)

    def settle(self, quiet):
        """Waits until nothing has come for quiet seconds."""
        begin = time.monotonic()
        while time.monotonic() - max(begin, self.last) < quiet:
            time.sleep(0.02)


class Master:
    def __init__(self, port):
        self.endpoint = f"tcp://127.0.0.1:{port}"
        self.ctx = zmq.Context()

    def ask(self, payload, seconds=30):
        sock = self.ctx.socket(zmq.REQ)
        sock.linger = 0
        sock.connect(self.endpoint)
        sock.send(payload)
        reply = sock.recv() if sock.poll(int(seconds * 1000)) else None
        sock.close()
        return reply


def dumps(value):
    return msgpack.packb(value, use_bin_type=False)


def clear(load, **change):
    return dumps({"enc": "clear", "load": load, "version": 3, **change})


def publish(jid, fun, arg=(), tgt="*", tgt_type="glob", creds=None, **change):
    load = {
        "cmd": "publish",
        "tgt": tgt,
        "fun": fun,
        "arg": list(arg),
        "tgt_type": tgt_type,
        "ret": "",
        "jid": jid,
        "user": "root",
        "kwargs": creds,
    }
    load.update(change)
    return clear({k: v for k, v in load.items() if v is not None})


def record(master, bus, root):
    cases = []

    def case(name, payload, until=(), seconds=30, quiet=0.6):
        """until: texts that must come on the bus before the case is over, and then quiet seconds without any."""
        print("case:", name, flush=True)
        start = len(bus.data)
        reply = master.ask(payload, seconds)
        for text in until:
            bus.wait(text, start)
        bus.settle(quiet)
        cases.append(
            {
                "name": name,
                "request": payload.hex(),
                "reply": None if reply is None else reply.hex(),
                "bus": bus.data[start:].hex(),
            }
        )
        return None if reply is None else msgpack.unpackb(reply, raw=False, strict_map_key=False)

    def login(user):
        return {"username": user, "password": SECRET, "eauth": "sharedsecret"}

    bad_login = {"username": "bench", "password": "wrong", "eauth": "sharedsecret"}
    unknown = {"token": "f" * 64}

    case("ping", clear({"cmd": "ping", "x": 1, "text": "é"}))
    case("version missing", dumps({"enc": "clear", "load": {"cmd": "ping"}}))
    case("version 2", clear({"cmd": "ping"}, version=2))
    case("enc missing", dumps({"load": {"cmd": "ping"}, "version": 3}))
    if not RELEASE.startswith("3007."):
        # There it has no answer, and the worker that took it none to anything that comes later.
        case("enc unknown", clear({"cmd": "ping"}, enc="no"))
    case("enc aes", clear(b"x", enc="aes"))
    case("load missing", dumps({"enc": "clear", "version": 3}))
    case("load not a map", clear("x"))
    case("payload not a map", dumps([1]))
    case("payload a string", dumps("x"))
    case("payload not msgpack", b"\xc1")
    case("payload cut short", clear({"cmd": "ping"})[:-3])
    case("payload with a rest", clear({"cmd": "ping"}) + b"\x01")
    case("payload empty", b"", seconds=3)
    case("no cmd", clear({"x": 1}))
    case("unknown cmd", clear({"cmd": "nope"}))
    case("hidden cmd", clear({"cmd": "rm_token", "token": "f" * 64}))

    bench = case("mk_token", clear({"cmd": "mk_token", **login("bench")}))
    saltro = case("mk_token of another user", clear({"cmd": "mk_token", **login("saltro")}))
    case("mk_token wrong password", clear({"cmd": "mk_token", **bad_login}))
    case("mk_token unknown user", clear({"cmd": "mk_token", **login("nobody")}))
    case("mk_token unknown eauth", clear({"cmd": "mk_token", **login("bench"), "eauth": "nope"}))
    case("get_token", clear({"cmd": "get_token", "token": bench["token"]}))
    case("get_token unknown", clear({"cmd": "get_token", **unknown}))
    case("get_token without token", clear({"cmd": "get_token"}))
    token = {"token": bench["token"]}
    readonly = {"token": saltro["token"]}

    def returned(jid):
        return [f"salt/job/{jid}/ret/ms-0".encode()]

    def jid(n):
        return f"2026010100000000{n:04d}"

    case("publish", publish(jid(1), "test.ping", creds=token), returned(jid(1)))
    case("publish with eauth", publish(jid(2), "test.ping", creds=login("bench")), returned(jid(2)))
    case(
        "publish with arguments",
        publish(jid(3), "test.arg", ["a", 1, None, {"__kwarg__": True, "k": [1.5]}], creds=readonly, tgt=["ms-0"], tgt_type="list"),
        returned(jid(3)),
    )
    case("publish without jid", publish("", "test.ping", creds=token), [b"/ret/ms-0"])
    case("publish a missing minion", publish(jid(4), "test.ping", tgt=["ms-0", "ms-9"], tgt_type="list", creds=token), returned(jid(4)))
    case("publish no match", publish(jid(5), "test.ping", tgt="zz", creds=token))
    case("publish no match in list", publish(jid(6), "test.ping", tgt=["zz"], tgt_type="list", creds=token))
    case("publish bad tgt_type", publish(jid(7), "test.ping", tgt_type="nope", creds=token))
    case("publish not permitted", publish(jid(8), "cmd.run", ["true"], creds=readonly))
    case("publish not permitted with eauth", publish(jid(9), "cmd.run", ["true"], creds=login("saltro")))
    case("publish unknown token", publish(jid(10), "test.ping", creds=unknown))
    case("publish wrong password", publish(jid(11), "test.ping", creds=bad_login))
    case("publish without credentials", publish(jid(12), "test.ping", creds={}))
    case("publish without kwargs", publish(jid(13), "test.ping"))
    case("publish without user", publish(jid(14), "test.ping", creds=token, user=None))
    case("publish without tgt_type", publish(jid(15), "test.ping", creds=token, tgt_type=None))
    case("publish unknown function", publish(jid(16), "test.nope", creds=token), returned(jid(16)))
    case("publish failing function", publish(jid(17), "test.exception", creds=token), returned(jid(17)))
    case("publish retcode", publish(jid(18), "test.retcode", [3], creds=token), returned(jid(18)))
    case("publish large return", publish(jid(19), "cmd.run", ["head -c 1500000 /dev/zero | tr '\\0' a", {"__kwarg__": True, "python_shell": True}], creds=token), returned(jid(19)))
    case("publish metadata", publish(jid(20), "test.ping", creds={**token, "metadata": {"a": 1}}), returned(jid(20)))
    # A job that still runs when find_job asks for it, and one that has ended.
    master.ask(publish(jid(21), "test.sleep", [6], creds=token))
    time.sleep(2)
    case("find_job running", publish(jid(22), "saltutil.find_job", [jid(21)], creds=readonly), returned(jid(22)))
    bus.wait(f"salt/job/{jid(21)}/ret/ms-0".encode(), 0)
    case("find_job ended", publish(jid(23), "saltutil.find_job", [jid(21)], creds=token), returned(jid(23)))

    def runner(fun, creds, arg=(), kwarg=None):
        return clear({"cmd": "runner", "fun": fun, "kwarg": {"arg": list(arg), "kwarg": kwarg or {}}, **creds})

    def wheel(fun, creds, arg=(), kwarg=None):
        return clear({"cmd": "wheel", "fun": fun, "arg": list(arg), "kwarg": kwarg or {}, **creds})

    done = [b"salt/run/", b"/ret"]
    case("runner", runner("test.arg", token, ["a", 1], {"k": True}), done)
    case("runner with eauth", runner("test.arg", login("bench")), done)
    case("runner unknown function", runner("no.such", token), quiet=3)
    case("runner bad arguments", runner("test.sleep", token, [], {"nope": 1}), quiet=3)
    case("runner no dot", runner("nodot", token))
    case("runner refused", runner("test.arg", readonly))
    case("runner refused with eauth", runner("test.arg", login("saltro")))
    case("runner unknown token", runner("test.arg", unknown))
    case("runner wrong password", runner("test.arg", bad_login))
    case("runner without credentials", runner("test.arg", {}))
    case("wheel", wheel("key.list_all", token), [b"salt/wheel/", b"/ret"])
    case("wheel with eauth", wheel("key.list_all", login("bench")), [b"salt/wheel/", b"/ret"])
    case("wheel unknown function", wheel("no.such", token))
    case("wheel refused", wheel("key.list_all", readonly))
    case("wheel unknown token", wheel("key.list_all", unknown))
    case("wheel without credentials", wheel("key.list_all", {}))
    return cases


def layout(root, bench_token):
    """The files that tell one release from another, relative to the folder."""
    tokens = root + "/var/cache/salt/master/tokens"
    name = next(n for n in sorted(os.listdir(tokens)) if n.startswith(bench_token))
    with open(f"{tokens}/{name}", "rb") as f:
        token = f.read()
    return {
        "sock_dir": sorted(os.listdir(root + "/sock")),
        "token_name": name,
        "token_file": token.hex(),
    }


def stop(procs):
    for p in procs:
        os.killpg(p.pid, signal.SIGTERM)
    for p in procs:
        try:
            p.wait(10)
        except subprocess.TimeoutExpired:
            pass
        try:
            os.killpg(p.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def main(out):
    root = tempfile.mkdtemp(prefix="rec")
    procs = []
    try:
        port = configure(root)
        env = {**os.environ, "LC_ALL": "C.UTF-8"}
        for daemon in ("salt-master", "salt-minion"):
            procs.append(
                subprocess.Popen([sys.executable, f"{BIN}/{daemon}", "-c", root], env=env, start_new_session=True)
            )
        end = time.monotonic() + 60
        while not os.path.exists(root + "/sock/master_event_pub.ipc"):
            if time.monotonic() > end:
                raise SystemExit("the master did not start")
            time.sleep(0.1)
        bus = Bus(root + "/sock/master_event_pub.ipc")
        bus.wait(b"salt/minion/ms-0/start", 0, 60)
        master = Master(port)
        cases = record(master, bus, root)
        token = next(c for c in cases if c["name"] == "mk_token")
        token = msgpack.unpackb(bytes.fromhex(token["reply"]), raw=False)["token"]
        text = json.dumps({"release": RELEASE, "files": layout(root, token), "cases": cases}, indent=1)
        # Tracebacks name the folder of Salt's source. A name of the same length keeps the lengths right.
        venv = os.path.dirname(BIN).encode()
        text = text.replace(venv.hex(), b"/opt/".ljust(len(venv), b"x").hex())
        for private in (root, socket.gethostname(), os.path.dirname(BIN)):
            if private.encode().hex() in text:
                raise SystemExit(f"the recording holds {private!r}")
        with open(out, "w") as f:
            f.write(text + "\n")
    finally:
        stop(procs)
        shutil.rmtree(root, ignore_errors=True)


if __name__ == "__main__":
    main(sys.argv[1])
