package web

import (
	"log/slog"
	"net/netip"
)

// Recorder notes what a request does. Package audit has one.
type Recorder interface {
	// Route is called when the request has come to an endpoint: its method and
	// the pattern of its path. The path itself may hold a token.
	Route(endpoint string, from netip.Addr)

	// Before is called before the answer begins.
	Before(status int)

	// End is called when the request has ended: with the status of the answer,
	// 0 where there was none, and with what the log says of it.
	End(status int, err error)

	// Attrs returns what the log says of the request beside what every line
	// has.
	Attrs() []slog.Attr
}

// noRecorder keeps nothing.
type noRecorder struct{}

func (noRecorder) Route(string, netip.Addr) {}
func (noRecorder) Before(int)               {}
func (noRecorder) End(int, error)           {}
func (noRecorder) Attrs() []slog.Attr       { return nil }
