package web

import (
	"log/slog"
	"net/netip"
)

// Recorder records what a request does. Package audit has one.
type Recorder interface {
	// Route is called when the request has reached an endpoint: its method and
	// the pattern of its path. The path itself may contain a token.
	Route(endpoint string, from netip.Addr)

	// Before is called before the response begins.
	Before(status int)

	// End is called when the request has ended: with the status of the
	// response, 0 if there was none, and the error for the log.
	End(status int, err error)

	// Attrs returns attributes for the log beside those of every line.
	Attrs() []slog.Attr
}

// noRecorder discards everything.
type noRecorder struct{}

func (noRecorder) Route(string, netip.Addr) {}
func (noRecorder) Before(int)               {}
func (noRecorder) End(int, error)           {}
func (noRecorder) Attrs() []slog.Attr       { return nil }
