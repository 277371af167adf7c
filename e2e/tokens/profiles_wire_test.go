package tokens

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/e2e/envtest"
	"github.com/saltern-api/saltern/e2e/tokenclients"
)

// The exchange of Cloud Director's manual, as it is printed there. What varies
// is the host, the two tokens and the time that it took. The length that the
// manual gives is not that of its own example, so it is reckoned.
const (
	manualExchange = `POST https://host_name/oauth/provider/token HTTP/1.1
Host: host_name
Accept: application/json
Content-Type: application/x-www-form-urlencoded
Content-Length: 71

grant_type=refresh_token&refresh_token=Generated_API_Token`

	manualExchanged = `HTTP/1.1 200 OK
Content-Type: application/json

{
   "access_token":"Generated_Access_Token",
   "token_type":"Bearer",
   "expires_in":2592000,
   "refresh_token":null
}`

	manualUse = `GET https://host_name/api/org HTTP/1.1
Host: host_name
Accept: application/*+xml;version=36.1
Authorization: Bearer Generated_Access_Token

`

	manualUsed = `HTTP/1.1 200 OK
Content-Type: application/vnd.vmware.vcloud.orglist+xml;version=36.1
X-VMWARE-VCLOUD-REQUEST-EXECUTION-TIME: 41

`
)

// more are the headers that the manual leaves out: HTTP's own, those that
// RFC 6749 demands, and the gateway's own.
var more = []string{
	"Cache-Control", "Content-Length", "Date", "Pragma", "Saltern-Token-Expires", "Server", "Vary", "X-Request-Id",
}

// An API token is exchanged, and what it was exchanged for used, byte for byte
// as in the manual. The access token is good when its owner has logged out, and
// the API token gets another one then.
func TestProfileExchangeByteForByte(t *testing.T) {
	suite.EachRelease(t, func(t *testing.T, r *env.Env) {
		session := vcdLogin(t, r, env.User)
		_, token := vcdToken(t, r, session, "bytes")
		exchange := func() string {
			answer := onTheWire(t, r, withBody(manualExchange, "Generated_API_Token", token))
			access := regexp.MustCompile(`saltern_acc_\w{36}`).FindString(answer)
			require.NotEmpty(t, access, answer)
			asPrinted(t, manualExchanged, strings.Replace(answer, access, "Generated_Access_Token", 1))
			return access
		}
		use := func(access string) {
			answer := onTheWire(t, r, strings.Replace(manualUse, "Generated_Access_Token", access, 1))
			took := regexp.MustCompile(`(?m)^(X-VMWARE-VCLOUD-REQUEST-EXECUTION-TIME: )\d+`)
			asPrinted(t, manualUsed+tokenclients.ManualOrgList, took.ReplaceAllString(answer, "${1}41"))
		}
		access := exchange()
		use(access)

		a := envtest.Bearing(t, r, session, "DELETE /cloudapi/1.0.0/sessions/current", "")
		require.Equal(t, http.StatusNoContent, a.Status, a.Body)
		require.Equal(t, http.StatusUnauthorized, envtest.Bearing(t, r, session, "GET /api/org", "").Status)
		use(access)
		pings(t, r, access)
		use(exchange())
	})
}

// withBody puts a token into a request, and the length of its body then.
func withBody(request, word, token string) string {
	head, body, _ := strings.Cut(request, "\n\n")
	body = strings.Replace(body, word, token, 1)
	return strings.Replace(head, "Content-Length: 71", fmt.Sprintf("Content-Length: %d", len(body)), 1) + "\n\n" + body
}

// onTheWire sends a request over TLS, its head with the line ends of HTTP, and
// returns the whole answer with those of this file.
func onTheWire(t *testing.T, r *env.Env, request string) string {
	t.Helper()
	pem, err := os.ReadFile(r.Certificate())
	require.NoError(t, err)
	roots := x509.NewCertPool()
	require.True(t, roots.AppendCertsFromPEM(pem))
	address := strings.TrimPrefix(r.Main, "https://")
	conn, err := tls.DialWithDialer(&net.Dialer{Timeout: envtest.Patience}, "tcp", address, &tls.Config{RootCAs: roots})
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	require.NoError(t, conn.SetDeadline(time.Now().Add(envtest.Patience)))
	head, body, _ := strings.Cut(request, "\n\n")
	_, err = io.WriteString(conn, strings.ReplaceAll(head, "\n", "\r\n")+"\r\n\r\n"+body)
	require.NoError(t, err)

	var raw strings.Builder
	resp, err := http.ReadResponse(bufio.NewReader(io.TeeReader(conn, &raw)), nil)
	require.NoError(t, err)
	_, err = io.Copy(io.Discard, resp.Body)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	return raw.String()
}

// asPrinted compares an answer with the manual's: the status line, the names
// and values of the headers in their spelling and order, and the body.
func asPrinted(t *testing.T, want, got string) {
	t.Helper()
	wantHead, wantBody, _ := strings.Cut(want, "\n\n")
	gotHead, gotBody, ok := strings.Cut(got, "\r\n\r\n")
	require.True(t, ok, got)
	require.Equal(t, wantBody, gotBody)
	known := strings.Split(wantHead, "\n")
	var lines []string
	for line := range strings.SplitSeq(gotHead, "\r\n") {
		name, _, isHeader := strings.Cut(line, ": ")
		if isHeader && !strings.Contains(wantHead, name+": ") {
			require.Contains(t, more, name)
			continue
		}
		lines = append(lines, line)
	}
	require.Equal(t, known, lines)
}
