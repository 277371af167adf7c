package sshdtest

import (
	"bytes"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/saltern-api/saltern/internal/freeport"
)

// envRequire makes a missing sshd fail the test instead of skipping it.
const envRequire = "SALTERN_REQUIRE_SALT"

// Server is a running sshd.
type Server struct {
	Port int
	Key  string // the private key that it accepts
	User string
}

// config has no password and no PAM. Salt copies its files with sftp. A session has
// a home of its own, so that its shell does not read the user's files.
const config = `
ListenAddress 127.0.0.1:%d
HostKey %[2]s/host
AuthorizedKeysFile %[2]s/key.pub
StrictModes no
UsePAM no
PidFile none
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
Subsystem sftp internal-sftp
SetEnv HOME=%[2]s
`

// rootScript creates the directory that sshd requires when run as root, in a
// mount namespace of its own.
const rootScript = `[ -d /run/sshd ] || { mount -t tmpfs none /run && mkdir -m 755 /run/sshd; } || exit 1; exec "$0" "$@"`

// Start starts a server, which ends with the test.
func Start(t testing.TB) *Server {
	t.Helper()
	sshd := find(t, "sshd", "openssh-server")
	keygen := find(t, "ssh-keygen", "openssh-client")
	find(t, "ssh", "openssh-client")
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, name := range []string{"host", "key"} {
		if out, err := exec.Command(keygen, "-q", "-t", "ed25519", "-N", "", "-f", filepath.Join(dir, name)).CombinedOutput(); err != nil {
			t.Fatalf("ssh-keygen: %v\n%s", err, out)
		}
	}
	s := &Server{Port: freePort(t), Key: filepath.Join(dir, "key"), User: me.Username}
	path := filepath.Join(dir, "sshd_config")
	if err := os.WriteFile(path, fmt.Appendf(nil, config, s.Port, dir), 0o600); err != nil {
		t.Fatal(err)
	}
	s.run(t, sshd, path)
	return s
}

// Entry returns the server's entry in a roster: host, port, user, priv and
// more.
func (s *Server) Entry(more map[string]any) map[string]any {
	entry := map[string]any{"host": "127.0.0.1", "port": s.Port, "user": s.User, "priv": s.Key}
	maps.Copy(entry, more)
	return entry
}

func (s *Server) run(t testing.TB, sshd, config string) {
	t.Helper()
	args := []string{"-D", "-e", "-f", config}
	cmd := exec.Command(sshd, args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if os.Geteuid() == 0 {
		cmd = exec.Command("/bin/sh", append([]string{"-c", rootScript, sshd}, args...)...)
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Unshareflags: syscall.CLONE_NEWNS}
	}
	cmd.Dir = "/"
	cmd.Env = []string{"PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"} // sessions inherit it
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		missing(t, "sshd cannot be started: %v", err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(ended)
	}()
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		<-ended
	})
	for {
		if c, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(s.Port))); err == nil {
			_ = c.Close()
			return
		}
		select {
		case <-ended:
			missing(t, "sshd does not run here: %s", log.String())
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func find(t testing.TB, program, debian string) string {
	t.Helper()
	for _, dir := range []string{"/usr/sbin/", "/usr/bin/", "/usr/local/sbin/", "/usr/local/bin/"} {
		if path, err := exec.LookPath(dir + program); err == nil {
			return path // sshd requires its absolute path
		}
	}
	missing(t, "there is no %s (Debian: %s)", program, debian)
	return ""
}

func missing(t testing.TB, format string, args ...any) {
	t.Helper()
	if os.Getenv(envRequire) == "1" {
		t.Fatalf(format, args...)
	}
	t.Skipf(format, args...)
}

func freePort(t testing.TB) int {
	t.Helper()
	port, err := freeport.Find()
	if err != nil {
		t.Fatal(err)
	}
	return port
}
