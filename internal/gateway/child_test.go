package gateway

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/saltern-api/saltern/internal/gateway/config"
	"github.com/saltern-api/saltern/saltmaster/mastertest"
)

// The environment of a child: the master's configuration, the file of the
// settings, and the folder on whose place it mounts a small file system.
const (
	childMaster   = "SALTERN_TEST_GATEWAY_MASTER"
	childSettings = "SALTERN_TEST_GATEWAY_SETTINGS"
	childDisk     = "SALTERN_TEST_GATEWAY_DISK"
)

// child is a gateway in a process of its own, which can be killed.
type child struct {
	cmd         *exec.Cmd
	in          io.Writer
	out         *bufio.Reader
	main, admin string // its addresses
	ended       bool
}

// runChild is the process of a child. It reads lines: "fill" fills its file
// system, and "free" gives the room back.
func runChild(ctx context.Context) error {
	disk := os.Getenv(childDisk)
	if disk != "" {
		if err := unix.Mount("none", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
			return fmt.Errorf("own mounts: %w", err)
		}
		if err := unix.Mount("disk", disk, "tmpfs", 0, "size=8m"); err != nil {
			return fmt.Errorf("mount a disk: %w", err)
		}
	}
	c, err := config.Load(config.Files{MasterDir: os.Getenv(childMaster), Settings: os.Getenv(childSettings)})
	if err != nil {
		return err
	}
	g, err := New(ctx, c, slog.New(slog.NewTextHandler(os.Stderr, nil)))
	if err != nil {
		return err
	}
	defer g.Close()
	go func() {
		for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
			fmt.Fprintln(os.Stdout, order(lines.Text(), filepath.Join(disk, "filler")))
		}
	}()
	fmt.Fprintln(os.Stdout, g.Addrs()[0], g.server.AdminAddr())
	return g.Run(ctx)
}

// order obeys a line.
func order(line, filler string) string {
	if line == "free" {
		return fmt.Sprint(os.Remove(filler))
	}
	f, err := os.Create(filler)
	for err == nil {
		_, err = f.Write(make([]byte, 4096))
	}
	return fmt.Sprint(err)
}

// startChild starts a gateway before a master, with its state in a folder.
// It is killed at the end of the test.
func startChild(t *testing.T, master *mastertest.Master, dir, settings, disk string) *child {
	t.Helper()
	file := filepath.Join(dir, "saltern.yaml")
	require.NoError(t, os.WriteFile(file, []byte("state_dir: "+dir+"/state\nlisten: [{address: '127.0.0.1:0', tls: false}]\n"+
		"admin: {listen: '127.0.0.1:0'}\n"+settings), 0o600))
	c := &child{cmd: exec.CommandContext(t.Context(), os.Args[0])}
	c.cmd.Env = append(os.Environ(), childMaster+"="+master.ConfDir(), childSettings+"="+file, childDisk+"="+disk)
	log, err := os.OpenFile(filepath.Join(dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	require.NoError(t, err)
	defer log.Close() //nolint:errcheck // the process has its own
	c.cmd.Stderr = log
	if disk != "" {
		c.cmd.SysProcAttr = &syscall.SysProcAttr{
			Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
			UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
			GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
		}
	}
	c.in, err = c.cmd.StdinPipe()
	require.NoError(t, err)
	out, err := c.cmd.StdoutPipe()
	require.NoError(t, err)
	c.out = bufio.NewReader(out)
	if err := c.cmd.Start(); disk != "" && err != nil {
		t.Skipf("a process cannot have mounts of its own here: %v", err)
	} else {
		require.NoError(t, err)
	}
	t.Cleanup(func() { c.kill(t) })
	line, err := c.out.ReadString('\n')
	text, _ := os.ReadFile(log.Name())
	if disk != "" && strings.Contains(string(text), "operation not permitted") {
		t.Skipf("a file system cannot be mounted here: %s", text)
	}
	require.NoError(t, err, "%s", text)
	_, err = fmt.Sscan(line, &c.main, &c.admin)
	require.NoError(t, err, line)
	require.Eventually(t, func() bool { return c.get(t, "/readyz") != "" && master.Subscribers() > 0 }, time.Minute, 10*time.Millisecond)
	return c
}

// kill kills the process, without a chance for it to write anything.
func (c *child) kill(t *testing.T) {
	t.Helper()
	if c.ended {
		return
	}
	c.ended = true
	require.NoError(t, c.cmd.Process.Kill())
	_, _ = io.Copy(io.Discard, c.out)
	require.Error(t, c.cmd.Wait())
}

// order has the process obey a line, and returns what came of it.
func (c *child) order(t *testing.T, line string) string {
	t.Helper()
	_, err := fmt.Fprintln(c.in, line)
	require.NoError(t, err)
	said, err := c.out.ReadString('\n')
	require.NoError(t, err)
	return strings.TrimSpace(said)
}

// get returns what the admin listener says, or "" if it is no 200.
func (c *child) get(t *testing.T, path string) string {
	t.Helper()
	return c.send(t, http.MethodGet, "http://"+c.admin+path, "")
}

// post runs a chunk of the user bench, and returns the answer, or "" if it is no
// 200.
func (c *child) post(t *testing.T, chunk string) string {
	t.Helper()
	return c.send(t, http.MethodPost, "http://"+c.main+"/run",
		`[{`+chunk+`, "username": "bench", "password": "secret", "eauth": "sharedsecret"}]`)
}

func (c *child) send(t *testing.T, method, url, body string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return ""
	}
	defer resp.Body.Close() //nolint:errcheck // it was read
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Logf("%s %s: %d %s", method, url, resp.StatusCode, text)
		return ""
	}
	return string(text)
}
