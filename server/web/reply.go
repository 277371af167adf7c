package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/saltern-api/saltern/server/format"
)

// WriteJSON writes a complete body, in the media type that the client accepts.
func (x *Exchange) WriteJSON(status int, body []byte) {
	if x.Media == format.YAML {
		if yaml, err := format.AppendYAML(nil, body); err == nil {
			x.WriteBody("application/x-yaml", status, yaml)
			return
		}
	}
	x.WriteBody("application/json", status, body)
}

// WriteBody writes a complete body of a media type.
func (x *Exchange) WriteBody(mediaType string, status int, body []byte) {
	x.WriteHead(mediaType, status, len(body))
	if _, err := x.Write(body); err != nil && x.Err == nil {
		x.Err = fmt.Errorf("write the answer: %w", err)
	}
}

// WriteHead writes the head of a response whose body has size bytes.
func (x *Exchange) WriteHead(mediaType string, status, size int) {
	h := x.Header()
	h.Set("Content-Type", mediaType)
	h.Set("Content-Length", strconv.Itoa(size))
	x.WriteHeader(status)
}

// JSONText returns a text as a JSON string, with <, > and & unescaped.
func JSONText(text string) string { return string(JSON(text)) }

// JSON returns a value as JSON without blanks, with <, > and & unescaped. It
// panics for a value that cannot be encoded.
func JSON(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic(err) // cannot happen: the types are ours and encode
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// UnixSeconds returns a time in the form of Python's time.time().
func UnixSeconds(t time.Time) string {
	return strconv.FormatFloat(float64(t.UnixMicro())/1e6, 'f', -1, 64)
}

// Clip shortens a text to at most n bytes and an ellipsis, without splitting a
// character.
func Clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "..."
}
