package commands

import (
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
)

// TestSeed runs the three curls of rest_wsgi's documentation as they stand
// there, but for the port, with the minions that they show.
func TestSeed(t *testing.T) {
	suite.EachRelease(t, func(t *testing.T, r *env.Env) {
		host := strings.TrimPrefix(r.WSGI, "http://")
		curl := func(rest string) (status, length, kind, body string) {
			out, err := exec.CommandContext(t.Context(), "curl", "-sS", "-i",
				"-H", "Content-Type: application/json",
				"-d", `[{"eauth":"pam","username":"saltdev","password":"saltdev",`+rest+`}]`,
				host).CombinedOutput()
			require.NoError(t, err, "%s", out)
			head, body, _ := strings.Cut(string(out), "\r\n\r\n")
			status, _, _ = strings.Cut(head, "\r\n")
			return status, header(head, "Content-Length"), header(head, "Content-Type"), body
		}

		status, length, kind, body := curl(`"client":"local","tgt":"*","fun":"test.ping"`)
		require.Equal(t, "HTTP/1.1 200 OK", status)
		require.Equal(t, "89", length)
		require.Equal(t, "application/json", kind)
		require.JSONEq(t, `{"return": [{"ms--4": true, "ms--3": true, "ms--2": true, "ms--1": true, "ms--0": true}]}`, body)
		require.Len(t, body, 89)

		status, length, kind, body = curl(`"client":"local_async","tgt":"*","fun":"test.ping"`)
		require.Equal(t, "HTTP/1.1 200 OK", status)
		require.Equal(t, "103", length)
		require.Equal(t, "application/json", kind)
		form := regexp.MustCompile(`^\{"return": \[\{"jid": "(\d{20})", "minions": \["ms--\d", "ms--\d", "ms--\d", "ms--\d", "ms--\d"\]\}\]\}$`)
		require.Regexp(t, form, body)
		jid := form.FindStringSubmatch(body)[1]

		require.Eventually(t, func() bool {
			status, length, kind, body = curl(`"client":"runner","fun":"jobs.lookup_jid","jid":"` + jid + `"`)
			return length == "89"
		}, 30*time.Second, 200*time.Millisecond, "the job's returns")
		require.Equal(t, "HTTP/1.1 200 OK", status)
		require.Equal(t, "application/json", kind)
		require.JSONEq(t, `{"return": [{"ms--4": true, "ms--3": true, "ms--2": true, "ms--1": true, "ms--0": true}]}`, body)
	})
}

func header(head, name string) string {
	for line := range strings.SplitSeq(head, "\r\n") {
		if value, ok := strings.CutPrefix(line, name+": "); ok {
			return value
		}
	}
	return ""
}
