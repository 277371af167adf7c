package readable

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// eventsAtOnce is how many connections that can be read are taken at once.
const eventsAtOnce = 128

// Waiter is what waits for a connection.
type Waiter interface {
	// Readable is called, in a goroutine of its own, when there is something to read, or
	// the peer has closed the connection, or it is broken.
	Readable()
}

// Set are connections that wait to be read. It is safe for concurrent use.
type Set struct {
	poll *os.File
	raw  syscall.RawConn // of poll

	mu      sync.Mutex
	closed  bool
	last    uint64
	waiting map[uint64]Waiter
}

// New returns a set without connections, which has to be closed. The error is that of
// the system, which has no more files.
func New() (*Set, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("epoll: %w", err)
	}
	// Go's runtime waits for a file that does not block: it needs no thread for that.
	if err := unix.SetNonblock(fd, true); err != nil {
		_ = unix.Close(fd)
		return nil, fmt.Errorf("epoll: %w", err)
	}
	s := &Set{poll: os.NewFile(uintptr(fd), "epoll"), waiting: make(map[uint64]Waiter)}
	if s.raw, err = s.poll.SyscallConn(); err != nil {
		_ = s.poll.Close()
		return nil, fmt.Errorf("epoll: %w", err)
	}
	return s, nil
}

// Run has waiters called until Close. It returns no error after that.
func (s *Set) Run() error {
	var events [eventsAtOnce]unix.EpollEvent
	for {
		n := 0
		var failed error
		err := s.raw.Read(func(fd uintptr) bool {
			for {
				n, failed = unix.EpollWait(int(fd), events[:], 0)
				if !errors.Is(failed, unix.EINTR) {
					return failed != nil || n > 0
				}
			}
		})
		switch {
		case s.isClosed():
			return nil
		case err != nil:
			return fmt.Errorf("epoll: %w", err)
		case failed != nil:
			return fmt.Errorf("epoll: %w", failed)
		}
		for i := range n {
			if w := s.take(idOf(&events[i])); w != nil {
				go w.Readable()
			}
		}
	}
}

// Add has w called once when conn can be read, unless it is removed before. A connection
// that is closed in this process is not seen: then, too, it is removed, by who closes it. The
// error is that of a connection that is closed already, or of the system.
func (s *Set) Add(conn syscall.Conn, w Waiter) (id uint64, err error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return 0, fmt.Errorf("wait for a connection: %w", err)
	}
	s.mu.Lock()
	s.last++
	id = s.last
	s.waiting[id] = w
	s.mu.Unlock()
	var failed error
	err = raw.Control(func(fd uintptr) {
		event := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLRDHUP | unix.EPOLLONESHOT}
		setID(&event, id)
		failed = s.control(int(fd), &event)
	})
	if err = errors.Join(err, failed); err != nil {
		s.Remove(id)
		return 0, fmt.Errorf("wait for a connection: %w", err)
	}
	return id, nil
}

// control adds a file to those that are waited for.
func (s *Set) control(fd int, event *unix.EpollEvent) error {
	var failed error
	err := s.raw.Control(func(poll uintptr) { failed = unix.EpollCtl(int(poll), unix.EPOLL_CTL_ADD, fd, event) })
	return errors.Join(err, failed)
}

// Remove reports whether the waiter is not called any more. If it is not, it was called,
// or removed, before. The connection has to be closed afterwards, and not added again.
func (s *Set) Remove(id uint64) bool { return s.take(id) != nil }

func (s *Set) take(id uint64) Waiter {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := s.waiting[id]
	delete(s.waiting, id)
	return w
}

// Close ends Run. Waiters that are left are not called any more.
func (s *Set) Close() error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	return s.poll.Close()
}

func (s *Set) isClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

// The data of an event, of 64 bits, is two fields in package unix.

func setID(e *unix.EpollEvent, id uint64) { e.Fd, e.Pad = int32(id), int32(id>>32) } //nolint:gosec // G115: both halves

func idOf(e *unix.EpollEvent) uint64 { return uint64(uint32(e.Fd)) | uint64(uint32(e.Pad))<<32 } //nolint:gosec // G115: both halves
