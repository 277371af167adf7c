package web

import (
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"time"
)

// Bounds of a line of the log, in bytes.
const (
	maxLoggedName = 128

	// MaxLoggedText is for text from the client.
	MaxLoggedText = 512
)

// logRequest writes the request's one line. It never contains a query, a header
// or a body.
func (f *Front) logRequest(x *Exchange, r *http.Request) {
	attrs := []slog.Attr{
		slog.String("request_id", x.ID),
		slog.String("surface", x.Surface),
		slog.String("remote", x.RemoteText(r)),
		slog.String("method", Clip(r.Method, maxLoggedName)),
		slog.String("path", Clip(f.Path(r.URL.Path), MaxLoggedText)),
		slog.String("proto", r.Proto),
		slog.Int("status", x.status),
		slog.Int64("bytes_in", x.in),
		slog.Int64("bytes_out", x.out),
		slog.Float64("duration_ms", float64(time.Since(x.Start).Microseconds())/1000),
	}
	if x.ClientID != "" {
		attrs = append(attrs, slog.String("client_request_id", x.ClientID))
	}
	if x.Trace != "" {
		attrs = append(attrs, slog.String("traceparent", x.Trace))
	}
	attrs = append(attrs, x.Recorder.Attrs()...)
	if x.Err != nil {
		attrs = append(attrs, slog.String("error", Clip(x.Err.Error(), MaxLoggedText)))
	}
	if x.stack != nil {
		attrs = append(attrs, slog.String("stack", string(x.stack)))
	}
	f.Log.LogAttrs(r.Context(), levelOf(x.status), "request", attrs...)
}

// levelOf returns a level that separates the operator's problems from the clients'.
func levelOf(status int) slog.Level {
	switch {
	case status == http.StatusInternalServerError:
		return slog.LevelError
	case status > http.StatusInternalServerError:
		return slog.LevelWarn
	default:
		return slog.LevelInfo
	}
}

// ownSecret matches the secrets of this gateway, mistyped ones too.
var ownSecret = regexp.MustCompile(`saltern_(api|acc|svc|dev)_[0-9A-Za-z]+`)

// OwnSecret returns the first secret of this gateway in a text, or "".
func OwnSecret(text string) string { return ownSecret.FindString(text) }

// secretPaths returns a function that redacts paths for the log: it removes the
// secrets of this gateway, and whatever follows one of the names at the
// beginning of a path, where the token of a stream may be. It does so even in
// paths without a route, such as /WS/TOKEN or, escaped twice, /ws%252FTOKEN.
func secretPaths(names []string) func(path string) string {
	var behind *regexp.Regexp
	if len(names) > 0 {
		quoted := make([]string, len(names))
		for i, name := range names {
			quoted[i] = regexp.QuoteMeta(name)
		}
		behind = regexp.MustCompile(`(?is)((?:^|/|\\|%2f)(?:` + strings.Join(quoted, "|") + `))(?:/|\\|%(?:25)*2f)+[^/].*`)
	}
	return func(path string) string {
		path = ownSecret.ReplaceAllString(path, "saltern_${1}_...")
		if behind != nil {
			path = behind.ReplaceAllString(path, "$1/...")
		}
		return path
	}
}
