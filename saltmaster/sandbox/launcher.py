"""Run a program of Salt's with less of what it does again and again.

Usage: launcher.py PROGRAM [ARGUMENT...]

A minion makes its loaders anew for every job, and salt-api for every request.
Each lists and sorts the files of Salt's module folders, some thousands, which
is two thirds of what a request costs. Here a loader takes over what the one
before it found, as long as none of the folders has changed. What is installed with
Salt does not change while a program runs.

A loader also reads and runs its module files anew, and makes Python list all
folders again after each of them. Here the code of a file is kept as long as the
file has not changed, and a folder is listed again when it has changed.

Each loader also asks several times whether Salt's options are empty, for which
Salt 3008 counts them all. Here the first option is enough. It takes a lock for
each option that is read. Here that is for those alone that may be changed in place.

Salt looks through all installed packages for modules in them, twice a second at the
most. Here it does so again when one of the folders of packages has changed.

An idle minion looks three times a second for jobs and for states that wait for
others, and Salt 3008's five times for threads that have ended. Here it does once.

A master runs each runner in a process of its own, which makes a minion's loaders
first. Here the master makes them once before it starts its processes, so that
all of these know the files.

A worker of the master is as long with a login that fails as it was with the slowest one
before, which may be seconds on a busy machine, and as there are few workers, nothing
is answered meanwhile. Here it is no longer than it takes.

salt-api packs Salt itself for the hosts of salt-ssh, as small as it can. Here it takes
less time for it.

salt-api writes a file with a key anew for each request. Of several at once, one may
remove what another has just written, which is then answered with 500. Here they write
one after the other.

A master of 3008 with transport tcp takes requests before its workers listen. If it
holds two by then, as after a restart, each opens a connection to the workers, and
from then on the master writes to the later one and reads from the other: it answers
nothing but sign-ins. Here it takes requests when its workers listen.

Each connection keeps the stack that made it, with its lines of source, for a warning when
it is not closed. Here it keeps none.

Salt loads the library of its git file server, which starts git, whether there is such
a file server or not. Here it is not found.

Each time that a private key is read, its numbers are checked for being primes,
which takes longer than all signatures with it. Here they are taken as they are.

Python looks for garbage after each 700 new objects, of which Salt's modules alone
are hundred times as many. Here it does so less often, and neither while modules are
loaded nor among their objects.
"""

import gc
import sys

gc.disable()  # until the modules are there
sys.modules["git"] = None

import functools
import glob
import importlib
import os
import runpy
import socket
import tarfile
import threading
import time
import types
from importlib.machinery import FileFinder, SourceFileLoader

from cryptography.hazmat.primitives import serialization
from salt.loader.lazy import LazyLoader
from salt.transport import base as transport
from salt.utils import entrypoints

SECOND = 1_000_000_000  # in the unit of a stamp; a file that comes within the clock's tick would not change one
INSTALLED = sys.prefix + os.sep, sys.base_prefix + os.sep

stamps_kept = {}  # of folders that are installed


def stamp(folder):
    kept = stamps_kept.get(folder)
    if kept is not None:
        return kept
    try:
        found = os.stat(folder)
        made = found.st_ino, found.st_mtime_ns
    except OSError:
        made = 0, 0
    if folder.startswith(INSTALLED):
        stamps_kept[folder] = made
    return made


refresh = LazyLoader._refresh_file_mapping
known = {}


def refresh_once(self):
    key = (
        tuple(self.module_dirs), tuple(self.static_modules), frozenset(self.disabled),
        tuple(self.suffix_map), tuple(self.suffix_order),
    )
    now = time.time_ns()
    stamps = [(stamp(d), stamp(os.path.join(d, "__pycache__"))) for d in self.module_dirs]
    found = known.get(key)
    if found is not None and found[0] == stamps:
        self.file_mapping = dict(found[1])
        self.suffix_map = dict(found[2])
        self.suffix_order = list(found[3])
        return
    refresh(self)
    if all(now - changed > SECOND for pair in stamps for _, changed in pair):
        known[key] = stamps, dict(self.file_mapping), dict(self.suffix_map), list(self.suffix_order)


LazyLoader._refresh_file_mapping = refresh_once

get_code = SourceFileLoader.get_code
codes = {}


def get_code_once(self, fullname):
    path = self.get_filename(fullname)
    kept = codes.get(path)
    if kept is not None and path.startswith(INSTALLED):
        return kept[1]
    now = time.time_ns()
    try:
        found = os.stat(path)
    except OSError:
        return get_code(self, fullname)
    state = found.st_ino, found.st_size, found.st_mtime_ns
    if kept is not None and kept[0] == state:
        return kept[1]
    code = get_code(self, fullname)
    if now - found.st_mtime_ns > SECOND:
        codes[path] = state, code
    return code


SourceFileLoader.get_code = get_code_once

fill_cache = FileFinder._fill_cache
young = set()  # finders whose folder had just changed when they listed it


def fill_cache_and_note(self):
    if time.time_ns() - stamp(self.path or ".")[1] < SECOND:
        young.add(self)
    fill_cache(self)


def invalidate_young():
    for finder in list(young):
        young.discard(finder)
        finder.invalidate_caches()
    for path, finder in list(sys.path_importer_cache.items()):
        if finder is None:  # there was no such folder
            sys.path_importer_cache.pop(path, None)


FileFinder._fill_cache = fill_cache_and_note
importlib.invalidate_caches = invalidate_young

look_for_entry_points = entrypoints.iter_entry_points
entry_points = {}


def iter_entry_points_once(group, name=None):
    now = time.time_ns()
    stamps = [stamp(d) for d in sys.path]
    found = entry_points.get((group, name))
    if found is not None and found[0] == stamps:
        return found[1]
    listed = look_for_entry_points(group, name)
    if all(now - changed > SECOND for _, changed in stamps):
        entry_points[group, name] = stamps, listed
    return listed


entrypoints.iter_entry_points = iter_entry_points_once

try:
    from salt.utils.optsdict import OptsDict
except ImportError:  # before 3008
    pass
else:
    OptsDict.__bool__ = lambda self: any(key in self for key in self._get_all_keys())
    get_option = OptsDict.__getitem__
    immutable = {bool, bytes, float, int, str, tuple, type(None)}
    absent = object()

    def get_immutable(self, key):
        holder = self
        try:
            value = holder._local.get(key, absent)
            while value is absent and holder._parent is not None:
                holder = holder._parent
                value = holder._local.get(key, absent)
            if value is absent:
                value = holder._base.get(key, absent)
        except AttributeError:  # it is being unpickled
            pass
        else:
            if type(value) in immutable:
                return value
        return get_option(self, key)

    OptsDict.__getitem__ = get_immutable

transport.traceback = types.SimpleNamespace(format_stack=list)

serialization.load_pem_private_key = functools.partial(
    serialization.load_pem_private_key, unsafe_skip_rsa_key_validation=True
)

del sys.argv[0]
program = os.path.basename(sys.argv[0])
gc.set_threshold(50_000, 20, 20)
for module in {
    "salt-master": ["salt.master"],
    "salt-minion": ["salt.minion"],
    "salt-syndic": ["salt.minion"],
    "salt-api": ["salt.cli.api", "salt.runner", "salt.wheel", "cherrypy"],
}.get(program, []):
    importlib.import_module(module)
if program == "salt-master":
    from salt.auth import LoadAuth
    from salt.channel import server
    from salt.master import Master
    from salt.minion import MasterMinion

    start = Master.start

    def start_warm(self):
        MasterMinion(self.opts, states=False, rend=False)
        gc.freeze()
        start(self)

    Master.start = start_warm
    LoadAuth.time_auth = LoadAuth._LoadAuth__auth_call

    def await_listener(path):
        while True:
            with socket.socket(socket.AF_UNIX) as connection:
                if connection.connect_ex(path) == 0:
                    return
            time.sleep(0.05)

    if hasattr(server, "PoolRoutingChannel"):
        take_requests = server.PoolRoutingChannel.post_fork

        def take_requests_then(self, *args, **kwargs):
            if self.opts["transport"] == "tcp" and not kwargs.get("pool_name"):  # which a worker has
                for path in glob.glob(os.path.join(self.opts["sock_dir"], "workers-*.ipc")):
                    await_listener(path)
            take_requests(self, *args, **kwargs)

        server.PoolRoutingChannel.post_fork = take_requests_then
if program == "salt-api":
    from salt.daemons import masterapi

    tarfile.TarFile.gzopen.__func__.__defaults__ = "r", None, 1

    write_key = masterapi.mk_key
    writing = threading.Lock()

    def write_key_alone(*args, **kwargs):
        with writing:
            return write_key(*args, **kwargs)

    masterapi.mk_key = write_key_alone
if program == "salt-minion":
    from salt.minion import Minion

    add_periodic_callback = Minion.add_periodic_callback

    def add_slower(self, name, method, interval=1):
        return add_periodic_callback(self, name, method, max(interval, 1))

    Minion.add_periodic_callback = add_slower
gc.freeze()
gc.enable()
runpy.run_path(sys.argv[0], run_name="__main__")
