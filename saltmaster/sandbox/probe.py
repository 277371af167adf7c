"""Wait until a Salt master answers and all named minions have returned a ping.

Usage: probe.py TRANSPORT CERTFILE HOST RET_PORT SOCK_DIR BUS KEYFILE USER [MINION...]

Prints one line per step: "master", then "minion ID" for each. TRANSPORT and
SOCK_DIR are Salt's options; CERTFILE is the certificate and key for its TLS, "" without. BUS is the path of the event bus's socket, or the number of its port when ipc_mode is tcp. Requests
carry the key that Salt writes for its own user, so that the result does not
depend on any external_auth. Returns are recognised by their tags, which stand in
the clear in the bus's stream, so that its framing does not matter.
"""

import glob
import os
import socket
import ssl
import sys
import time

import msgpack

transport, certfile, host, ret_port, sock_dir, bus_address, keyfile, user = sys.argv[1:9]
missing = set(sys.argv[9:])
bus_host = "::1" if ":" in host else "127.0.0.1"


def request(load, wait):
    """Send one clear request; None when no answer came within wait milliseconds."""
    return exchange({"enc": "clear", "version": 3, "load": load}, wait / 1000)


def over_zeromq(message, seconds):
    req = context.socket(zmq.REQ)
    req.linger = 0
    try:
        req.ipv6 = ":" in host
        req.connect("tcp://%s:%s" % ("[%s]" % host if ":" in host else host, ret_port))
        req.send(msgpack.dumps(message))
        if not req.poll(seconds * 1000):
            return None
        return msgpack.loads(req.recv(), strict_map_key=False)
    finally:
        req.close()


def tls():
    if not certfile:
        return None
    settings = ssl.create_default_context(cafile=certfile)
    settings.check_hostname = False
    settings.load_cert_chain(certfile)
    return settings


def over_tcp(message, seconds):
    try:
        with socket.create_connection((host, ret_port), seconds) as plain:
            peer = tls().wrap_socket(plain) if certfile else plain
            peer.sendall(msgpack.dumps({"head": {"mid": 1}, "body": message}))
            unpacker = msgpack.Unpacker(strict_map_key=False)
            while data := peer.recv(1 << 16):
                unpacker.feed(data)
                for reply in unpacker:
                    return reply["body"]
    except OSError:
        time.sleep(0.05)
    return None


def over_ws(message, seconds):
    import asyncio

    import aiohttp

    async def exchange():
        async with aiohttp.ClientSession() as session:
            async with session.ws_connect("http%s://127.0.0.1:%s/ws" % ("s" if certfile else "", ret_port), ssl=tls()) as ws:
                await ws.send_bytes(msgpack.dumps(message))
                return msgpack.loads((await ws.receive()).data, strict_map_key=False)

    try:
        return asyncio.run(asyncio.wait_for(exchange(), seconds))
    except (OSError, asyncio.TimeoutError, aiohttp.ClientError):
        time.sleep(0.05)
    return None


if transport == "zeromq":
    import zmq

    context = zmq.Context()
exchange = {"zeromq": over_zeromq, "tcp": over_tcp, "ws": over_ws}[transport]


def await_listener(family, address):
    while True:
        with socket.socket(family) as connection:
            connection.settimeout(5)
            if connection.connect_ex(address) == 0:
                return
        time.sleep(0.05)


def await_workers():
    """Wait until the workers of a tcp master accept connections.

    A master of 3008 takes requests before its workers listen. If it holds two
    by then, each opens a connection to the workers, and from then on the master
    writes to the later one and reads from the other.
    """
    await_listener(socket.AF_INET6 if ":" in host else socket.AF_INET, (host, int(ret_port)))
    for path in glob.glob(os.path.join(sock_dir, "workers-*.ipc")):  # which are there before the port accepts
        await_listener(socket.AF_UNIX, path)


def open_bus():
    while True:
        if bus_address.isdigit():
            bus = socket.socket(socket.AF_INET6 if ":" in bus_host else socket.AF_INET)
            address = (bus_host, int(bus_address))
        else:
            bus, address = socket.socket(socket.AF_UNIX), bus_address
        try:
            bus.connect(address)
            bus.settimeout(0.05)
            return bus
        except OSError:
            bus.close()
            time.sleep(0.05)


def publish():
    """Ping the missing minions; returns the job's id, or None."""
    with open(keyfile) as file:
        key = file.read()
    answer = request(
        {
            "cmd": "publish", "tgt": sorted(missing), "tgt_type": "list",
            "fun": "test.ping", "arg": [], "ret": "", "jid": "",
            "user": user, "key": key, "kwargs": {},
        },
        5000,
    )
    # The master makes no job for minions that it has not heard of yet.
    if isinstance(answer, dict) and isinstance(answer.get("load"), dict):
        return answer["load"].get("jid")
    return None


def say(text):
    print(text, flush=True)


if transport == "tcp":
    await_workers()
# A request sent before the master is up is lost on some of its versions, so ask
# again soon.
while not isinstance(request({"cmd": "ping"}, 500), dict):
    pass
say("master")

bus, seen, jids = open_bus(), b"", []
again = 0.0
while missing:
    if time.monotonic() >= again:
        jids += filter(None, [publish()])
        # A minion that was not connected yet misses the job, so ask again soon.
        again = time.monotonic() + 0.5
    try:
        data = bus.recv(1 << 16)
        if not data:
            bus = open_bus()
        seen = (seen + data)[-(1 << 18):]
    except TimeoutError:
        continue
    for minion in sorted(missing):
        tags = (b"salt/job/%s/ret/%s\n\n" % (j.encode(), minion.encode()) for j in jids)
        if any(tag in seen for tag in tags):
            missing.discard(minion)
            say("minion " + minion)
