package server

import (
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/saltern-api/saltern/lowstate"
)

// What a line of the log has room for.
const (
	maxLoggedChunks = 5
	maxLoggedName   = 128
	maxLoggedText   = 512
)

// loggedChunk is what is told of a chunk. Names come from the client.
type loggedChunk struct {
	User    string `json:"user,omitempty"`
	Eauth   string `json:"eauth,omitempty"`
	Client  string `json:"client,omitempty"`
	Fun     string `json:"fun,omitempty"`
	Minions int    `json:"minions,omitempty"`
	JID     string `json:"jid,omitempty"`
}

// logRequest writes the request's one line. It never has a query, a header, a
// body or an answer.
func (s *Server) logRequest(x *exchange, r *http.Request) {
	attrs := []slog.Attr{
		slog.String("request_id", x.id),
		slog.String("surface", x.surface.String()),
		slog.String("remote", remoteText(x, r)),
		slog.String("method", clip(r.Method, maxLoggedName)),
		slog.String("path", clip(loggedPath(r.URL.Path), maxLoggedText)),
		slog.String("proto", r.Proto),
		slog.Int("status", x.status),
		slog.Int64("bytes_in", x.in),
		slog.Int64("bytes_out", x.out),
		slog.Float64("duration_ms", float64(time.Since(x.start).Microseconds())/1000),
	}
	if x.clientID != "" {
		attrs = append(attrs, slog.String("client_request_id", x.clientID))
	}
	if x.user != "" {
		attrs = append(attrs, slog.String("user", clip(x.user, maxLoggedName)))
	}
	if x.call != nil {
		attrs = append(attrs,
			slog.Int("chunk_count", len(x.call.Chunks)),
			slog.Any("chunks", loggedChunks(x.call.Records)))
	}
	if x.err != nil {
		attrs = append(attrs, slog.String("error", clip(x.err.Error(), maxLoggedText)))
	}
	if x.stack != nil {
		attrs = append(attrs, slog.String("stack", string(x.stack)))
	}
	s.log.LogAttrs(r.Context(), levelOf(x.status), "request", attrs...)
}

func loggedChunks(records []lowstate.Record) []loggedChunk {
	records = records[:min(len(records), maxLoggedChunks)]
	chunks := make([]loggedChunk, len(records))
	for i, rec := range records {
		chunks[i] = loggedChunk{
			User:    clip(rec.User, maxLoggedName),
			Eauth:   clip(rec.Eauth, maxLoggedName),
			Client:  clip(rec.Client, maxLoggedName),
			Fun:     clip(rec.Fun, maxLoggedName),
			Minions: rec.Minions,
			JID:     clip(rec.JID, maxLoggedName),
		}
	}
	return chunks
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

// clip shortens a text to at most n bytes, without half a character at its end.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "..."
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
