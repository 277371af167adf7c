package server

import (
	"log/slog"
	"net/http"
	"regexp"
	"time"

	"github.com/saltern-api/saltern/server/web"
)

// What a line of the log has room for.
const (
	maxLoggedName = 128
	maxLoggedText = 512
)

// logRequest writes the request's one line. It never has a query, a header, a
// body or an answer.
func (s *Server) logRequest(x *exchange, r *http.Request) {
	attrs := []slog.Attr{
		slog.String("request_id", x.id),
		slog.String("surface", x.surface.String()),
		slog.String("remote", remoteText(x, r)),
		slog.String("method", web.Clip(r.Method, maxLoggedName)),
		slog.String("path", web.Clip(loggedPath(r.URL.Path), maxLoggedText)),
		slog.String("proto", r.Proto),
		slog.Int("status", x.status),
		slog.Int64("bytes_in", x.in),
		slog.Int64("bytes_out", x.out),
		slog.Float64("duration_ms", float64(time.Since(x.start).Microseconds())/1000),
	}
	if x.clientID != "" {
		attrs = append(attrs, slog.String("client_request_id", x.clientID))
	}
	attrs = append(attrs, x.recorder.Attrs()...)
	if x.err != nil {
		attrs = append(attrs, slog.String("error", web.Clip(x.err.Error(), maxLoggedText)))
	}
	if x.stack != nil {
		attrs = append(attrs, slog.String("stack", string(x.stack)))
	}
	s.log.LogAttrs(r.Context(), levelOf(x.status), "request", attrs...)
}

// levelOf tells the operator's troubles from those of the clients.
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

func remoteText(x *exchange, r *http.Request) string {
	if x.remote.IsValid() {
		return x.remote.String()
	}
	return r.RemoteAddr
}

// ownSecret matches the secrets of this gateway, mistyped ones too.
var ownSecret = regexp.MustCompile(`saltern_(api|acc|svc|dev)_[0-9A-Za-z]+`)

// secretPath matches what comes before the token that the path of a stream may
// have: also where the path is one of those that are never found, such as
// /WS/TOKEN or, escaped twice, /ws%252FTOKEN.
var secretPath = regexp.MustCompile(`(?is)((?:^|/|\\|%2f)(?:ws|events|all_events|formatted_events))(?:/|\\|%(?:25)*2f)+[^/].*`)

// loggedPath is a path without the token that a stream's may have, or that
// somebody has put where an id belongs.
func loggedPath(path string) string {
	path = ownSecret.ReplaceAllString(path, "saltern_${1}_...")
	return secretPath.ReplaceAllString(path, "$1/...")
}
