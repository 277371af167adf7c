package acl

import (
	"encoding/json"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// drawing derives rules and a call from bytes.
type drawing struct{ data []byte }

func (d *drawing) pick(n int) int {
	if len(d.data) == 0 {
		return 0
	}
	b := d.data[0]
	d.data = d.data[1:]
	return int(b) % n
}

func oneOf[T any](d *drawing, of ...T) T { return of[d.pick(len(of))] }

// text returns a text with a meaning somewhere, or some of the bytes as they are.
func (d *drawing) text() string {
	if d.pick(16) == 15 {
		n := min(d.pick(20), len(d.data))
		s := string(d.data[:n])
		d.data = d.data[n:]
		return s
	}
	return oneOf(d, "test.ping", ".*", "*", "", "test.*", "a", "web1", "web*", "@runner", "@wheel", "@jobs", "@", "b", "jobs.active",
		"active", "args", "kwargs", "(?!a)", "[", "a|b", "G@a:b", "web1 or db1", "x%", "a$", "E@web", "not web1", "@runners", "^model")
}

func (d *drawing) scalar() any {
	return oneOf[any](d, nil, true, false, int64(0), int64(1), 1.0, 1.5, []byte("x"), int64(1000))
}

func (d *drawing) value(depth int) any {
	switch kind := d.pick(8); {
	case kind < 3 || depth == 0:
		return d.text()
	case kind == 3:
		return d.scalar()
	case kind < 6:
		list := []any{}
		for range d.pick(4) {
			list = append(list, d.value(depth-1))
		}
		return list
	default:
		return d.mapping(1+d.pick(2)*d.pick(3), depth-1)
	}
}

func (d *drawing) mapping(n, depth int) Map {
	m := Map{}
	for range n {
		var key any = d.text()
		if d.pick(12) == 11 {
			key = d.scalar()
		}
		if _, ok := m.find(key); !ok {
			m = append(m, Pair{key, d.value(depth)})
		}
	}
	return m
}

// entries returns a user's list that is likely to be valid.
func (d *drawing) entries() any {
	if d.pick(10) == 9 {
		return d.value(4)
	}
	list := []any{}
	for range 1 + d.pick(3) {
		switch d.pick(6) {
		case 0, 1:
			list = append(list, d.text())
		case 2:
			list = append(list, d.value(3))
		default:
			key := oneOf[any](d, "*", "web*", "web1", "@runner", "@jobs", "@wheel", "db1 or web1", "G@os:x", d.text(), d.scalar())
			list = append(list, Map{{key, d.functions()}})
		}
	}
	return list
}

func (d *drawing) functions() any {
	if d.pick(4) == 3 {
		return d.value(3)
	}
	fun := oneOf(d, "test.*", ".*", "jobs.active", "active", "a")
	if d.pick(3) == 0 {
		return []any{fun}
	}
	demand := Map{}
	if d.pick(3) != 0 {
		demand = append(demand, Pair{"args", oneOf[any](d, []any{d.value(1)}, []any{nil, "a"}, []any{"a", "b"}, d.value(2))})
	}
	if d.pick(2) != 0 {
		demand = append(demand, Pair{"kwargs", oneOf[any](d, Map{{"a", d.value(1)}}, Map{{"b", nil}}, d.value(2))})
	}
	return []any{Map{{fun, demand}}}
}

// drawn is a call with the rules that it is checked against.
type drawn struct {
	rules   Map
	opts    Options
	subject Subject
	kind    string
	fun     string
	args    any
	kwargs  any
	call    Call
}

func draw(data []byte) drawn {
	d := &drawing{data}
	c := drawn{
		opts:    Options{PermissiveACL: d.pick(8) == 7, ExpandedMatching: d.pick(8) == 7, KeepACLInToken: d.pick(8) == 7},
		kind:    oneOf(d, "publish", "publish", "runner", "wheel", "perms"),
		subject: Subject{Eauth: "pam", User: oneOf(d, "alice", "alice", "alice", "a.b", "al*", d.text())},
		fun:     oneOf(d, "test.ping", "test.ping", "jobs.active", "saltutil.find_job", "a", d.text()),
	}
	if d.pick(2) == 1 {
		c.subject.Groups = []string{"x"}
	}
	if d.pick(8) == 7 {
		c.subject.AuthList, c.subject.HasAuthList = d.entries(), true
	}
	c.rules = Map{{oneOf(d, "alice", "alice", "*", "x%"), d.entries()}}
	if d.pick(3) == 2 {
		for _, p := range d.mapping(2, 3) {
			if _, ok := c.rules.find(p.Key); !ok {
				c.rules = append(c.rules, p)
			}
		}
	}
	args := []any{}
	for range d.pick(4) {
		args = append(args, d.value(2))
	}
	c.args = args
	c.kwargs = oneOf[any](d, nil, Map{{"a", "a"}, {"b", nil}}, d.value(2))
	if c.kind == "runner" && d.pick(8) == 7 {
		c.args = d.value(2)
	}
	if m, ok := c.kwargs.(Map); ok {
		if _, ok := m.find("__kwarg__"); !ok && c.kind == "publish" {
			args = append(args, append(Map{{"__kwarg__", true}}, m...))
		}
	}
	if c.kind == "publish" {
		c.args = args
	}
	c.call = Call{
		Fun: c.fun, Args: args,
		TgtType: oneOf(d, "glob", "glob", "list", "compound", "pcre", "grain"),
		Tgt:     oneOf[any](d, "web1", "web*", "*", "db1", "web1 or db1", d.value(2)),
	}
	return c
}

func (c drawn) answer() string {
	opts := c.opts
	opts.Targets = targets()
	r := New([]Module{{Name: "pam", Rules: c.rules}}, opts)
	switch c.kind {
	case "runner":
		return r.Runner(c.subject, c.fun, c.args, c.kwargs).String()
	case "wheel":
		return r.Wheel(c.subject, c.fun, c.args, c.kwargs).String()
	case "perms":
		return string(r.Perms(c.subject))
	default:
		return r.Publish(c.subject, c.call).String()
	}
}

// FuzzRules checks arbitrary calls against arbitrary rules. Nothing may panic, and the results are always the same.
func FuzzRules(f *testing.F) {
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1000 {
			return
		}
		c := draw(data)
		got := c.answer()
		require.Equal(t, got, c.answer())
		if c.kind == "perms" {
			require.True(t, json.Valid([]byte(got)), got)
		}
	})
}

// FuzzPattern compiles arbitrary patterns. Only a pattern with traits may be uncertain about a text.
func FuzzPattern(f *testing.F) {
	for _, c := range patterns {
		f.Add(c.pattern, c.text)
	}
	f.Fuzz(func(t *testing.T, pattern, text string) {
		if len(pattern) > 200 || len(text) > 200 {
			return
		}
		p := regex(pattern)
		o := p.match(text)
		require.Contains(t, []outcome{yes, no, maybe}, o)
		require.Equal(t, o, p.match(text))
		require.Contains(t, []outcome{yes, no, maybe}, glob(pattern).match(text))
	})
}

func randomBytes(random *rand.Rand) []byte {
	data := make([]byte, 120)
	for i := range data {
		data[i] = byte(random.Uint32())
	}
	return data
}

// randomRulesAgree compares thousands of random rules and calls with Salt's own code.
func randomRulesAgree(t *testing.T) comparison {
	t.Helper()
	random := rand.New(rand.NewPCG(7, 8))
	q := question{IDs: ids}
	var all []drawn
	for range 2000 {
		c := draw(randomBytes(random))
		all = append(all, c)
		q.Setups = append(q.Setups, setup{
			ExternalAuth: tagged(Map{{"pam", c.rules}}), Options: optionsOf(c.opts),
			Calls: []saltCall{{
				Kind: c.kind, Subject: whoOf(c.subject), Fun: c.fun, Args: tagged(c.args), Kwargs: tagged(c.kwargs),
				Tgt: tagged(c.call.Tgt), TgtType: c.call.TgtType,
			}},
		})
	}
	return comparison{q, func(t *testing.T, a answer) {
		count := map[string]int{}
		for i, c := range all {
			got := c.answer()
			want := a.Setups[i][0]
			if got != "unknown" && want != "500" {
				assert.Equal(t, want, got, "%+v", c)
			}
			count[got]++
		}
		t.Log(count)
		require.Greater(t, count["allowed"], 150)
		require.Greater(t, count["refused"], 300)
		require.Less(t, count["unknown"], count["allowed"]+count["refused"])
	}}
}
