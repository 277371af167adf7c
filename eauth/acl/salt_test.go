package acl

import (
	_ "embed"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/saltern-api/saltern/saltmaster/sandbox/sandboxtest"
)

//go:embed testdata/ask.py
var askScript string

// question is the input for Salt's own code.
type question struct {
	Folder  string     `json:"folder"`
	IDs     []string   `json:"ids"`
	Setups  []setup    `json:"setups"`
	Regexes []matching `json:"regexes"`
	Globs   []matching `json:"globs"`
	Values  []any      `json:"values"`
}

type matching struct {
	Pattern string   `json:"pattern"`
	Texts   []string `json:"texts"`
}

type setup struct {
	ExternalAuth any            `json:"external_auth"`
	Options      map[string]any `json:"options"`
	Calls        []saltCall     `json:"calls"`
}

type saltCall struct {
	Kind    string         `json:"kind"`
	Subject map[string]any `json:"who"`
	Fun     string         `json:"fun"`
	Args    any            `json:"args"`
	Kwargs  any            `json:"kwargs"`
	Tgt     any            `json:"tgt"`
	TgtType string         `json:"tgt_type"`
}

type answer struct {
	Setups  [][]string  `json:"setups"`
	Regexes [][]bool    `json:"regexes"`
	Globs   [][]bool    `json:"globs"`
	Values  [][3]string `json:"values"` // str, repr and JSON
}

// A comparison is a question and the check of the answer.
type comparison struct {
	question question
	check    func(t *testing.T, a answer)
}

// TestSaltAgrees runs all questions in every installed Salt, whose Python starts once
// for them: to import Salt costs more than most answers.
func TestSaltAgrees(t *testing.T) {
	t.Parallel()
	comparisons := map[string]func(t *testing.T) comparison{
		"rules": rulesAgree, "random rules": randomRulesAgree, "targets": targetsAgree, "named": namedAgrees,
		"perms": permsAgree, "values": valuesAgree, "patterns": patternsAgree, "globs": globsAgree,
	}
	names := slices.Sorted(maps.Keys(comparisons))
	all := make([]comparison, len(names))
	questions := make([]question, len(names))
	for i, name := range names {
		all[i] = comparisons[name](t)
		questions[i] = all[i].question
	}
	for version, dir := range sandboxtest.Salts(t) {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			mine := slices.Clone(questions)
			for i := range mine {
				mine[i].Folder = t.TempDir()
			}
			var answers []answer
			sandboxtest.Python(t, dir, askScript, mine, &answers)
			require.Len(t, answers, len(all))
			for i, name := range names {
				t.Run(name, func(t *testing.T) { all[i].check(t, answers[i]) })
			}
		})
	}
}

// tagged writes a value so that it survives JSON.
func tagged(v any) any {
	switch v := v.(type) {
	case nil, string, bool:
		return v
	case []any:
		list := make([]any, len(v))
		for i, x := range v {
			list[i] = tagged(x)
		}
		return map[string]any{"list": list}
	case Map:
		pairs := make([][2]any, len(v))
		for i, p := range v {
			pairs[i] = [2]any{tagged(p.Key), tagged(p.Value)}
		}
		return map[string]any{"map": pairs}
	case []byte:
		return map[string]any{"bytes": hex.EncodeToString(v)}
	case float64:
		return map[string]any{"float": repr(v)}
	default:
		return map[string]any{"int": fmt.Sprint(v)}
	}
}

// parse reads YAML, which is the shortest way to write values.
func parse(t testing.TB, text string) any {
	t.Helper()
	var n yaml.Node
	require.NoError(t, yaml.Unmarshal([]byte(text), &n), text)
	if len(n.Content) == 0 {
		return nil
	}
	return fromNode(t, n.Content[0])
}

func fromNode(t testing.TB, n *yaml.Node) any {
	t.Helper()
	switch n.Kind {
	case yaml.SequenceNode:
		list := []any{}
		for _, c := range n.Content {
			list = append(list, fromNode(t, c))
		}
		return list
	case yaml.MappingNode:
		m := Map{}
		for i := 0; i < len(n.Content); i += 2 {
			m = append(m, Pair{fromNode(t, n.Content[i]), fromNode(t, n.Content[i+1])})
		}
		return m
	default:
		var v any
		require.NoError(t, n.Decode(&v))
		switch x := v.(type) {
		case int:
			return int64(x)
		case string:
			if n.Tag == "!!binary" {
				return []byte(x)
			}
		}
		return v
	}
}

func mapping(t testing.TB, text string) Map {
	t.Helper()
	m, _ := parse(t, text).(Map)
	return m
}
