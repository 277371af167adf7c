package server

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/saltern-api/saltern/server/format"
)

// Bounds that no client of Salt comes near.
const (
	maxHeaderBytes  = 64 << 10
	maxStreams      = 100 // HTTP/2 requests at once on one connection
	http2PingPeriod = 30 * time.Second
)

// protoHTTP2 is HTTP/2 within TLS, as ALPN names it.
const protoHTTP2 = "h2"

// httpServer makes the server for one listener. It has no WriteTimeout, which
// would count while a request waits for minions: see exchange.Write.
func (s *Server) httpServer(spec ListenerSpec, certs *certificateShelf) (*http.Server, error) {
	limits := s.cfg.Settings.Limits
	server := &http.Server{
		Handler:                      s.answering(spec),
		BaseContext:                  func(net.Listener) context.Context { return s.base },
		ReadHeaderTimeout:            limits.HeaderTimeout,
		IdleTimeout:                  limits.IdleTimeout,
		MaxHeaderBytes:               maxHeaderBytes,
		DisableGeneralOptionsHandler: true,
		ErrorLog:                     log.New(errorLog{s.log}, "", 0),
		HTTP2: &http.HTTP2Config{
			MaxConcurrentStreams: maxStreams,
			SendPingTimeout:      http2PingPeriod,
			WriteByteTimeout:     limits.WriteTimeout,
		},
	}
	if spec.TLS {
		certificate, err := certs.get(spec.Pair)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", spec.Address, err)
		}
		server.TLSConfig = &tls.Config{
			MinVersion:     tls.VersionTLS12,
			GetCertificate: certificate.forHandshake,
			NextProtos:     []string{protoHTTP2, "http/1.1"},
		}
		if spec.Clients.Mode != ClientCertNone {
			cas, err := newClientCAs(spec.Clients.CA, s.log, s.metrics)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", spec.Address, err)
			}
			cas.demand(server.TLSConfig, spec.Clients.Mode)
		}
	}
	return server, nil
}

// answering is everything that a request passes.
func (s *Server) answering(spec ListenerSpec) http.Handler {
	h := s.observe(spec.Surface, s.clientAddr(s.surface(spec)))
	if spec.Surface != WSGI {
		h = format.Compress(h)
	}
	return Named(h)
}

// surface returns the handler of a listener's surface.
func (s *Server) surface(spec ListenerSpec) http.Handler {
	base := surface{
		gateway:   s.cfg.Gateway,
		bodyLimit: s.cfg.BodyLimit,
		maxChunks: s.cfg.Settings.Limits.MaxChunks,
		bodies:    s.bodies,
		turns:     s.turns,
		metrics:   s.metrics,
	}
	switch spec.Surface {
	case WSGI:
		return newWSGISurface(base, s.bearers(""))
	case Tornado:
		base.clients = s.cfg.Tornado.clients()
	case Main:
	}
	m := s.mainSurface(base, s.cfg.optionsFor(spec.Surface))
	m.clientNames = spec.Clients.Names
	return m.handler()
}

func (s *Server) mainSurface(base surface, opts MainOptions) *mainSurface {
	m := &mainSurface{
		surface:     base,
		opts:        opts,
		sessions:    s.cfg.Sessions,
		perms:       s.cfg.Perms,
		stream:      s.cfg.Events,
		streaming:   s.streaming,
		streams:     s.streams,
		questions:   s.questions,
		hooks:       s.cfg.Hooks,
		formats:     s.formats,
		cors:        newCORS(opts.CORSOrigins, opts.plainOrigins),
		crossOrigin: http.NewCrossOriginProtection(),
		proxies:     s.cfg.Settings.TrustedProxies,
		traffic:     s.traffic,
		tokens:      s.cfg.Tokens,
		doors:       s.cfg.Doors,
		bearers:     s.bearers(opts.WebhookURL),
		auditLog:    s.auditLog,
	}
	m.identify = m.identifies
	for _, origin := range m.cors.listed {
		// One that is no origin is not trusted with cookies.
		_ = m.crossOrigin.AddTrustedOrigin(origin)
	}
	return m
}

// bearers is for the surfaces, of which each that has tokens has the same.
func (s *Server) bearers(hook string) *bearers {
	b := &bearers{hook: hook}
	if s.cfg.Tokens != nil { // nil in an interface is something else
		b.tokens = s.cfg.Tokens
	}
	return b
}

// errorLog takes what net/http has to say. A failed handshake is no news on a
// port that anybody may knock at.
type errorLog struct{ log *slog.Logger }

func (e errorLog) Write(p []byte) (int, error) {
	level := slog.LevelWarn
	if bytes.Contains(p, []byte("TLS handshake error")) {
		level = slog.LevelDebug
	}
	e.log.LogAttrs(context.Background(), level, "http", slog.String("event", string(bytes.TrimSpace(p))))
	return len(p), nil
}
