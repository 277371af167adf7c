package readable

import (
	"net"
	"sync"
	"syscall"
)

// Shared is a [Set] that is there as long as somebody uses it. The zero value is ready
// for use. It is safe for concurrent use.
type Shared struct {
	mu    sync.Mutex
	users int
	set   *Set          // nil where the system has no more files
	ended chan struct{} // closed when there are no users any more
}

// Enter adds a user. spawn calls a function in a goroutine of its own, which ends after
// the last user has left.
func (s *Shared) Enter(spawn func(func())) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.users++; s.users > 1 {
		return
	}
	ended := make(chan struct{})
	s.ended = ended
	set, err := New()
	if err != nil {
		spawn(func() { <-ended })
		return
	}
	s.set = set
	spawn(func() {
		_ = set.Run() // on a system without epoll nothing was added
		<-ended
	})
}

// Leave removes a user, of which nothing waits any more.
func (s *Shared) Leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.users--; s.users > 0 {
		return
	}
	close(s.ended)
	if s.set != nil {
		_ = s.set.Close() // nothing waits in it
		s.set = nil
	}
}

// Add has w called once when conn, a user's, can be read, unless it is removed before; see
// [Set.Add]. conn is a connection of the system, or has a method NetConn, as [tls.Conn] has
// it, that leads to one. It returns 0 if w is never called.
func (s *Shared) Add(conn net.Conn, w Waiter) (id uint64) {
	source, set := sourceOf(conn), s.current()
	if source == nil || set == nil {
		return 0
	}
	id, _ = set.Add(source, w) // 0 with an error
	return id
}

// Remove reports whether the waiter is not called any more, as [Set.Remove] does.
func (s *Shared) Remove(id uint64) bool {
	set := s.current()
	return set != nil && set.Remove(id)
}

func (s *Shared) current() *Set {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.set
}

// sourceOf returns the connection of the system below those that wrap it, or nil.
func sourceOf(conn net.Conn) syscall.Conn {
	for {
		switch c := conn.(type) {
		case syscall.Conn:
			return c
		case interface{ NetConn() net.Conn }:
			conn = c.NetConn()
		default:
			return nil
		}
	}
}
