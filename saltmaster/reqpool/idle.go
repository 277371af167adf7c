package reqpool

import (
	"slices"
	"time"
)

// Close closes every connection. Requests in flight and later ones fail with [ErrClosed].
func (p *Pool) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed() {
		return
	}
	close(p.done)
	if p.reaper != nil {
		p.reaper.Stop()
	}
	for _, c := range p.idle {
		c.close()
	}
	for c := range p.open { // whoever uses it closes the rest
		_ = c.nc.Close()
	}
	p.open, p.idle = nil, nil
}

func (p *Pool) closed() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// register notes a new connection, or closes it when the pool is closed.
func (p *Pool) register(c *conn) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed() {
		_ = c.nc.Close()
		return ErrClosed
	}
	p.open[c] = struct{}{}
	return nil
}

func (p *Pool) drop(c *conn) {
	c.close()
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.open, c)
}

// takeIdle returns the connection that was used last, nil when there is none.
func (p *Pool) takeIdle() (*conn, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed() {
		return nil, ErrClosed
	}
	last := len(p.idle) - 1
	if last < 0 {
		return nil, nil
	}
	c := p.idle[last]
	p.idle[last] = nil
	p.idle = p.idle[:last]
	return c, nil
}

func (p *Pool) put(c *conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed() {
		c.close()
		return
	}
	c.idleSince = time.Now()
	p.idle = append(p.idle, c)
	if p.reaper == nil {
		p.reaper = time.AfterFunc(p.opts.IdleTimeout, p.reap)
	}
}

// reap closes the connections that were idle for too long, and comes back while any are left. One timer
// serves the whole pool.
func (p *Pool) reap() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed() {
		return
	}
	now := time.Now()
	keep := 0 // the longest idle ones come first
	for keep < len(p.idle) && now.Sub(p.idle[keep].idleSince) >= p.opts.IdleTimeout {
		p.idle[keep].close()
		delete(p.open, p.idle[keep])
		keep++
	}
	p.idle = slices.Delete(p.idle, 0, keep)
	if len(p.idle) == 0 {
		p.reaper = nil
		return
	}
	p.reaper.Reset(p.opts.IdleTimeout - now.Sub(p.idle[0].idleSince))
}
