package mastertest

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"sync"

	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// maxFired is the most bytes of a fired event. A larger one is read and lost, as by a master.
const maxFired = 100 << 20

// puller takes the events that others fire. As a master's it answers nothing, and what it cannot read is lost.
type puller struct {
	path string
	bare bool
	take func(message msgpack.Raw)

	mu       sync.Mutex
	listener net.Listener
	conns    map[net.Conn]struct{}
	wg       sync.WaitGroup
}

func (p *puller) start() error {
	l, err := net.Listen("unix", p.path)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.listener = l
	p.conns = make(map[net.Conn]struct{})
	p.wg.Go(func() { p.accept(l) })
	return nil
}

func (p *puller) stop() {
	p.mu.Lock()
	if p.listener != nil {
		_ = p.listener.Close()
		p.listener = nil
	}
	for c := range p.conns {
		_ = c.Close()
	}
	p.mu.Unlock()
	p.wg.Wait()
}

func (p *puller) accept(l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		p.mu.Lock()
		if p.listener != l {
			p.mu.Unlock()
			_ = conn.Close()
			return
		}
		p.conns[conn] = struct{}{}
		p.mu.Unlock()
		p.wg.Go(func() {
			if p.bare {
				p.readBare(conn)
			} else {
				p.readPrefixed(conn)
			}
			_ = conn.Close()
			p.mu.Lock()
			defer p.mu.Unlock()
			delete(p.conns, conn)
		})
	}
}

func (p *puller) readPrefixed(conn io.Reader) {
	for {
		var prefix [4]byte
		if _, err := io.ReadFull(conn, prefix[:]); err != nil {
			return
		}
		size := binary.BigEndian.Uint32(prefix[:])
		if size > maxFired {
			_, _ = io.Copy(io.Discard, conn)
			return
		}
		message := make([]byte, size)
		if _, err := io.ReadFull(conn, message); err != nil {
			return
		}
		p.take(message)
	}
}

func (p *puller) readBare(conn io.Reader) {
	var buf []byte
	chunk := make([]byte, 64<<10)
	for {
		n, err := conn.Read(chunk)
		buf = append(buf, chunk[:n]...)
		for len(buf) > 0 {
			r := msgpack.NewReader(buf)
			message, err := r.Raw()
			if errors.Is(err, msgpack.ErrTruncated) {
				break
			}
			if err != nil {
				return
			}
			p.take(message)
			buf = append([]byte(nil), r.Rest()...)
		}
		if err != nil || len(buf) > maxFired {
			return
		}
	}
}

// fired puts what was fired on the bus, as it is.
func (m *Master) fired(message msgpack.Raw) {
	body, _ := message.Lookup("body")
	if text, ok := body.Str(); ok && !m.currentFaults().DropFired {
		m.bus.send(appendMessage(nil, m.release.prefixed, []byte(text)))
	}
}
