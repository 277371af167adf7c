package web

import (
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"time"
)

// What a line of the log has room for, in bytes.
const (
	maxLoggedName = 128

	// MaxLoggedText is for a text of the client's.
	MaxLoggedText = 512
)

// logRequest writes the request's one line. It never has a query, a header, a
// body or an answer.
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
	attrs = append(attrs, x.Recorder.Attrs()...)
	if x.Err != nil {
		attrs = append(attrs, slog.String("error", Clip(x.Err.Error(), MaxLoggedText)))
	}
	if x.stack != nil {
		attrs = append(attrs, slog.String("stack", string(x.stack)))
	}
	f.Log.LogAttrs(r.Context(), levelOf(x.status), "request", attrs...)
}

// levelOf returns a level by which the operator's troubles and the clients' differ.
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

// secretPaths returns what makes paths fit for the log: it takes away the
// secrets of this gateway, and what follows one of the names at the beginning of
// a path, where the token of a stream may stand. It does so also where the path
// is one that is never found, such as /WS/TOKEN or, escaped twice,
// /ws%252FTOKEN.
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
