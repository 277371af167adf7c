package audit

import (
	"log/slog"

	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/server/web"
)

// Bounds of a line of the gateway's log.
const (
	maxLoggedChunks = 5
	maxLoggedName   = 128
)

// loggedChunk is a chunk in the gateway's log. Names come from the client.
type loggedChunk struct {
	User    string `json:"user,omitempty"`
	Eauth   string `json:"eauth,omitempty"`
	Client  string `json:"client,omitempty"`
	Fun     string `json:"fun,omitempty"`
	Minions int    `json:"minions,omitempty"`
	JID     string `json:"jid,omitempty"`
	From    string `json:"from,omitempty"`
}

// Attrs returns the attributes of the request's line in the gateway's log.
func (c *Recorder) Attrs() []slog.Attr {
	var attrs []slog.Attr
	if c.user != "" {
		attrs = append(attrs, slog.String("user", web.Clip(c.user, maxLoggedName)))
	}
	if c.call != nil {
		attrs = append(attrs,
			slog.Int("chunk_count", len(c.call.Chunks())),
			slog.Any("chunks", loggedChunks(c.call.Result.Records)))
	}
	return attrs
}

func loggedChunks(records []lowstate.Record) []loggedChunk {
	records = records[:min(len(records), maxLoggedChunks)]
	chunks := make([]loggedChunk, len(records))
	for i, rec := range records {
		chunks[i] = loggedChunk{
			User:    web.Clip(rec.User, maxLoggedName),
			Eauth:   web.Clip(rec.Eauth, maxLoggedName),
			Client:  web.Clip(rec.Client, maxLoggedName),
			Fun:     web.Clip(rec.Fun, maxLoggedName),
			Minions: rec.Minions,
			JID:     web.Clip(rec.JID, maxLoggedName),
		}
		if rec.FromFiles {
			chunks[i].From = fromFiles
		}
	}
	return chunks
}
