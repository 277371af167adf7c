package sandbox

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// eachLauncher runs a test with a launcher of every Salt release that is installed.
func eachLauncher(t *testing.T, test func(t *testing.T, s *Sandbox)) {
	t.Helper()
	root := os.Getenv("SALTERN_SALT")
	versions := strings.Fields(os.Getenv("SALTERN_SALT_VERSIONS"))
	if root == "" {
		require.NotEqual(t, "1", os.Getenv("SALTERN_REQUIRE_SALT"), "SALTERN_SALT is not set")
		t.Skip("SALTERN_SALT is not set, so there is no real Salt to test against")
	}
	if len(versions) == 0 {
		found, err := filepath.Glob(filepath.Join(root, "salt-*"))
		require.NoError(t, err)
		for _, salt := range found {
			versions = append(versions, strings.TrimPrefix(filepath.Base(salt), "salt-"))
		}
	}
	for _, version := range versions {
		t.Run(version, func(t *testing.T) {
			s, err := prepare(Options{Salt: filepath.Join(root, "salt-"+version)})
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, s.Stop(context.Background())) })
			s.launcher, err = s.startLauncher()
			require.NoError(t, err)
			test(t, s)
		})
	}
}

// launch starts a program with the launcher.
func launch(t *testing.T, s *Sandbox, program string, args ...string) *process {
	t.Helper()
	file := filepath.Join(t.TempDir(), "program")
	require.NoError(t, os.WriteFile(file, []byte(program), 0o600))
	out, err := s.output("program")
	require.NoError(t, err)
	require.NoError(t, out.Close())
	p, err := s.launcher.start(t.Context(), out.Name(), append([]string{file}, args...))
	require.NoError(t, err)
	p.name, p.log = "program", out.Name()
	return p
}

// printed is what a program has printed when it has ended.
func printed(t *testing.T, p *process) string {
	t.Helper()
	<-p.done
	text, err := os.ReadFile(p.log)
	require.NoError(t, err)
	return string(text)
}

// A program is a process as it is when the shell has started it.
func TestLauncherProgram(t *testing.T) {
	const program = `
import atexit, os, signal, sys

def opened():
    for fd in map(int, os.listdir("/proc/self/fd")):
        try:
            name = os.readlink("/proc/self/fd/%d" % fd)
        except OSError:  # that of the list itself
            continue
        if fd <= 2 or name.startswith(("socket:", "anon_inode:")):  # others may be the tester's
            yield fd, name

atexit.register(print, "at exit")
print(__name__, os.path.basename(sys.argv[0]), sys.argv[1:], os.getcwd())
print(sys.stdin.read() == "", os.getpgrp() == os.getpid(), sorted(opened()))
print(sorted(s.name for s in signal.Signals if signal.getsignal(s) != signal.SIG_DFL), signal.pthread_sigmask(signal.SIG_BLOCK, []), signal.set_wakeup_fd(-1))
print(open("/proc/self/cmdline").read().strip("\0").endswith("program -c two words"))
print("\0SALTERN_SANDBOX=" + os.environ["SALTERN_SANDBOX"] + "\0" in open("/proc/self/environ").read())
print("to standard error", file=sys.stderr)
sys.exit("its last words")
`
	eachLauncher(t, func(t *testing.T, s *Sandbox) {
		p := launch(t, s, program, "-c", "two words")
		require.Equal(t, fmt.Sprintf("__main__ program ['-c', 'two words'] %s\n"+
			"True True [(0, '/dev/null'), (1, '%[2]s'), (2, '%[2]s')]\n"+
			"['SIGINT', 'SIGPIPE', 'SIGXFSZ'] set() -1\n"+ // which Python itself sets
			"True\nTrue\nto standard error\nits last words\nat exit\n", s.dir, p.log), printed(t, p))
		require.False(t, p.running())
	})
}

// Of what Salt makes when it runs, and of what is to differ from one program to another, programs share nothing.
func TestLauncherSharesNothing(t *testing.T) {
	const program = `
import asyncio, gc, os, random, sys, threading, uuid
import salt._logging, salt.loader.lazy, salt.utils.event, salt.utils.jid, zmq
import salt.crypt

print(os.listdir("/proc/self/task") == [str(os.getpid())], threading.enumerate() == [threading.main_thread()], gc.isenabled())
print(salt._logging.in_mainprocess(), salt.utils.jid.LAST_JID_DATETIME, len(salt.crypt.AsyncAuth.instance_map), zmq.Context._instance)
gc.unfreeze()
print([o for o in gc.get_objects() if isinstance(o, (
    asyncio.AbstractEventLoop, salt.loader.lazy.LazyLoader, salt.utils.event.SaltEvent, zmq.Context, zmq.Socket))])
print("random:", random.getrandbits(64), os.urandom(8), uuid.uuid4())
`
	eachLauncher(t, func(t *testing.T, s *Sandbox) {
		<-launch(t, s, program).done
		const state = "True True True\nTrue None 0 None\n[]\nrandom:"
		_, both, _ := strings.Cut(printed(t, launch(t, s, program)), state)
		one, other, found := strings.Cut(both, state)
		require.True(t, found, both)
		random := append(strings.Fields(one), strings.Fields(other)...)
		slices.Sort(random)
		require.Len(t, slices.Compact(random), 6)
	})
}

// The launcher ends with the process that started it, however this goes.
func TestLauncherEndsWithStarter(t *testing.T) {
	eachLauncher(t, func(t *testing.T, s *Sandbox) {
		require.NoError(t, s.launcher.conn.Close()) // as the kernel does
		require.NoError(t, s.launcher.cmd.Wait())
	})
}

// The end of each program is seen, however it ends, and not that of another.
func TestLauncherEnds(t *testing.T) {
	const program = "import os, time\nif os.fork(): time.sleep(600)\ntime.sleep(600)\n"
	eachLauncher(t, func(t *testing.T, s *Sandbox) {
		var all []*process
		for range 5 {
			all = append(all, launch(t, s, program))
		}
		require.NoError(t, all[1].kill())
		require.NoError(t, syscall.Kill(all[3].pid, syscall.SIGTERM))
		<-all[3].done
		require.NoError(t, all[3].kill(), "a fork of it is left")
		for i, p := range all {
			require.Equal(t, i != 1 && i != 3, p.running(), i)
		}
		require.NoError(t, stopAll(t.Context(), stopGrace, all...))
	})
}

// Without its launcher nothing is known of a program, and none can be started.
func TestLauncherGone(t *testing.T) {
	eachLauncher(t, func(t *testing.T, s *Sandbox) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := s.spawn(ctx, "minion", "salt-minion", "--version")
		require.ErrorIs(t, err, context.Canceled)
		p := launch(t, s, "import time; time.sleep(600)")
		require.NoError(t, s.launcher.cmd.Process.Kill())
		<-p.done
		require.True(t, p.running(), "it is seen among all processes")
		_, err = s.spawn(t.Context(), "minion", "salt-minion", "--version")
		require.ErrorContains(t, err, "start minion: the launcher has ended")
	})
}

// What the launcher keeps of module files is not used once they have changed, and new
// ones are found.
func TestLauncherSeesChanges(t *testing.T) {
	const program = `
import importlib, importlib.util, os, sys, time

folder = sys.argv[1]
sys.path.insert(0, folder)

def write(name, text, age=0):
    path = os.path.join(folder, name + ".py")
    with open(path, "w") as f:
        f.write(text)
    os.utime(path, (time.time() - age, time.time() - age))
    return path

def run(path):
    spec = importlib.util.spec_from_file_location("module", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.x

path = write("module", "x = 1", 60)
print(run(path), run(path))
write("module", "x = 2", 30)
print(run(path), run(path))
write("early", "x = 3")
import early
write("late", "x = 4")
importlib.invalidate_caches()
import late
print(early.x, late.x)
`
	eachLauncher(t, func(t *testing.T, s *Sandbox) {
		require.Equal(t, "1 1\n2 2\n3 4\n", printed(t, launch(t, s, program, t.TempDir())))
	})
}
