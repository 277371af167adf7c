package server

import (
	"context"
	"crypto/tls"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// reloadEvery is how often handshakes look whether a pair's files have changed.
const reloadEvery = time.Second

// certificate is a key pair in use, read again when its files change.
type certificate struct {
	pair    KeyPair
	log     *slog.Logger
	metrics *metrics
	current atomic.Pointer[tls.Certificate]

	mu      sync.Mutex // held by the one handshake that looks
	looked  time.Time
	version stamp // of the last attempt to read, good or bad
}

func newCertificate(pair KeyPair, log *slog.Logger, m *metrics) (*certificate, error) {
	c := &certificate{pair: pair, log: log, metrics: m, looked: time.Now(), version: pair.stamp()}
	loaded, err := pair.load()
	if err != nil {
		return nil, err
	}
	c.use(loaded)
	if warning := pair.permissionWarning(); warning != "" {
		log.Warn("TLS key", slog.String("warning", warning))
	}
	return c, nil
}

// forHandshake is for tls.Config.GetCertificate.
func (c *certificate) forHandshake(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	if c.mu.TryLock() {
		c.look()
		c.mu.Unlock()
	}
	return c.current.Load(), nil
}

// look reads the files if they have changed. A pair that cannot be used leaves
// the old one in its place: often its other half is about to be written.
func (c *certificate) look() {
	if time.Since(c.looked) < reloadEvery {
		return
	}
	c.looked = time.Now()
	version := c.pair.stamp()
	if version == c.version {
		return
	}
	c.version = version
	loaded, err := c.pair.load()
	if err != nil {
		c.metrics.reloads.WithLabelValues("failed").Inc()
		c.log.Warn("the new TLS certificate cannot be used, the old one stays", slog.Any("error", err))
		return
	}
	c.metrics.reloads.WithLabelValues("ok").Inc()
	c.use(loaded)
}

func (c *certificate) use(loaded *tls.Certificate) {
	c.current.Store(loaded)
	c.metrics.expiry.WithLabelValues(c.pair.Cert).Set(float64(loaded.Leaf.NotAfter.Unix()))
	c.log.LogAttrs(context.Background(), slog.LevelInfo, "TLS certificate in use",
		slog.String("file", c.pair.Cert), slog.String("sha256", fingerprint(loaded)),
		slog.Time("not_after", loaded.Leaf.NotAfter))
}

// certificateShelf keeps one certificate for all listeners with the same pair.
type certificateShelf struct {
	stateDir string
	log      *slog.Logger
	metrics  *metrics
	known    map[KeyPair]*certificate
}

func newCertificateShelf(stateDir string, log *slog.Logger, m *metrics) *certificateShelf {
	return &certificateShelf{stateDir: stateDir, log: log, metrics: m, known: make(map[KeyPair]*certificate)}
}

func (s *certificateShelf) get(pair KeyPair) (*certificate, error) {
	if c := s.known[pair]; c != nil {
		return c, nil
	}
	files := pair
	if pair.selfSigned() {
		var err error
		files, err = selfSignedPair(s.stateDir, s.log)
		if err != nil {
			return nil, err
		}
	}
	c, err := newCertificate(files, s.log, s.metrics)
	if err != nil {
		return nil, err
	}
	s.known[pair] = c
	return c, nil
}
