package readable_test

import (
	"fmt"
	"io"
	"net"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/saltern-api/saltern/internal/readable"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// called is a waiter that shows that it was called.
type called chan struct{}

func (c called) Readable() { close(c) }

// running returns a set that runs until the test has ended.
func running(tb testing.TB) *readable.Set {
	tb.Helper()
	set, err := readable.New()
	require.NoError(tb, err)
	ended := make(chan error)
	go func() { ended <- set.Run() }()
	tb.Cleanup(func() {
		require.NoError(tb, set.Close())
		require.NoError(tb, <-ended)
	})
	return set
}

// pair returns both sides of a connection.
func pair(tb testing.TB) (ours, theirs *net.TCPConn) {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(tb, err)
	defer l.Close() //nolint:errcheck // it is not used any more
	far, err := net.Dial("tcp", l.Addr().String())
	require.NoError(tb, err)
	tb.Cleanup(func() { _ = far.Close() })
	near, err := l.Accept()
	require.NoError(tb, err)
	tb.Cleanup(func() { _ = near.Close() })
	return near.(*net.TCPConn), far.(*net.TCPConn)
}

func TestSet(t *testing.T) {
	t.Parallel()
	for name, happens := range map[string]func(theirs *net.TCPConn) error{
		"bytes come": func(theirs *net.TCPConn) error {
			_, err := theirs.Write([]byte("x"))
			return err
		},
		"the peer closes":           (*net.TCPConn).Close,
		"the peer has nothing more": (*net.TCPConn).CloseWrite,
		"the peer resets":           func(theirs *net.TCPConn) error { _ = theirs.SetLinger(0); return theirs.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, before := range []bool{false, true} {
				set := running(t)
				ours, theirs := pair(t)
				if before {
					require.NoError(t, happens(theirs))
				}
				w := make(called)
				id, err := set.Add(ours, w)
				require.NoError(t, err)
				if !before {
					require.True(t, isOpen(w))
					require.NoError(t, happens(theirs))
				}
				<-w
				require.False(t, set.Remove(id), "it was called")
			}
		})
	}
}

func isOpen(c called) bool {
	select {
	case <-c:
		return false
	default:
		return true
	}
}

// Each of many is called once, and those that are removed are not.
func TestMany(t *testing.T) {
	t.Parallel()
	const n = 500
	set := running(t)
	var all [n]called
	var far [n]*net.TCPConn
	for i := range all {
		var ours *net.TCPConn
		ours, far[i] = pair(t)
		all[i] = make(called)
		id, err := set.Add(ours, all[i])
		require.NoError(t, err)
		if i%2 == 1 {
			require.True(t, set.Remove(id))
			require.False(t, set.Remove(id))
		}
	}
	for _, c := range far {
		_, err := c.Write([]byte("twice"))
		require.NoError(t, err)
	}
	for i, w := range all {
		if i%2 == 0 {
			<-w
		}
	}
	for i, w := range all {
		require.Equal(t, i%2 == 1, isOpen(w))
	}
}

// A connection that is closed is not waited for, and none after Close.
func TestClosed(t *testing.T) {
	t.Parallel()
	set := running(t)
	ours, _ := pair(t)
	require.NoError(t, ours.Close())
	_, err := set.Add(ours, make(called))
	require.ErrorIs(t, err, net.ErrClosed)

	other, err := readable.New()
	require.NoError(t, err)
	require.NoError(t, other.Close())
	require.NoError(t, other.Run())
	ours, _ = pair(t)
	_, err = other.Add(ours, make(called))
	require.Error(t, err)
}

// wrapped is a connection around another one.
type wrapped struct{ net.Conn }

func (w wrapped) NetConn() net.Conn { return w.Conn }

// A shared set is there as long as somebody uses it, also again.
func TestShared(t *testing.T) {
	t.Parallel()
	var set readable.Shared
	var running sync.WaitGroup
	for range 3 {
		set.Enter(func(f func()) { running.Go(f) })
		set.Enter(func(func()) { t.Error("a second one") })
		ours, theirs := pair(t)
		w := make(called)
		id := set.Add(wrapped{wrapped{ours}}, w)
		require.NotZero(t, id)
		require.NoError(t, theirs.Close())
		<-w
		require.False(t, set.Remove(id))

		ours, _ = pair(t)
		id = set.Add(ours, w)
		require.NotZero(t, id)
		require.True(t, set.Remove(id))

		near, far := net.Pipe()
		require.Zero(t, set.Add(near, w), "it is none of the system")
		require.NoError(t, near.Close())
		require.NoError(t, far.Close())
		set.Leave()
		set.Leave()
		running.Wait()
	}
	ours, _ := pair(t)
	require.Zero(t, set.Add(ours, make(called)), "nobody uses it")
	require.False(t, set.Remove(1))
}

// greeting is a waiter that reads.
type greeting struct {
	conn net.Conn
	got  chan string
}

func (g greeting) Readable() {
	var b [5]byte
	n, _ := io.ReadFull(g.conn, b[:])
	g.got <- string(b[:n])
}

// A connection is read when its peer has sent something.
func Example() {
	set, err := readable.New()
	if err != nil {
		panic(err)
	}
	defer set.Close()             //nolint:errcheck // nothing is lost
	go func() { _ = set.Run() }() // until set.Close

	listener, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		panic(err)
	}
	defer listener.Close() //nolint:errcheck // nothing is lost
	peer, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		panic(err)
	}
	defer peer.Close() //nolint:errcheck // nothing is lost
	conn, err := listener.AcceptTCP()
	if err != nil {
		panic(err)
	}
	defer conn.Close() //nolint:errcheck // nothing is lost

	w := greeting{conn, make(chan string)}
	if _, err := set.Add(conn, w); err != nil {
		panic(err)
	}
	fmt.Fprint(peer, "hello")
	fmt.Println(<-w.got)
	// Output: hello
}
