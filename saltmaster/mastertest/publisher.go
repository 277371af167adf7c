package mastertest

import (
	"net"
	"sync"
)

// maxBacklog is how many bytes may wait for one slow subscriber before it is cut off.
const maxBacklog = 256 << 20

// publisher is the bus: it writes every message to every subscriber.
type publisher struct {
	path string

	mu       sync.Mutex
	listener net.Listener
	subs     map[*subscriber]struct{}
	accepted int
	wg       sync.WaitGroup
}

type subscriber struct {
	conn  net.Conn
	wake  chan struct{}
	mu    sync.Mutex
	queue net.Buffers
	bytes int
	gone  bool
}

func (p *publisher) start() error {
	l, err := net.Listen("unix", p.path)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.listener = l
	p.subs = make(map[*subscriber]struct{})
	p.wg.Go(func() { p.accept(l) })
	return nil
}

func (p *publisher) stop() {
	p.mu.Lock()
	if p.listener != nil {
		_ = p.listener.Close()
		p.listener = nil
	}
	p.mu.Unlock()
	p.dropAll()
	p.wg.Wait()
}

func (p *publisher) dropAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for s := range p.subs {
		s.cut()
	}
}

func (p *publisher) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.subs)
}

func (p *publisher) total() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.accepted
}

func (p *publisher) accept(l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		s := &subscriber{conn: conn, wake: make(chan struct{}, 1)}
		p.mu.Lock()
		if p.listener != l {
			p.mu.Unlock()
			_ = conn.Close()
			return
		}
		p.subs[s] = struct{}{}
		p.accepted++
		p.mu.Unlock()
		p.wg.Go(func() {
			s.write()
			p.mu.Lock()
			delete(p.subs, s)
			p.mu.Unlock()
		})
		p.wg.Go(func() { // subscribers say nothing; a read ends when they leave
			_, _ = conn.Read(make([]byte, 1))
			s.cut()
		})
	}
}

// send gives b to every subscriber; b must not change afterwards.
func (p *publisher) send(b []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for s := range p.subs {
		s.push(b)
	}
}

func (s *subscriber) push(b []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gone {
		return
	}
	if s.bytes+len(b) > maxBacklog {
		s.gone = true
		_ = s.conn.Close()
	}
	s.queue = append(s.queue, b)
	s.bytes += len(b)
	s.signal()
}

func (s *subscriber) cut() {
	_ = s.conn.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gone = true
	s.signal()
}

func (s *subscriber) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func (s *subscriber) write() {
	for range s.wake {
		s.mu.Lock()
		batch, gone := s.queue, s.gone
		s.queue, s.bytes = nil, 0
		s.mu.Unlock()
		if gone {
			return
		}
		if _, err := batch.WriteTo(s.conn); err != nil {
			s.cut()
			return
		}
	}
}
