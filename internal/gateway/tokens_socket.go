package gateway

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
)

// operatorSocket is where in the state folder the running gateway takes the
// operator's commands. Only the gateway's own user and root get at it.
const operatorSocket = "operator.sock"

const (
	operatorTimeout = 30 * time.Second
	lastOrders      = 2 * time.Second
)

// operatorServer answers the operator.
type operatorServer struct {
	http *http.Server
	path string
	done sync.WaitGroup
}

// serveOperator opens the socket. Whoever can connect to it may do everything
// with tokens, so it is nowhere to be seen before nobody else can.
func serveOperator(dir string, tokens server.Tokens, log *slog.Logger) (*operatorServer, error) {
	l, err := listenPrivately(dir, operatorSocket)
	if err != nil {
		return nil, fmt.Errorf("state_dir: %w", err)
	}
	s := &operatorServer{path: filepath.Join(dir, operatorSocket), http: &http.Server{
		Handler:           server.Named(server.OperatorHandler(tokens)),
		ReadHeaderTimeout: operatorTimeout,
		ReadTimeout:       operatorTimeout,
		WriteTimeout:      operatorTimeout,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}}
	s.done.Go(func() {
		if err := s.http.Serve(server.NamedListener(l)); !errors.Is(err, http.ErrServerClosed) {
			log.Error("the operator's socket has failed", slog.Any("error", err))
		}
	})
	return s, nil
}

func (s *operatorServer) close(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, lastOrders)
	defer cancel()
	_ = os.Remove(s.path) // first: who comes now opens the store, once we let go of it
	_ = s.http.Shutdown(ctx)
	_ = s.http.Close()
	s.done.Wait()
}

// listenPrivately makes a socket with mode 0600. It is made in a folder that
// only we can enter, and moved when its mode is right.
func listenPrivately(dir, name string) (net.Listener, error) {
	nursery, err := os.MkdirTemp(dir, ".socket-*") // mode 0700
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(nursery) //nolint:errcheck // it is empty by then
	born := filepath.Join(nursery, name)
	short, done, err := shortPath(born)
	if err != nil {
		return nil, err
	}
	defer done()
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: short, Net: "unix"})
	if err != nil {
		return nil, err
	}
	l.SetUnlinkOnClose(false) // it will not be there any more
	if err := errors.Join(os.Chmod(born, 0o600), os.Rename(born, filepath.Join(dir, name))); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// maxSocketPath is what every system takes for the path of a socket.
const maxSocketPath = 100

// shortPath is another path of the same file, where the first is too long for
// a socket's. It works until done is called.
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

// dialOperator connects to the gateway that runs on a state folder. The error
// is [errNoGateway] when none does.
func dialOperator(ctx context.Context, dir string) (net.Conn, error) {
	short, done, err := shortPath(filepath.Join(dir, operatorSocket))
	if err != nil {
		return nil, noGateway(err)
	}
	defer done()
	conn, err := new(net.Dialer).DialContext(ctx, "unix", short)
	return conn, noGateway(err)
}

var errNoGateway = errors.New("no gateway answers")
