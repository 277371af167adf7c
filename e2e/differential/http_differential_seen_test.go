package differential

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/saltern-api/saltern/e2e/envtest"
)

// httpSeen is an answer in the form that is compared.
type httpSeen struct {
	status  int
	media   string
	headers map[string]string
	body    string
	took    time.Duration
}

// comparedHeaders are those that a client may act on.
var comparedHeaders = []string{
	"Allow", "Location", "Retry-After", "Www-Authenticate", "X-Auth-Token", "Cache-Control",
	"Content-Disposition", "Content-Encoding",
	"Access-Control-Allow-Origin", "Access-Control-Allow-Methods", "Access-Control-Allow-Headers",
	"Server", "X-Request-Id",
}

func (w *httpWorld) seen(t *testing.T, s *httpScope, q httpStep, a httpAnswer) *httpSeen {
	t.Helper()
	v := &httpSeen{status: a.status, headers: make(map[string]string)}
	for _, name := range comparedHeaders {
		if values := a.header.Values(name); len(values) > 0 {
			v.headers[name] = s.unfill(withoutTokens(strings.Join(values, " | ")))
		}
	}
	if cookies := seenCookies(a.header); cookies != "" {
		v.headers["Set-Cookie"] = cookies
	}
	if v.headers["X-Request-Id"] != "" {
		v.headers["X-Request-Id"] = "ID"
	}
	if v.headers["Server"] != "" {
		v.headers["Server"], _, _ = strings.Cut(v.headers["Server"], "/")
	}
	var err error
	if kind := a.header.Get("Content-Type"); kind != "" {
		v.media, _, err = mime.ParseMediaType(kind)
		require.NoError(t, err, kind)
	}
	if a.stream != nil {
		v.body = v.seenStream(s.unfill(w.readStream(t, a, q.stream)))
	} else {
		v.body = seenBody(v.media, s.unfill(inflated(t, a)), q)
	}
	if q.event != "" && a.status == http.StatusOK {
		v.body += " event " + v.seenEvent(s.unfill(w.events.wait(q.event)))
	}
	return v
}

// inflated is a body without its compression.
func inflated(t *testing.T, a httpAnswer) string {
	t.Helper()
	if a.header.Get("Content-Encoding") != "gzip" {
		return a.body
	}
	r, err := gzip.NewReader(strings.NewReader(a.body))
	require.NoError(t, err)
	b, err := io.ReadAll(r)
	require.NoError(t, err)
	return string(b)
}

// seenStream is a stream with its event normalised.
func (v *httpSeen) seenStream(text string) string {
	var lines []string
	for line := range strings.SplitSeq(text, "\n") {
		if j, ok := strings.CutPrefix(line, "data: "); ok {
			line = "data: " + v.seenEvent(j)
		}
		if strings.HasPrefix(line, "id: ") {
			v.headers["Event-Id"] = "ID"
			continue
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// seenEvent is an event of a hook. Credentials among the headers in it become
// a header of the answer, for a rule to find.
func (v *httpSeen) seenEvent(text string) string {
	e, err := parseOrdered(text)
	if err != nil {
		return fmt.Sprintf("not JSON (%v): %s", err, text)
	}
	if headers := e.at("data", "headers"); headers != nil {
		headers.sortKeys()
		for _, name := range []string{"Authorization", "Cookie", "X-Auth-Token"} {
			value := headers.remove(name)
			if value != nil && value.scalar != `"REDACTED"` {
				v.headers["Event-Credentials"] += name + " "
			}
		}
	}
	return e.seen(httpStep{})
}

// seenCookies are the names and attributes of the cookies that an answer sets.
func seenCookies(h http.Header) string {
	var names []string
	for _, line := range h.Values("Set-Cookie") {
		c, err := http.ParseSetCookie(line)
		if err != nil {
			names = append(names, "bad")
			continue
		}
		if c.MaxAge < 0 || !c.Expires.IsZero() && time.Until(c.Expires) < 10*time.Second {
			c.Name += " (expired)"
		}
		if c.HttpOnly {
			c.Name += " HttpOnly"
		}
		if c.Secure {
			c.Name += " Secure"
		}
		if c.SameSite == http.SameSiteLaxMode || c.SameSite == http.SameSiteStrictMode {
			c.Name += " SameSite"
		}
		names = append(names, c.Name)
	}
	return strings.Join(names, ", ")
}

// seenBody is a body, normalised as its media type allows.
func seenBody(media, body string, q httpStep) string {
	if body == "" {
		return ""
	}
	switch media {
	case envtest.JSON:
		v, err := parseOrdered(body)
		if err != nil {
			return fmt.Sprintf("not JSON (%v): %s", err, body)
		}
		return v.seen(q)
	case asYAML:
		var n yaml.Node
		if err := yaml.Unmarshal([]byte(body), &n); err != nil {
			return fmt.Sprintf("not YAML (%v): %s", err, body)
		}
		return orderedYAML(&n).seen(q)
	case "application/x-tar":
		return seenTar(body)
	}
	if message, ok := htmlMessage(body); ok {
		return message
	}
	return body
}

const asYAML = "application/x-yaml"

var httpMinions = map[string]bool{"ms--0": true, "ms--1": true}

// seenTar lists the members of an archive.
func seenTar(body string) string {
	list := fmt.Sprintf("tar of %d bytes:", len(body))
	r := tar.NewReader(strings.NewReader(body))
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return list
		}
		if err != nil {
			return list + " " + err.Error()
		}
		content, _ := io.ReadAll(r)
		first, _, _ := strings.Cut(string(content), "\n")
		list += fmt.Sprintf(" %s %o %d %s;", h.Name, h.Mode, h.ModTime.Unix(), first)
	}
}

// String is an answer as the cases write it: the status, headers in brackets,
// the media type unless it is JSON, the body.
func (v *httpSeen) String() string {
	parts := []string{strconv.Itoa(v.status)}
	for _, name := range slices.Sorted(maps.Keys(v.headers)) {
		parts = append(parts, fmt.Sprintf("[%s: %s]", name, v.headers[name]))
	}
	if v.media != envtest.JSON && v.media != "" {
		parts = append(parts, v.media)
	}
	if v.body != "" {
		parts = append(parts, strings.ReplaceAll(v.body, "\n", "\\n"))
	}
	return strings.Join(parts, " ")
}
