"""The part of the Python package psycopg2 that Salt's returner pgjsonb uses, over a Unix socket.

Salt's own module with it keeps jobs in a real server, which asks for no password. Each
statement is a transaction of its own.
"""

import json
import socket
import struct

from psycopg2 import extras

JSONB = 3802  # the type's number


class DatabaseError(Exception):
    pass


class OperationalError(DatabaseError):
    pass


def connect(host=None, port=None, dbname=None, user=None, **_):
    return _Connection("%s/.s.PGSQL.%s" % (host, port), {"user": user, "database": dbname})


class _Connection:
    server_version = 150000

    def __init__(self, path, names):
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(10)
        try:
            self._socket.connect(path)
        except OSError as err:
            raise OperationalError(str(err)) from err
        self._messages = self._socket.makefile("rb")
        words = b"".join(_text(word) for pair in names.items() for word in pair)
        self._exchange(b"", struct.pack("!I", 3 << 16) + words + b"\0")

    def cursor(self):
        return _Cursor(self)

    def close(self):
        self._messages.close()
        self._socket.close()

    def _exchange(self, kind, body):
        """Send a message, and return the rows of what is answered."""
        self._socket.sendall(kind + struct.pack("!I", 4 + len(body)) + body)
        types, rows, error = [], [], None
        while True:
            kind, size = struct.unpack("!cI", self._messages.read(5))
            body = self._messages.read(size - 4)
            if kind == b"T":
                types = _types(body)
            elif kind == b"D":
                rows.append(_row(types, body))
            elif kind == b"E":
                error = DatabaseError(body.decode(errors="replace"))
                if body.startswith(b"SFATAL"):
                    raise OperationalError(error)
            elif kind == b"Z":  # it is ready for more
                if error:
                    raise error
                return rows


class _Cursor:
    def __init__(self, connection):
        self.connection, self._rows = connection, []

    def execute(self, sql, values=None):
        if isinstance(values, dict):
            sql = sql % {name: _quoted(value) for name, value in values.items()}
        elif values:
            sql = sql % tuple(_quoted(value) for value in values)
        self._rows = self.connection._exchange(b"Q", _text(sql))

    def fetchone(self):
        return self._rows.pop(0) if self._rows else None

    def fetchall(self):
        rows, self._rows = self._rows, []
        return rows


def _text(word):
    return word.encode() + b"\0"


def _quoted(value):
    if isinstance(value, extras.Json):
        value = json.dumps(value.adapted)
    if isinstance(value, (bool, int, float)):
        return str(value)
    return "'%s'" % value.replace("'", "''")


def _types(body):
    types, rest = [], body[2:]
    for _ in range(struct.unpack("!H", body[:2])[0]):
        rest = rest[rest.index(b"\0") + 1 :]
        types.append(struct.unpack("!I", rest[6:10])[0])
        rest = rest[18:]
    return types


def _row(types, body):
    row, rest = [], body[2:]
    for kind in types:
        size = struct.unpack("!i", rest[:4])[0]
        text, rest = (None, rest[4:]) if size < 0 else (rest[4 : 4 + size].decode(), rest[4 + size :])
        row.append(json.loads(text) if kind == JSONB and text is not None else text)
    return tuple(row)
