package differential

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"reflect"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/envtest"
	"github.com/saltern-api/saltern/saltmaster/sandbox/sandboxtest"
)

// TestOddValues sends requests in which one field is empty or odd, in the ways
// of templates and of other languages, to salt-api and to Saltern before the
// same master. What salt-api answers with success has the same answer of
// Saltern, or else stands in testdata/oddvalues.txt, beside the row of docs/differences.md
// that says why; and what stands there differs.
func TestOddValues(t *testing.T) {
	for release, salt := range sandboxtest.Salts(t) {
		t.Run(release, func(t *testing.T) {
			w := newHTTPWorld(t, startHTTPEnv(t, salt))
			w.askAll(t, sharedOut(allValueCases(), envtest.Line(t)), listedValues(t, envtest.Line(t)))
		})
	}
}

// sharedOut leaves 3006 and 3008 every other case, so that the two, which run side
// by side, are through in half the time, and the line between them a few of both.
// SALTERN_THOROUGH=1 gives each all of them.
func sharedOut(cases []*valueCase, line string) (some []*valueCase) {
	if os.Getenv("SALTERN_THOROUGH") != "" {
		return cases
	}
	first, step := 0, 2
	switch line {
	case "3006":
		first = 1
	case "3007":
		step = 5
	}
	for i := first; i < len(cases); i += step {
		some = append(some, cases[i])
	}
	return some
}

// valueCase is one request, and what each of the two answered.
type valueCase struct {
	name, body string
	step       httpStep
	api, ours  valueAnswer
}

type valueAnswer struct {
	status int
	text   string
}

func (a valueAnswer) ok() bool { return a.status/100 == 2 }

func refused(a valueAnswer) bool {
	return a.status == http.StatusUnauthorized || a.status == http.StatusForbidden
}

func (a valueAnswer) String() string { return fmt.Sprintf("%d %s", a.status, a.text) }

// difference returns in which way an answer of Saltern is not as it has to be.
func (c *valueCase) difference() string {
	switch {
	case c.api.ok() && !c.ours.ok():
		return "salt-api answers with success and Saltern does not"
	case c.api.ok() && c.api.text != c.ours.text && !sameMinions(c.api.text, c.ours.text):
		return "the results differ"
	case refused(c.api) && c.ours.ok():
		return "Saltern does what salt-api refuses"
	case c.api.status != http.StatusInternalServerError && c.ours.status >= 500:
		return "Saltern fails"
	}
	return ""
}

// sameMinions reports whether two answers have the same returns of several minions,
// which are in the order in which they came.
func sameMinions(a, b string) bool {
	if !strings.Contains(a, `"ms--1": `) {
		return false
	}
	mediaA, bodyA, _ := strings.Cut(a, " {")
	mediaB, bodyB, _ := strings.Cut(b, " {")
	var valueA, valueB any
	return mediaA == mediaB && json.Unmarshal([]byte("{"+bodyA), &valueA) == nil && json.Unmarshal([]byte("{"+bodyB), &valueB) == nil &&
		reflect.DeepEqual(valueA, valueB)
}

func allValueCases() []*valueCase { return append(valueCases(), mediaCases()...) }

func valueCases() (cases []*valueCase) {
	add := func(b *valueBody, name, body string) {
		s := httpStep{method: http.MethodPost, path: b.path, body: body, headers: []string{"Content-Type: " + envtest.JSON}}
		if b.session {
			s.headers = append(s.headers, "X-Auth-Token: $SESSION")
		}
		cases = append(cases, &valueCase{name: name, body: body, step: s})
	}
	for _, b := range valueBodies() {
		if b.whole != "" {
			add(&b, b.name+": "+strings.ReplaceAll(b.whole, "\n", `\n`), b.whole)
			continue
		}
		for _, f := range b.fields {
			if f.forms == nil {
				continue
			}
			for _, form := range f.forms(f.right) {
				add(&b, b.name+", "+f.key+": "+form.name, b.write(f.key, form))
			}
		}
	}
	return cases
}

// valuesAtOnce is how many requests salt-api has at once.
const valuesAtOnce = 4

func (w *httpWorld) askAll(t *testing.T, cases []*valueCase, listed map[string]string) {
	t.Helper()
	var next atomic.Int64
	var workers sync.WaitGroup
	for range valuesAtOnce {
		workers.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(cases)); i = next.Add(1) - 1 {
				w.askBoth(t, cases[i], listed[cases[i].name] != "")
				cases[i].check(t, listed[cases[i].name])
			}
		})
	}
	workers.Wait()
	w.forgetKeys(t)
}

// askBoth asks again where chance may have had a part in it: a minion or the
// master of a busy machine that is late, of which salt-api asks a second time
// itself; or the loader of salt-api or of the master, see diffCase.lostRace, which
// refuses one login of many.
func (w *httpWorld) askBoth(t *testing.T, c *valueCase, listed bool) {
	t.Helper()
	for range 4 {
		c.api, c.ours = w.askValue(t, c.step, w.saltAPI), w.askValue(t, c.step, w.saltern)
		busy := c.ours.status == http.StatusGatewayTimeout && c.api.ok() || c.ours.status == 0
		late := c.ours.ok() && silentMinion.MatchString(c.api.text+c.ours.text) && (listed || c.api.text != c.ours.text)
		lost := listed && c.api.status == http.StatusInternalServerError
		// local_subset and local_batch do not say that the minions which they asked first were late.
		late = late || noReturns.MatchString(c.api.text) != noReturns.MatchString(c.ours.text)
		lost = lost || !listed && refused(c.api) && c.ours.ok()
		if !late && !lost && !busy {
			return
		}
	}
}

// noReturns finds the answer of no minion, which of local_batch has not even an object.
var noReturns = regexp.MustCompile(`\{"return": \[(\{\})?\]\}$`)

// silentMinion finds a minion that did not answer, or one whose key another case has
// just made: it is false before 3008.
var silentMinion = regexp.MustCompile(`did not return|"(ms--\d|new\w+)": false`)

// check holds a case against the list; row is the one that it is listed for, or
// empty.
func (c *valueCase) check(t *testing.T, row string) {
	t.Helper()
	how := c.difference()
	switch {
	case how != "" && row == "":
		t.Errorf("%s: %s, and testdata/oddvalues.txt does not list it\n%s\nsalt-api: %.1500s\nsaltern:  %.1500s", c.name, how, c.body, c.api, c.ours)
	case strings.HasSuffix(c.api.text, "event "+neverCame) && strings.HasSuffix(c.ours.text, "event "+neverCame):
		t.Errorf("%s: neither's event has come", c.name)
	case how == "" && row != "":
		t.Errorf("%s: testdata/oddvalues.txt lists it for %s, and nothing differs\n%s\nsalt-api: %.1500s\nsaltern:  %.1500s", c.name, row, c.body, c.api, c.ours)
	}
}

func (w *httpWorld) askValue(t *testing.T, q httpStep, side *httpSide) valueAnswer {
	t.Helper()
	if q.path == "/keys" {
		// The master makes nothing for a minion whose key it has, and waits for it. Only
		// one request at a time, or the key that another has the master make goes too.
		w.keys.Lock()
		defer w.keys.Unlock()
		defer w.forgetKeys(t)
	}
	scope := w.scope(side)
	q = scope.filled(t, q)
	a, err := side.send(q)
	if err != nil {
		return valueAnswer{text: err.Error()}
	}
	v := w.seen(t, scope, q, a)
	return valueAnswer{v.status, v.media + " " + v.body}
}

// listedValues reads the list: a line has the row of docs/differences.md and the case,
// with the line of releases between them where it is for one alone.
func listedValues(t *testing.T, only string) map[string]string {
	t.Helper()
	f, err := os.Open("testdata/oddvalues.txt")
	require.NoError(t, err)
	defer f.Close() //nolint:errcheck // it was only read
	listed := make(map[string]string)
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		row, name, ok := strings.Cut(lines.Text(), " ")
		if !ok || row == "#" {
			continue
		}
		if m := lineFirst.FindStringSubmatch(name); m != nil {
			if m[1] != only {
				continue
			}
			name = m[2]
		}
		require.Empty(t, listed[name], "%s is listed twice", name)
		listed[name] = row
	}
	require.NoError(t, lines.Err())
	return listed
}

var lineFirst = regexp.MustCompile(`^(3\d{3}) (.*)$`)

// TestOddValuesList holds the rows that testdata/oddvalues.txt names against
// docs/differences.md.
func TestOddValuesList(t *testing.T) {
	text, err := os.ReadFile("../../docs/differences.md")
	require.NoError(t, err)
	names := make(map[string]bool)
	for _, c := range allValueCases() {
		require.False(t, names[c.name], "there are two of %s", c.name)
		names[c.name] = true
	}
	for _, line := range []string{"3006", "3007", "3008"} {
		for name, row := range listedValues(t, line) {
			require.Contains(t, string(text), "\n| "+row+" |", name)
			require.True(t, names[name], "there is no case %s", name)
		}
	}
}
