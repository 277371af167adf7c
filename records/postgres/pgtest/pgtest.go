package pgtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// RequireEnv is the environment variable that makes a missing PostgreSQL a
// failure instead of a reason to skip.
const RequireEnv = "SALTERN_REQUIRE_POSTGRES"

// patience is how long a server may take to start or to end on a busy machine.
const patience = time.Minute

// superuser is the name of the user that initdb makes.
const superuser = "saltern"

// Server is a PostgreSQL server.
type Server struct {
	t    testing.TB
	bin  string // the folder with its programs
	dir  string
	as   *syscall.Credential // nil: as the test
	cmd  *exec.Cmd
	next atomic.Int64 // number of the next database
}

// Start starts a server, which ends with the test.
func Start(t testing.TB) *Server {
	t.Helper()
	bin := find()
	if bin == "" {
		const none = "there is no PostgreSQL here (Debian: apt-get install postgresql)"
		if os.Getenv(RequireEnv) != "" {
			t.Fatal(none)
		}
		t.Skip(none)
	}
	dir, err := os.MkdirTemp("", "postgres-") // the path of t.TempDir is too long for a socket
	require.NoError(t, err)
	s := &Server{t: t, bin: bin, dir: dir}
	t.Cleanup(func() {
		s.stop(syscall.SIGINT)
		require.NoError(t, os.RemoveAll(dir))
	})
	if os.Getuid() == 0 {
		s.as = nobody(t)
		require.NoError(t, os.Chown(dir, int(s.as.Uid), int(s.as.Gid)))
	}
	init := s.command("initdb", "-D", s.data(), "-U", superuser, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
	out, err := init.CombinedOutput()
	require.NoError(t, err, "initdb: %s", out)
	s.Start()
	return s
}

// find returns the folder with PostgreSQL's programs, or "". Debian has those of
// the newest version, but does not put them in the path.
func find() string {
	if program, err := exec.LookPath("initdb"); err == nil {
		if program, err = filepath.EvalSymlinks(program); err == nil {
			return filepath.Dir(program)
		}
	}
	all, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil || len(all) == 0 {
		return ""
	}
	version := func(program string) int {
		n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(program))))
		return n
	}
	return filepath.Dir(slices.MaxFunc(all, func(a, b string) int { return version(a) - version(b) }))
}

// nobody returns the user that runs the server of a test that is run by root.
func nobody(t testing.TB) *syscall.Credential {
	t.Helper()
	u, err := user.Lookup("nobody")
	require.NoError(t, err)
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	require.NoError(t, err)
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	require.NoError(t, err)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

// command returns one of PostgreSQL's programs, with as little of the test's
// environment as it needs.
func (s *Server) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(s.bin, name), args...)
	cmd.Dir = s.dir
	cmd.Env = []string{"PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8", "HOME=" + s.dir}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.as}
	return cmd
}

// Start starts the server again after Kill, with the data it had.
func (s *Server) Start() {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	s.run()
	if err := s.await(ctx); err != nil {
		s.stop(syscall.SIGKILL)
		log, _ := os.ReadFile(filepath.Join(s.dir, "log"))
		s.t.Fatalf("PostgreSQL is not ready: %v\n%s", err, log)
	}
}

func (s *Server) run() {
	s.t.Helper()
	log, err := os.OpenFile(filepath.Join(s.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	require.NoError(s.t, err)
	defer log.Close() //nolint:errcheck // the program has it
	// Without fsync and whole pages in its log, what is written survives the end of
	// the server, but not of the machine.
	s.cmd = s.command("postgres", "-D", s.data(), "-k", s.dir, "-c", "listen_addresses=", "-c", "fsync=off",
		"-c", "shared_buffers=32MB", "-c", "max_connections=60", "-c", "log_min_messages=warning",
		"-c", "wal_level=minimal", "-c", "max_wal_senders=0", "-c", "full_page_writes=off", "-c", "autovacuum=off", "-c", "jit=off",
		"-c", "dynamic_shared_memory_type=mmap") // which leaves nothing in /dev/shm when it is killed
	s.cmd.Stdout, s.cmd.Stderr = log, log
	require.NoError(s.t, s.cmd.Start())
}

// await waits until the server answers or has ended.
func (s *Server) await(ctx context.Context) error {
	for {
		conn, err := pgx.Connect(ctx, s.url("postgres"))
		if err == nil {
			return conn.Close(ctx)
		}
		if ctx.Err() != nil {
			return err
		}
		var status syscall.WaitStatus
		if pid, waitErr := syscall.Wait4(s.cmd.Process.Pid, &status, syscall.WNOHANG, nil); waitErr != nil || pid != 0 {
			s.cmd = nil
			return errors.Join(errors.New("it has ended"), err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// Kill ends the server as kill -9 does, and waits for the end of all its processes:
// those of connections go on until they find out, and may answer until then.
func (s *Server) Kill() {
	s.t.Helper()
	if s.cmd == nil {
		return
	}
	segment := s.segment()
	s.stop(syscall.SIGKILL)
	for last := time.Now().Add(patience); s.isAttached(segment); time.Sleep(5 * time.Millisecond) {
		require.True(s.t, time.Now().Before(last), "processes of a server that was killed go on")
	}
}

// segment returns the id of the shared memory that all processes of the server are
// attached to. PostgreSQL itself finds out by it whether any are left.
func (s *Server) segment() string {
	s.t.Helper()
	text, err := os.ReadFile(filepath.Join(s.data(), "postmaster.pid"))
	require.NoError(s.t, err)
	lines := strings.Split(string(text), "\n")
	require.Greater(s.t, len(lines), 6)
	fields := strings.Fields(lines[6]) // key, id
	require.Len(s.t, fields, 2)
	return fields[1]
}

// isAttached reports whether a process is attached to shared memory.
func (s *Server) isAttached(segment string) bool {
	s.t.Helper()
	text, err := os.ReadFile("/proc/sysvipc/shm")
	require.NoError(s.t, err)
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(line); len(f) > 6 && f[1] == segment { // key, id, permissions, size, two processes, attached
			return f[6] != "0"
		}
	}
	return false
}

// stop ends the server with a signal, and waits for its end.
func (s *Server) stop(with os.Signal) {
	s.t.Helper()
	if s.cmd == nil {
		return
	}
	require.NoError(s.t, s.cmd.Process.Signal(with))
	_ = s.cmd.Wait() // it ends by the signal
	s.cmd = nil
}

// Database makes an empty database and returns its URL.
func (s *Server) Database(t testing.TB) string {
	t.Helper()
	return s.database(t, "template1")
}

// Copy makes a database with the content of another one, to which nothing may be
// connected, and returns its URL.
func (s *Server) Copy(t testing.TB, template string) string {
	t.Helper()
	u, err := url.Parse(template)
	require.NoError(t, err)
	return s.database(t, strings.Trim(u.Path, "/"))
}

func (s *Server) database(t testing.TB, template string) string {
	t.Helper()
	name := fmt.Sprint("test", s.next.Add(1))
	s.Exec(t, s.url("postgres"), "CREATE DATABASE "+name+" TEMPLATE "+template)
	return s.url(name)
}

// Exec runs statements in the database of a URL.
func (s *Server) Exec(t testing.TB, url string, statements ...string) {
	t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, url)
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close(ctx)) }()
	for _, text := range statements {
		_, err = conn.PgConn().Exec(ctx, text).ReadAll()
		require.NoError(t, err)
	}
}

// Dump returns the database of a URL as SQL, with an INSERT for each row and
// without the commands of psql.
func (s *Server) Dump(t testing.TB, url string) []byte {
	t.Helper()
	cmd := s.command("pg_dump", "--no-owner", "--inserts", "--dbname", url)
	var text, log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &text, &log
	require.NoError(t, cmd.Run(), "pg_dump: %s", &log)
	return regexp.MustCompile(`(?m)^(\\.*|--.*|SET .*|SELECT pg_catalog.set_config.*)?\n`).ReplaceAll(text.Bytes(), nil)
}

func (s *Server) url(database string) string {
	return fmt.Sprintf("postgres:///%s?host=%s&user=%s&connect_timeout=5&sslmode=disable", database, s.dir, superuser)
}
