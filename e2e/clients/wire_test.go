package clients

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
)

// A wire sends requests as a program that cannot be run here puts them on the
// wire: its methods, its header lines in its order and its form of body.
type wire struct {
	target

	token string // the session's, for the lines of a request that have one
}

// send sends a request and reads its answer. The header Host is added and, with
// a body, Content-Length.
func (w *wire) send(t *testing.T, line string, headers []string, body string) env.Answer {
	t.Helper()
	host := strings.TrimPrefix(w.url, "http://")
	var b strings.Builder
	fmt.Fprintf(&b, "%s HTTP/1.1\r\n", line)
	for _, h := range headers {
		b.WriteString(h + "\r\n")
	}
	fmt.Fprintf(&b, "Host: %s\r\n", host)
	if body != "" {
		fmt.Fprintf(&b, "Content-Length: %d\r\n", len(body))
	}
	b.WriteString("\r\n" + body)

	conn, err := (&net.Dialer{Timeout: time.Minute}).DialContext(t.Context(), "tcp", host)
	require.NoError(t, err)
	defer conn.Close() //nolint:errcheck // it is read to its end
	require.NoError(t, conn.SetDeadline(time.Now().Add(time.Minute)))
	_, err = io.WriteString(conn, b.String())
	require.NoError(t, err)
	method, _, _ := strings.Cut(line, " ")
	resp, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	require.NoError(t, err)
	defer resp.Body.Close() //nolint:errcheck // it is read to its end
	plain, err := unpacked(resp)
	require.NoError(t, err)
	text, err := io.ReadAll(plain)
	require.NoError(t, err)
	return env.Answer{Status: resp.StatusCode, Header: resp.Header, Body: string(text)}
}

// decode reads an answer of the given status.
func decode(t *testing.T, a env.Answer, status int, v any) {
	t.Helper()
	require.Equal(t, status, a.Status, a.Body)
	require.NoError(t, json.Unmarshal([]byte(a.Body), v), a.Body)
}

// toJSON is a body as a JSON library writes it.
func toJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	require.NoError(t, err)
	return string(b)
}

// Answers as such programs read them.
type (
	loggedIn struct {
		Return []struct {
			Token, User, Eauth string
			Start, Expire      float64
		}
	}
	jobStarted struct {
		Return []scheduled
	}
	jobFound struct { // GET /jobs/JID
		Info []struct {
			Function, JID, User string
			Target              any
			TargetType          string `json:"Target-type"`
			StartTime           string
			Minions             []string
			Arguments           []any
			Result              map[string]struct{ Return any }
		}
		Return []map[string]any
	}
)

// awaitJob asks for a job as ask does until all its minions have returned.
func awaitJob(t *testing.T, ask func() env.Answer) (found jobFound) {
	t.Helper()
	for range 150 {
		found = jobFound{}
		decode(t, ask(), http.StatusOK, &found)
		require.Len(t, found.Info, 1)
		if len(found.Info[0].Minions) > 0 && len(found.Info[0].Result) == len(found.Info[0].Minions) {
			return found
		}
		time.Sleep(200 * time.Millisecond)
	}
	require.Fail(t, "the job does not end", "%+v", found)
	return found
}
