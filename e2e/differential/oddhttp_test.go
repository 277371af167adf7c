package differential

import (
	"bufio"
	"cmp"
	"crypto/tls"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// This file is the part of TestDifferentialHTTP that makes its requests by
// itself.

// oddListed are the requests that Saltern answers otherwise than salt-api in
// one of the ways of oddDifference, and the row of docs/differences.md that says why.
var oddListed = []oddListing{
	{"H11", "refused", `method OPTIONS /run .*`},
	{"H14", "allowed", `path POST /run/`},
	{"H14", "allowed", `credential \d+ "(X-Auth-Token: \$TOKEN|Cookie: session_id=\$TOKEN|Authorization: Bearer \$SESSION)"`},
	{"H22", "refused", `form \d+ ".*arg=%E4"`},
	{"H29", "refused", `path //(\.|\.\.|x)`},
	{"H29", "result", `path //login`},
	{"H29", "allowed", `path POST //login`},
	{"H34", "refused", `credential \d+ "Cookie: session_id=\$SESSION\|(Sec-Fetch-Site: (cross|same)-site|Origin: .*)"`},
	{"O1", "refused", `path .*%zz`},
	{"O2", "refused", `version( and POST)? HTTP/1\.(01|1 )`},
	{"O2", "refused", `line after an empty one`},
	{"O3", "refused", `line \d+ "(X-Odd: a\\x0[01]b|X-Odd : x|X Odd: x|X\\xe4: x|: x)"( and POST)?`},
	{"O3", "refused", `credential \d+ "X-Auth-Token : \$SESSION"`},
	{"O3", "refused", `length with a blank before the colon`},
	{"O4", "refused", `line \d+ "Host: .*"( and POST)?`},
	{"O4", "refused", `host "(a b|a/b|x@y|\\xe4)"`},
	{"O5", "refused", `length \d+ "(\+58|5_8)"`},
	{"O5", "refused", `length twice, another first`},
	{"O5", "refused", `transfer and length \d+ ".+"`},
	{"O5", "refused", `transfer and a plain body \d+ ""`},
	{"O6", "refused", `credential \d+ "(X_Auth_Token: \$SESSION|X-Auth-Token: 0123456789abcdef.*\|X-Auth-Token: \$.*)"`},
	{"O6", "refused", `type \["Content-Type: text/plain" "Content-Type: application/json"\]`},
	{"O7", "refused", `credential \d+ "Authorization: Bearer saltern_api_.*"`},
	{"O8", "refused", `line \d+ "Expect: more"( and POST)?`},
	{"O9", "allowed", `credential \d+ "Cookie: (session_id=\$SESSION\|Cookie: a=b|(;|a;|a b=c;|a=\\xe4;|a=\{.*\};|expires=x;) session_id=\$SESSION)"`},
}

// oddListing is a row of docs/differences.md, a difference, and a pattern of the names
// of requests that show it there.
type oddListing struct{ row, difference, name string }

// oddAtOnce is how many requests are on their way to each side.
const oddAtOnce = 8

// compareOdd sends requests in the forms that other people's programs give them
// to salt-api and to Saltern before the same master. What salt-api answers with
// success Saltern answers so too, with the same result, and what it refuses to a
// caller it refuses: but for what is listed, in both directions.
func compareOdd(t *testing.T, w *httpWorld, cases []oddCase) {
	t.Helper()
	found := make([]string, len(cases))
	var senders sync.WaitGroup
	next := make(chan int)
	for range oddAtOnce {
		senders.Go(func() {
			for i := range next {
				found[i] = w.oddDifference(t, cases[i])
			}
		})
	}
	for i := range cases {
		next <- i
	}
	close(next)
	senders.Wait()
	shown := make(map[int]bool)
	for i, c := range cases {
		if found[i] == "" {
			continue
		}
		difference, about, _ := strings.Cut(found[i], ": ")
		n := slices.IndexFunc(oddListed, func(l oddListing) bool {
			return l.difference == difference && regexp.MustCompile("^(?:"+l.name+")$").MatchString(c.name)
		})
		if !assert.GreaterOrEqual(t, n, 0, "not listed: %s: %s: %s", c.name, difference, about) {
			continue
		}
		shown[n] = true
	}
	for n, l := range oddListed {
		assert.True(t, shown[n], "no request shows %v any more", l)
	}
}

// oddDifference is how the answers to a request differ: "refused" when salt-api
// alone succeeds, "result" when both do, with different results, and "allowed"
// when salt-api alone denies it; or "".
func (w *httpWorld) oddDifference(t *testing.T, c oddCase) string {
	api, err := w.sendOdd(t, w.saltAPI, c)
	for range 2 {
		if api.status != http.StatusInternalServerError {
			break // it may be one that salt-api fails because there are others, see diffCase.lostRace
		}
		api, err = w.sendOdd(t, w.saltAPI, c)
	}
	if err != nil {
		api.body = err.Error()
	}
	ours, err := w.sendOdd(t, w.saltern, c)
	if err != nil {
		ours.body = err.Error()
	}
	about := fmt.Sprintf("salt-api %d %.200s, saltern %d %.200s", api.status, api.body, ours.status, ours.body)
	switch {
	case api.succeeded() && !ours.succeeded():
		return "refused: " + about
	case api.succeeded() && api.body != ours.body:
		return "result: " + about
	case ours.succeeded() && (api.status == http.StatusUnauthorized || api.status == http.StatusForbidden):
		return "allowed: " + about
	}
	return ""
}

// oddAnswer is what came back, in the form that is compared. Its status is 0
// when nothing did.
type oddAnswer struct {
	status int
	body   string
}

func (a oddAnswer) succeeded() bool { return a.status/100 == 2 }

// oddPatience is how long an answer is waited for. Some requests get none.
const oddPatience = 5 * time.Second

func (w *httpWorld) sendOdd(t *testing.T, s *httpSide, c oddCase) (oddAnswer, error) {
	t.Helper()
	scope := w.scope(s)
	body := scope.fill(t, c.body)
	request := strings.ReplaceAll(scope.fill(t, c.head), ": *", ": "+strconv.Itoa(len(body))) + body
	u, err := url.Parse(s.base)
	if err != nil {
		return oddAnswer{}, err
	}
	conn, err := net.Dial("tcp", u.Host)
	if err != nil {
		return oddAnswer{}, err
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(oddPatience)); err != nil {
		return oddAnswer{}, err
	}
	if s.tls != nil {
		conn = tls.Client(conn, s.tls)
	}
	if _, err := io.WriteString(conn, request); err != nil {
		return oddAnswer{}, err
	}
	method, _, _ := strings.Cut(strings.TrimLeft(c.head, "\r\n"), " ")
	resp, err := readAnswer(bufio.NewReader(conn), method) //nolint:bodyclose // the connection is closed
	if err != nil {
		return oddAnswer{}, err
	}
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return oddAnswer{status: resp.StatusCode}, err
	}
	return scope.oddAnswer(t, resp, string(b)), nil
}

func (s *httpScope) oddAnswer(t *testing.T, resp *http.Response, body string) oddAnswer {
	t.Helper()
	media, _, _ := strings.Cut(resp.Header.Get("Content-Type"), ";")
	a := oddAnswer{status: resp.StatusCode}
	a.body = seenBody(media, s.unfill(inflated(t, httpAnswer{header: resp.Header, body: body})), httpStep{})
	for _, known := range oddKnown {
		a.body = known.ReplaceAllString(a.body, "")
	}
	return a
}

// oddKnown is what other suites compare.
var oddKnown = []*regexp.Regexp{
	regexp.MustCompile(`"destroy", `),            // H10
	regexp.MustCompile(`"status": (null|200), `), // H11
	regexp.MustCompile(`"(CherryPy|Cheroot) .*`), // H31
}

// TestOddHTTPList holds the O rows of docs/differences.md against oddListed.
func TestOddHTTPList(t *testing.T) {
	text, err := os.ReadFile("../../docs/differences.md")
	require.NoError(t, err)
	rows := make(map[string]bool)
	for _, m := range regexp.MustCompile(`(?m)^\| ([A-Z]\d+) \|`).FindAllStringSubmatch(string(text), -1) {
		rows[m[1]] = strings.HasPrefix(m[1], "O")
	}
	for _, l := range oddListed {
		_, ok := rows[l.row]
		require.True(t, ok, "%v: no such row", l)
		rows[l.row] = false
	}
	for row, unshown := range maps.All(rows) {
		require.False(t, unshown, "no request shows %s", cmp.Or(row, "?"))
	}
}
