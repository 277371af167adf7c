package method

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/internal/jsonobject"
)

// everything has a parameter of each kind.
type everything struct {
	Name    string      `rpc:"name,required"`
	Kind    string      `rpc:"kind" enum:"local|runner" default:"local"`
	ID      string      `rpc:"id" format:"uuid"`
	JID     string      `rpc:"jid" format:"jid"`
	Reverse bool        `rpc:"reverse" default:"false"`
	Enabled *bool       `rpc:"enabled"`
	Limit   int         `rpc:"limit" default:"50" min:"-1"`
	Days    *int        `rpc:"days"`
	Seconds float64     `rpc:"seconds" default:"1" min:"0" max:"120"`
	Masters []string    `rpc:"masters"`
	States  []string    `rpc:"states" enum:"new|old"`
	Either  TextOrList  `rpc:"either"`
	Minions [][2]string `rpc:"minions"`
	Arg     Object      `rpc:"arg"`
	Value   Any         `rpc:"value"`
	Extra   string      `rpc:"extra,keyword"`
}

func decoded(t *testing.T, args, kwarg string) (everything, *Error) {
	t.Helper()
	var positional []json.RawMessage
	require.NoError(t, json.Unmarshal([]byte(args), &positional))
	o, err := jsonobject.Parse([]byte(kwarg))
	require.NoError(t, err)
	var p everything
	wrong := decode(paramsOf(reflect.TypeFor[everything]()), positional, o, reflect.ValueOf(&p).Elem())
	return p, wrong
}

func TestDecode(t *testing.T) {
	t.Parallel()
	yes, days := true, 30
	plain := everything{Name: "a", Kind: "local", Limit: 50, Seconds: 1}
	with := func(change func(*everything)) everything {
		e := plain
		change(&e)
		return e
	}
	for _, c := range []struct {
		args, kwarg string
		want        everything
	}{
		{`[]`, `{"name":"a"}`, plain},
		{`["a"]`, `{}`, plain},
		{`["a", null, "", null, null]`, `{"limit":null}`, with(func(e *everything) { e.Kind = "local" })},
		{`["a", "runner"]`, `{"extra":"b"}`, with(func(e *everything) { e.Kind, e.Extra = "runner", "b" })},
		{`["a"]`, `{"limit":"0","reverse":"True","enabled":"true","days":"30","seconds":"0.5"}`, with(func(e *everything) {
			e.Limit, e.Reverse, e.Enabled, e.Days, e.Seconds = 0, true, &yes, &days, 0.5
		})},
		{`["a"]`, `{"limit":-1,"masters":[],"states":["new"],"either":"x","minions":[["m","a"]],"arg":{"b": 1},"value":[null]}`, with(func(e *everything) {
			e.Limit, e.Masters, e.States, e.Either = -1, []string{}, []string{"new"}, TextOrList{"x"}
			e.Minions, e.Arg, e.Value = [][2]string{{"m", "a"}}, Object(`{"b": 1}`), Any(`[null]`)
		})},
		{`["a"]`, `{"either":["x","y"],"id":"7f93b928-388b-11e6-b133-346895ecb8f3","jid":"20261129231654248604"}`, with(func(e *everything) {
			e.Either, e.ID, e.JID = TextOrList{"x", "y"}, "7f93b928-388b-11e6-b133-346895ecb8f3", "20261129231654248604"
		})},
	} {
		got, wrong := decoded(t, c.args, c.kwarg)
		require.Nil(t, wrong, "%s %s", c.args, c.kwarg)
		require.Equal(t, c.want, got, "%s %s", c.args, c.kwarg)
	}
	for kwarg, name := range map[string]string{
		`{}`: "name", `{"name":null}`: "name", `{"nam":"a"}`: "nam", `{"name":1}`: "name",
		`{"name":"a","kind":"wheel"}`: "kind", `{"name":"a","id":"7f93b928"}`: "id", `{"name":"a","jid":"2026"}`: "jid",
		`{"name":"a","reverse":2}`: "reverse", `{"name":"a","limit":-2}`: "limit", `{"name":"a","limit":1.5}`: "limit",
		`{"name":"a","limit":1e300}`: "limit", `{"name":"a","days":-1e300}`: "days", `{"name":"a","seconds":121}`: "seconds",
		`{"name":"a","masters":"x"}`: "masters", `{"name":"a","masters":[null]}`: "masters", `{"name":"a","states":["x"]}`: "states",
		`{"name":"a","either":{}}`: "either", `{"name":"a","minions":[["m"]]}`: "minions", `{"name":"a","arg":[]}`: "arg",
		`{"name":"a","arg":{"b":1,"b":2}}`: "arg",
	} {
		_, wrong := decoded(t, `[]`, kwarg)
		require.NotNil(t, wrong, kwarg)
		require.Equal(t, CodeInvalidParameter, wrong.Code, kwarg)
		require.Equal(t, name, wrong.Parameter, kwarg)
	}
	_, wrong := decoded(t, `["a"]`, `{"name":"a"}`)
	require.Equal(t, "name", wrong.Parameter)
	_, wrong = decoded(t, `["a",null,null,null,null,null,null,null,null,null,null,null,null,null,null,"by position"]`, `{}`)
	require.ErrorContains(t, wrong, "16 positional arguments, of 15 that are taken")
}

// compiled returns the schema of a method, which is one of draft 7.
func compiled(t testing.TB, m *Method) *jsonschema.Schema {
	t.Helper()
	text, err := json.Marshal(m.Schema())
	require.NoError(t, err)
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	require.NoError(t, err)
	c := jsonschema.NewCompiler()
	require.NoError(t, c.AddResource("schema.json", doc))
	s, err := c.Compile("schema.json")
	require.NoError(t, err, "%s: %s", m, text)
	require.Equal(t, 7, s.DraftVersion)
	return s
}

func declared() *Method {
	return &Method{Resource: "test", Name: "every_thing", Params: paramsOf(reflect.TypeFor[everything]())}
}

func TestSchema(t *testing.T) {
	t.Parallel()
	s, err := json.Marshal(declared().Schema()["definitions"])
	require.NoError(t, err)
	require.Contains(t, string(s), `{"TestEveryThingSchema":{"additionalProperties":false,"properties":{`)
	require.Equal(t, "(name, kind='local', id=None, jid=None, reverse=False, enabled=None, limit=50, days=None, seconds=1, "+
		"masters=None, states=None, either=None, minions=None, arg=None, value=None)", declared().Signature())
}

// FuzzArguments requires that arguments which the schema allows are taken, and that
// those which are taken are allowed, but for numbers and booleans that are texts.
func FuzzArguments(f *testing.F) {
	for _, seed := range []string{
		`{"name":"a"}`, `{"name":"a","limit":"0","reverse":"true"}`, `{"name":"","kind":"","states":[""]}`, `{"name":"a","either":["x"]}`,
		`{"name":"a","minions":[["a","b"]],"arg":{"a":{}},"value":1}`, `{"name":"a","id":"7f93b928-388b-11e6-b133-346895ecb8f3"}`,
		`{"name":"a","limit":2147483648}`, `{"name":"a","days":-5.0,"seconds":0.5,"jid":"20261129231654248604"}`, `{"name":"a","kind":null}`,
	} {
		f.Add(seed)
	}
	m := declared()
	schema := compiled(f, m)
	f.Fuzz(func(t *testing.T, text string) {
		o, err := jsonobject.Parse([]byte(text))
		if err != nil {
			return
		}
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		if err != nil {
			return
		}
		var p everything
		wrong := decode(m.Params, nil, o, reflect.ValueOf(&p).Elem())
		allowed := schema.Validate(v) == nil
		if wrong != nil && allowed && !hasNames(v, 0) {
			t.Fatalf("the schema allows %s, which is refused: %v", text, wrong)
		}
		if wrong == nil && !allowed && !hasText(o) {
			t.Fatalf("the schema does not allow %s, which is taken: %v", text, schema.Validate(v))
		}
	})
}

// hasText reports whether a number or a boolean is a text.
func hasText(o jsonobject.Object) bool {
	for _, m := range o {
		switch m.Name {
		case "reverse", "enabled", "limit", "days", "seconds":
			if m.Value[0] == '"' {
				return true
			}
		}
	}
	return false
}

// hasNames reports whether a value has objects, whose names may be there twice.
func hasNames(v any, depth int) bool {
	switch v := v.(type) {
	case map[string]any:
		if depth > 0 {
			return true
		}
		for _, e := range v {
			if hasNames(e, depth+1) {
				return true
			}
		}
	case []any:
		for _, e := range v {
			if hasNames(e, depth+1) {
				return true
			}
		}
	}
	return false
}

func BenchmarkDecode(b *testing.B) {
	m := declared()
	b.ReportAllocs()
	for b.Loop() {
		o, err := jsonobject.Parse([]byte(`{"name":"Check","kind":"local","masters":["a"],"reverse":false,"limit":50,"days":0}`))
		if err != nil {
			b.Fatal(err)
		}
		var p everything
		if wrong := decode(m.Params, nil, o, reflect.ValueOf(&p).Elem()); wrong != nil {
			b.Fatal(wrong)
		}
	}
}
