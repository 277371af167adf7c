"""The part of the Python package redis that Salt's modules use, over a Unix socket.

Each method is the command of its name. Salt's own modules with it keep their data in
a real server: redis_cache, and tokens in rediscluster.
"""

import socket

from redis import exceptions


class Redis:
    def __init__(self, host=None, port=None, unix_socket_path=None, **_):
        self.path = unix_socket_path or host

    def _send(self, commands):
        sock = socket.socket(socket.AF_UNIX)
        try:
            sock.settimeout(10)
            sock.connect(self.path)
            sock.sendall(b"".join(_packed(c) for c in commands))
            with sock.makefile("rb") as replies:
                return [_reply(replies) for _ in commands]
        except OSError as err:
            raise exceptions.ConnectionError(str(err)) from err
        finally:
            sock.close()

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        return lambda *args, **kwargs: _result(name, self._send([_command(name, args, kwargs)])[0])

    def pipeline(self, **_):
        return Pipeline(self)


class Pipeline:
    def __init__(self, server):
        self._server, self._commands = server, []

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        return lambda *args, **kwargs: self._commands.append((name, _command(name, args, kwargs)))

    def execute(self):
        commands, self._commands = self._commands, []
        replies = self._server._send([c for _, c in commands])
        return [_result(name, r) for (name, _), r in zip(commands, replies)]


StrictRedis = Redis


def _command(name, args, kwargs):
    words = [{"delete": "DEL"}.get(name, name.upper())]
    if name == "zadd":  # a key, and a dict of members and scores
        words.append(args[0])
        for member, score in args[1].items():
            words += [score, member]
    else:
        words += args
    if name == "keys" and not args:
        words.append("*")
    if kwargs.get("bylex"):
        words.append("BYLEX")
    return words


def _packed(words):
    out = b"*%d\r\n" % len(words)
    for w in words:
        if not isinstance(w, bytes):
            w = str(w).encode()
        out += b"$%d\r\n%s\r\n" % (len(w), w)
    return out


def _reply(stream):
    line = stream.readline()
    kind, rest = line[:1], line[1:-2]
    if kind == b"+":
        return rest
    if kind == b"-":
        raise exceptions.ResponseError(rest.decode())
    if kind == b":":
        return int(rest)
    if kind == b"$":
        return None if rest == b"-1" else stream.read(int(rest) + 2)[:-2]
    if kind == b"*":
        return [_reply(stream) for _ in range(int(rest))]
    raise exceptions.ConnectionError("the connection has ended")


def _result(name, reply):
    if name == "hgetall":
        return dict(zip(reply[::2], reply[1::2]))
    if name == "smembers":
        return set(reply)
    if name in ("sismember", "hexists"):
        return bool(reply)
    return reply
