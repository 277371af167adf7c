package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/saltern-api/saltern/internal/spool"
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
	x.WriteHead(mediaType, status, int64(len(body)))
	if _, err := x.Write(body); err != nil && x.Err == nil {
		x.Err = fmt.Errorf("write the answer: %w", err)
	}
}

// maxYAML is the size, in bytes of JSON, up to which a response is written as
// YAML, which takes all of it in memory. A larger one is JSON, which readers of
// YAML read as well.
const maxYAML = 16 << 20

// WriteSpooled writes a complete body of JSON, whose parts are in a spool, in the
// media type that the client accepts. The error is that of the spool, before the
// response has begun.
func (x *Exchange) WriteSpooled(status int, parts ...spool.Section) error {
	size := int64(0)
	for _, p := range parts {
		size += p.Size()
	}
	if x.Media == format.YAML && size <= maxYAML {
		var whole bytes.Buffer
		for _, p := range parts {
			if _, err := p.WriteTo(&whole); err != nil {
				return err
			}
		}
		x.WriteJSON(status, whole.Bytes())
		return nil
	}
	x.WriteHead("application/json", status, size)
	for _, p := range parts {
		if err := x.WriteSection(p); err != nil {
			x.Err = fmt.Errorf("write the answer: %w", err)
			break
		}
	}
	return nil
}

// WriteSection writes a part of a body. If that cannot be read, the response is
// aborted, so that no client takes it for complete.
func (x *Exchange) WriteSection(s spool.Section) error {
	_, err := s.WriteTo(x)
	if errors.Is(err, spool.ErrFile) || errors.Is(err, spool.ErrClosed) {
		x.Err = fmt.Errorf("read the answer: %w", err)
		panic(http.ErrAbortHandler)
	}
	return err
}

// closeSpool frees what is kept of the answers.
func (x *Exchange) closeSpool() {
	if err := x.Spool.Close(); err != nil && x.Err == nil {
		x.Err = err
	}
}

// WriteHead writes the head of a response whose body has size bytes.
func (x *Exchange) WriteHead(mediaType string, status int, size int64) {
	h := x.Header()
	h.Set("Content-Type", mediaType)
	h.Set("Content-Length", strconv.FormatInt(size, 10))
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
