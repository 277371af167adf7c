"""Run a Python program with libpam reading its service files from one folder.

Usage: pam_launcher.py FOLDER PROGRAM [ARGUMENT...]

The program is Salt's own PAM helper, unchanged. It looks up pam_start in libpam
through ctypes; it is given libpam's pam_start_confdir (Linux-PAM 1.4) with the
folder filled in.
"""

import ctypes
import runpy
import sys

folder, program = sys.argv[1:3]
confdir = folder.encode()


class PrivatePAM(ctypes.CDLL):
    def __getattr__(self, name):
        if name != "pam_start":
            return super().__getattr__(name)
        real = self.pam_start_confdir
        real.restype = ctypes.c_int

        def pam_start(service, user, conversation, handle):
            return real(service, user, conversation, confdir, handle)

        self.pam_start = pam_start
        return pam_start


ctypes.CDLL = PrivatePAM
sys.argv[:] = sys.argv[2:]
runpy.run_path(program, run_name="__main__")
