package certs

import (
	"context"
	"crypto/tls"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics count reloads, and show when certificates expire.
type Metrics struct {
	reloads *prometheus.CounterVec
	expiry  *prometheus.GaugeVec
}

// NewMetrics registers them.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := &Metrics{
		reloads: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "saltern_tls_reloads_total",
			Help: "TLS certificates read again after their files changed.",
		}, []string{"result"}),
		expiry: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "saltern_tls_certificate_not_after_timestamp_seconds",
			Help: "When the TLS certificate in use ends.",
		}, []string{"file"}),
	}
	reg.MustRegister(m.reloads, m.expiry)
	return m
}

// reloaded counts an attempt to read changed files.
func (m *Metrics) reloaded(err error) {
	result := "ok"
	if err != nil {
		result = "failed"
	}
	m.reloads.WithLabelValues(result).Inc()
}

// Certificate is a key pair in use, reloaded when its files change.
type Certificate struct{ current *reloaded[*tls.Certificate] }

// ForHandshake implements tls.Config.GetCertificate.
func (c *Certificate) ForHandshake(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	return c.current.get(), nil
}

// pairSource is the files of a key pair.
type pairSource struct {
	pair    KeyPair
	log     *slog.Logger
	metrics *Metrics
}

func (s *pairSource) version() string { return s.pair.version() }

func (s *pairSource) load() (*tls.Certificate, error) { return s.pair.Load() }

func (s *pairSource) changed(loaded *tls.Certificate, err error) {
	s.metrics.reloaded(err)
	if err != nil {
		s.log.Warn("the new TLS certificate cannot be used, the old one stays", slog.Any("error", err))
		return
	}
	s.use(loaded)
}

func (s *pairSource) use(loaded *tls.Certificate) {
	s.metrics.expiry.WithLabelValues(s.pair.Cert).Set(float64(loaded.Leaf.NotAfter.Unix()))
	s.log.LogAttrs(context.Background(), slog.LevelInfo, "TLS certificate in use",
		slog.String("file", s.pair.Cert), slog.String("sha256", fingerprint(loaded)),
		slog.Time("not_after", loaded.Leaf.NotAfter))
}

// Cache holds one certificate for all listeners with the same pair. It is for one
// goroutine; its certificates are safe for concurrent use.
type Cache struct {
	stateDir string
	log      *slog.Logger
	metrics  *Metrics
	known    map[KeyPair]*Certificate
}

// NewCache returns an empty cache. The self-signed pair is in the state
// directory.
func NewCache(stateDir string, log *slog.Logger, m *Metrics) *Cache {
	return &Cache{stateDir: stateDir, log: log, metrics: m, known: make(map[KeyPair]*Certificate)}
}

// Get returns the certificate of a pair. A missing self-signed one is created.
func (s *Cache) Get(pair KeyPair) (*Certificate, error) {
	if c := s.known[pair]; c != nil {
		return c, nil
	}
	files := pair
	if pair.IsSelfSigned() {
		var err error
		files, err = selfSignedPair(s.stateDir, s.log)
		if err != nil {
			return nil, err
		}
	}
	c, err := s.open(files)
	if err != nil {
		return nil, err
	}
	s.known[pair] = c
	return c, nil
}

func (s *Cache) open(pair KeyPair) (*Certificate, error) {
	from := &pairSource{pair: pair, log: s.log, metrics: s.metrics}
	current, err := newReloaded(from)
	if err != nil {
		return nil, err
	}
	from.use(current.get())
	if warning := pair.PermissionWarning(); warning != "" {
		s.log.Warn("TLS key", slog.String("warning", warning))
	}
	return &Certificate{current}, nil
}
