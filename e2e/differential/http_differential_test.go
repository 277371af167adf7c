package differential

import (
	"cmp"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/saltern-api/saltern/e2e/envtest"
	"github.com/saltern-api/saltern/saltmaster/sandbox/sandboxtest"
)

// TestDifferentialHTTP sends the requests of testdata/http to salt-api and to
// Saltern before the same master. Status, media type, headers that matter and
// body must be equal, apart from job ids, times, tokens and the order of
// minions, or else the difference must be in the list, and be as the case says.
func TestDifferentialHTTP(t *testing.T) {
	topics := readHTTPTopics(t)
	for release, salt := range sandboxtest.Salts(t) {
		t.Run(release, func(t *testing.T) {
			w := newHTTPWorld(t, startHTTPEnv(t, salt))
			for _, topic := range topics {
				t.Run(topic.name, func(t *testing.T) {
					for _, c := range topic.cases {
						if !c.runsOn(envtest.Line(t)) {
							continue
						}
						t.Run(c.name, func(t *testing.T) {
							if !topic.alone {
								t.Parallel()
							}
							w.check(t, c, topic.alone)
						})
					}
				})
			}
			t.Run("odd", func(t *testing.T) {
				compareOdd(t, w, oddCases())
				compareOverHTTP2(t, w)
			})
			if w.checked.Load() < int64(len(topics))*10 {
				return // -run left most of them out
			}
			for id := range httpRules {
				assert.NotZero(t, w.shown.ids[id], "no answer showed %s", id)
			}
		})
	}
}

func (w *httpWorld) check(t *testing.T, c httpCase, inTurn bool) {
	t.Helper()
	w.checked.Add(1)
	var fromAPI, fromSaltern []*httpSeen
	ask := func(side *httpSide, answers *[]*httpSeen) func() {
		return func() { *answers = w.ask(t, c, side) }
	}
	if inTurn {
		defer w.forgetKeys(t)
	}
	var both sync.WaitGroup
	both.Go(ask(w.saltAPI, &fromAPI))
	if inTurn {
		both.Wait()
	}
	both.Go(ask(w.saltern, &fromSaltern))
	both.Wait()
	for range 3 {
		if !c.lostRace(fromAPI) {
			break
		}
		ask(w.saltAPI, &fromAPI)()
	}
	for i, q := range c.steps {
		if i >= len(fromAPI) || i >= len(fromSaltern) {
			t.FailNow()
		}
		w.shown.apply(q, fromAPI[i], fromSaltern[i])
		api, ours := fromAPI[i].String(), fromSaltern[i].String()
		t.Logf("%s %s\nsalt-api, after %s: %.3000s\nsaltern, after %s: %.3000s", q.method, q.path, fromAPI[i].took, api, fromSaltern[i].took, ours)
		if len(q.differs) > 0 {
			assertAnswer(t, q.saltAPI, api, "%v: what salt-api answers to %s %s", q.differs, q.method, q.path)
			assertAnswer(t, q.saltern, ours, "%v: what Saltern answers to %s %s", q.differs, q.method, q.path)
			continue
		}
		assert.Equal(t, api, ours, "Saltern answers %s %s otherwise than salt-api, and the case lists no difference", q.method, q.path)
		assertAnswer(t, cmp.Or(q.both, "200..."), api, "what both answer to %s %s", q.method, q.path)
	}
}

// ask sends the requests of a case to one side.
func (w *httpWorld) ask(t *testing.T, c httpCase, side *httpSide) (answers []*httpSeen) {
	t.Helper()
	scope := w.scope(side)
	for _, q := range c.steps {
		start := time.Now()
		q = scope.filled(t, q)
		a, err := side.send(q)
		if !assert.NoError(t, err, "%s: %s %s", side.name, q.method, q.path) {
			return answers
		}
		v := w.seen(t, scope, q, a)
		v.took = time.Since(start).Round(time.Millisecond)
		answers = append(answers, v)
	}
	return answers
}

// lostRace reports whether 3006's salt-api failed by a race of its own, see
// diffCase.lostRace.
func (c *httpCase) lostRace(fromAPI []*httpSeen) bool {
	for i, a := range fromAPI {
		q := c.steps[i]
		failed := a.status == http.StatusInternalServerError && (a.body == "" || strings.Contains(a.body, "An unexpected error occurred"))
		if failed && !strings.HasPrefix(cmp.Or(q.saltAPI, q.both), "500") {
			return true
		}
	}
	return false
}

// assertAnswer compares an answer with what a case says, in which ... stands
// for anything.
func assertAnswer(t *testing.T, want, got string, message ...any) {
	t.Helper()
	pattern := strings.NewReplacer(` \.\.\. `, `( .*)? `, `\.\.\.`, `.*`).Replace(regexp.QuoteMeta(want))
	if !regexp.MustCompile("^" + pattern + "$").MatchString(got) {
		assert.Equal(t, want, got, message...)
	}
}
