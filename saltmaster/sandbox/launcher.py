"""Run a program of Salt's whose loaders remember which module files there are.

Usage: launcher.py PROGRAM [ARGUMENT...]

A minion makes its loaders anew for every job, and salt-api for every request.
Each lists and sorts the files of Salt's module folders, some thousands, which
is two thirds of what a request costs. Here a loader takes over what the one
before it found, as long as none of the folders has changed.

Each loader also asks several times whether Salt's options are empty, for which
Salt 3008 counts them all. Here the first option is enough.

Python looks for garbage after each 700 new objects, of which Salt's modules alone
are hundred times as many. Here it does so less often.
"""

import gc
import os
import runpy
import sys
import time

from salt.loader.lazy import LazyLoader

gc.set_threshold(50_000, 20, 20)
refresh = LazyLoader._refresh_file_mapping
known = {}


def stamp(folder):
    try:
        found = os.stat(folder)
    except OSError:
        return 0, 0
    return found.st_ino, found.st_mtime_ns


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
    # A file that comes within the clock's tick would not change the stamp.
    if all(now - changed > 1_000_000_000 for pair in stamps for _, changed in pair):
        known[key] = stamps, dict(self.file_mapping), dict(self.suffix_map), list(self.suffix_order)


LazyLoader._refresh_file_mapping = refresh_once
try:
    from salt.utils.optsdict import OptsDict
except ImportError:  # before 3008
    pass
else:
    OptsDict.__bool__ = lambda self: any(key in self for key in self._get_all_keys())
del sys.argv[0]
runpy.run_path(sys.argv[0], run_name="__main__")
