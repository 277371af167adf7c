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

	"github.com/saltern-api/saltern/server/web/certs"
)

// Bounds far above the use of any client of Salt.
const (
	maxHeaderBytes  = 64 << 10
	maxStreams      = 100 // HTTP/2 requests at once on one connection
	http2PingPeriod = 30 * time.Second
)

// protoHTTP2 is the ALPN id of HTTP/2 over TLS.
const protoHTTP2 = "h2"

// httpServer returns the server for one listener. It has no WriteTimeout, which
// would include the time that a request waits for minions: see
// [web.Exchange.Write].
func (s *Server) httpServer(spec ListenerSpec, pairs *certs.Cache) (*http.Server, error) {
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
		certificate, err := pairs.Get(spec.Pair)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", spec.Address, err)
		}
		server.TLSConfig = &tls.Config{
			MinVersion:     tls.VersionTLS12,
			GetCertificate: certificate.ForHandshake,
			NextProtos:     []string{protoHTTP2, "http/1.1"},
		}
		if spec.Clients.Mode != ClientCertNone {
			cas, err := certs.NewClientCAs(spec.Clients.CA, s.log, s.certMetrics)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", spec.Address, err)
			}
			cas.Demand(server.TLSConfig, spec.Clients.Mode)
		}
	}
	return server, nil
}

// errorLog logs the messages of net/http. A failed handshake is logged at
// debug level, since any client can cause one.
type errorLog struct{ log *slog.Logger }

func (e errorLog) Write(p []byte) (int, error) {
	level := slog.LevelWarn
	if bytes.Contains(p, []byte("TLS handshake error")) {
		level = slog.LevelDebug
	}
	e.log.LogAttrs(context.Background(), level, "http", slog.String("event", string(bytes.TrimSpace(p))))
	return len(p), nil
}
