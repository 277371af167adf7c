package redistest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/internal/freeport"
)

// RequireEnv is the environment variable that makes a missing redis-server a
// failure instead of a reason to skip.
const RequireEnv = "SALTERN_REQUIRE_REDIS"

// Options select the kind of server.
type Options struct {
	Durable bool // every write is on the disk before its reply
	Cluster bool // a cluster of one node, on a free port

	// Sentinel starts the server on a free port, and a sentinel on another.
	Sentinel bool
}

// masterName is the sentinel's name of the server.
const masterName = "primary"

// Server is a Redis server.
type Server struct {
	t       testing.TB
	opts    Options
	program string
	dir     string
	port    int // 0: only the socket
	cmd     *exec.Cmd

	sentinelPort int
	sentinel     *exec.Cmd
}

// Start starts a server, which ends with the test.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	program, err := exec.LookPath("redis-server")
	if err != nil {
		if os.Getenv(RequireEnv) != "" {
			t.Fatal("there is no redis-server here (Debian: apt-get install redis-server)")
		}
		t.Skip("there is no redis-server here (Debian: apt-get install redis-server)")
	}
	dir, err := os.MkdirTemp("", "redis-") // the path of t.TempDir is too long for a socket
	require.NoError(t, err)
	s := &Server{t: t, opts: o, program: program, dir: dir}
	t.Cleanup(func() {
		s.Kill()
		stop(t, s.sentinel)
		require.NoError(t, os.RemoveAll(dir))
	})
	if o.Cluster || o.Sentinel {
		s.port = freePort(t)
	}
	s.Start()
	if o.Sentinel {
		s.startSentinel()
	}
	if o.Cluster {
		s.takeAllSlots()
	}
	return s
}

// Start starts the server again after Kill, with the data it had.
func (s *Server) Start() {
	s.t.Helper()
	args := []string{
		"--dir", s.dir, "--unixsocket", s.socket(), "--unixsocketperm", "700",
		"--bind", "127.0.0.1", "--port", fmt.Sprint(s.port), "--save", "", "--loglevel", "warning",
	}
	if s.opts.Durable {
		args = append(args, "--appendonly", "yes", "--appendfsync", "always")
	}
	if s.opts.Cluster {
		args = append(args, "--cluster-enabled", "yes", "--cluster-port", fmt.Sprint(freePort(s.t)))
	}
	s.cmd = s.run(args...)
	s.await(s.socket(), func(ctx context.Context, c *goredis.Client) error { return c.Ping(ctx).Err() })
}

// Kill ends the server as kill -9 does.
func (s *Server) Kill() {
	s.t.Helper()
	stop(s.t, s.cmd)
	s.cmd = nil
}

func stop(t testing.TB, cmd *exec.Cmd) {
	t.Helper()
	if cmd == nil {
		return
	}
	require.NoError(t, cmd.Process.Kill())
	var exit *exec.ExitError
	require.ErrorAs(t, cmd.Wait(), &exit)
}

// run starts the program with its log in a file.
func (s *Server) run(args ...string) *exec.Cmd {
	s.t.Helper()
	cmd := exec.Command(s.program, args...)
	log, err := os.OpenFile(filepath.Join(s.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	require.NoError(s.t, err)
	defer log.Close() //nolint:errcheck // the program has it
	cmd.Stdout, cmd.Stderr = log, log
	require.NoError(s.t, cmd.Start())
	return cmd
}

// startSentinel starts the sentinel, which stores its state in a file.
func (s *Server) startSentinel() {
	s.t.Helper()
	s.sentinelPort = freePort(s.t)
	path := filepath.Join(s.dir, "sentinel.conf")
	text := fmt.Sprintf("dir %s\nbind 127.0.0.1\nport %d\nsentinel monitor %s 127.0.0.1 %d 1\n",
		s.dir, s.sentinelPort, masterName, s.port)
	require.NoError(s.t, os.WriteFile(path, []byte(text), 0o600))
	s.sentinel = s.run(path, "--sentinel")
	s.await(fmt.Sprintf("127.0.0.1:%d", s.sentinelPort), func(ctx context.Context, c *goredis.Client) error {
		return c.Do(ctx, "SENTINEL", "get-master-addr-by-name", masterName).Err()
	})
}

// Process returns the process of the server, for signals.
func (s *Server) Process() *os.Process { return s.cmd.Process }

// Client returns the client options for this server.
func (s *Server) Client() goredis.UniversalOptions {
	o := goredis.UniversalOptions{Addrs: []string{s.socket()}}
	switch {
	case s.opts.Sentinel:
		o.Addrs = []string{fmt.Sprintf("127.0.0.1:%d", s.sentinelPort)}
		o.MasterName = masterName
	case s.opts.Cluster:
		o.Addrs = []string{fmt.Sprintf("127.0.0.1:%d", s.port)}
		o.IsClusterMode = true
	}
	return o
}

func (s *Server) socket() string { return filepath.Join(s.dir, "redis.sock") }

// takeAllSlots makes the node a cluster of one.
func (s *Server) takeAllSlots() {
	s.await(s.socket(), func(ctx context.Context, c *goredis.Client) error {
		return c.ClusterAddSlotsRange(ctx, 0, 16383).Err()
	})
	s.await(s.socket(), func(ctx context.Context, c *goredis.Client) error {
		info, err := c.ClusterInfo(ctx).Result()
		if err == nil && !strings.Contains(info, "cluster_state:ok") {
			err = errors.New("the cluster is not ready")
		}
		return err
	})
}

// await retries until there is no error.
func (s *Server) await(addr string, try func(context.Context, *goredis.Client) error) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	c := goredis.NewClient(&goredis.Options{
		Addr: addr, DialerRetries: 1, MaxRetries: -1,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	})
	defer c.Close() //nolint:errcheck // it only asked
	for {
		err := try(ctx, c)
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			log, _ := os.ReadFile(filepath.Join(s.dir, "log"))
			s.t.Fatalf("redis-server is not ready: %v\n%s", err, log)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func freePort(t testing.TB) int {
	t.Helper()
	port, err := freeport.Find()
	require.NoError(t, err)
	return port
}
