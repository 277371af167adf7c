package operator

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/saltern-api/saltern/server"
	"github.com/saltern-api/saltern/server/tokens"
)

// socketFile is the socket in the state directory for the operator's commands
// to a running gateway. Only the gateway's own user and root have access to it.
const socketFile = "operator.sock"

const (
	requestTimeout = 30 * time.Second
	closeTimeout   = 2 * time.Second
)

// Server serves the operator's requests.
type Server struct {
	http *http.Server
	path string
	done sync.WaitGroup
}

// Serve opens the socket in the state directory, and serves requests until
// [Server.Close]. A client that can connect may do everything with tokens, so
// the socket appears only with the mode that keeps others out.
func Serve(dir string, service tokens.Tokens, log *slog.Logger) (*Server, error) {
	l, err := listenPrivately(dir, socketFile)
	if err != nil {
		return nil, fmt.Errorf("state_dir: %w", err)
	}
	s := &Server{path: filepath.Join(dir, socketFile), http: &http.Server{
		Handler:           server.Named(tokens.OperatorHandler(service)),
		ReadHeaderTimeout: requestTimeout,
		ReadTimeout:       requestTimeout,
		WriteTimeout:      requestTimeout,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}}
	s.done.Go(func() {
		if err := s.http.Serve(server.NamedListener(l)); !errors.Is(err, http.ErrServerClosed) {
			log.Error("the operator's socket has failed", slog.Any("error", err))
		}
	})
	return s, nil
}

// Close removes the socket, and lets running requests finish for a while.
func (s *Server) Close() {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	_ = os.Remove(s.path) // first: a command that starts now opens the store itself, once it is closed here
	_ = s.http.Shutdown(ctx)
	_ = s.http.Close()
	s.done.Wait()
}

// listenPrivately opens a socket with mode 0600. It is created in a directory
// that no other user can enter, and moved once its mode is set.
func listenPrivately(dir, name string) (net.Listener, error) {
	private, err := os.MkdirTemp(dir, ".socket-*") // mode 0700
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(private) //nolint:errcheck // it is empty by then
	path := filepath.Join(private, name)
	short, done, err := shortPath(path)
	if err != nil {
		return nil, err
	}
	defer done()
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: short, Net: "unix"})
	if err != nil {
		return nil, err
	}
	l.SetUnlinkOnClose(false) // it is moved away
	if err := errors.Join(os.Chmod(path, 0o600), os.Rename(path, filepath.Join(dir, name))); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// maxSocketPath is a length that every system accepts for the path of a socket.
const maxSocketPath = 100

// shortPath returns another path of the same file, if the first is too long for
// a socket. It is valid until done is called.
func shortPath(path string) (short string, done func(), err error) {
	if len(path) <= maxSocketPath {
		return path, func() {}, nil
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return "", nil, err
	}
	return fmt.Sprintf("/proc/self/fd/%d/%s", dir.Fd(), filepath.Base(path)), func() { _ = dir.Close() }, nil
}

// dial connects to the gateway that is running on a state directory. The error
// is [errNoGateway] if none is.
func dial(ctx context.Context, dir string) (net.Conn, error) {
	short, done, err := shortPath(filepath.Join(dir, socketFile))
	if err != nil {
		return nil, noGateway(err)
	}
	defer done()
	conn, err := new(net.Dialer).DialContext(ctx, "unix", short)
	return conn, noGateway(err)
}

var errNoGateway = errors.New("no gateway answers")
