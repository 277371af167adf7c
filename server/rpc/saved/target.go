package saved

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/saltern-api/saltern/internal/jsonobject"
	"github.com/saltern-api/saltern/server/rpc/method"
)

// AllMinions is the uuid of the built-in target with all minions.
const AllMinions = "7f93b928-388b-11e6-b133-346895ecb8f3"

// Target is a target as Salt has it.
type Target struct {
	Tgt  json.RawMessage // a text, or a list of texts
	Type string          // tgt_type, in Salt's words
}

// targetTypes are the types of targets, with Salt's words and the letter of each in a
// compound target.
var targetTypes = map[string]struct{ salt, letter string }{
	"glob": {"glob", ""}, "grain": {"grain", "G@"}, "grain_pcre": {"grain_pcre", "P@"}, "pillar": {"pillar", "I@"},
	"pillar_pcre": {"pillar_pcre", "J@"}, "list": {"list", "L@"}, "ipcidr": {"ipcidr", "S@"}, "pcre": {"pcre", "E@"},
	"node": {"nodegroup", "N@"}, "compound": {"compound", ""},
}

// ParseTarget reads {"<master>": {"tgt": ..., "tgt_type": ...}, ...}. There is one
// master, which any name and * mean: the minions of several entries are taken
// together.
func ParseTarget(name string, tgt method.Object) (Target, *method.Error) {
	masters, err := jsonobject.Parse(tgt)
	wrong := func(format string, args ...any) (Target, *method.Error) {
		return Target{}, method.InvalidParameter(name, fmt.Sprintf(format, args...))
	}
	switch {
	case err != nil:
		return wrong("%v", err)
	case len(masters) == 0:
		return wrong("it has no master: the key of each target is a master, or *")
	case len(masters) > 1 && masters.Get("*") != nil:
		return wrong("* means all masters, so it is the only key")
	case len(masters) > maxTargets:
		return wrong("it has more than %d entries", maxTargets)
	}
	var all []Target
	for _, m := range masters {
		one, err := parseOneTarget(m.Value)
		if err != nil {
			return wrong("%.80q: %v", m.Name, err)
		}
		if !slices.ContainsFunc(all, func(t Target) bool { return t.Type == one.Type && bytes.Equal(t.Tgt, one.Tgt) }) {
			all = append(all, one)
		}
	}
	if len(all) == 1 {
		return all[0], nil
	}
	var operands []string
	for _, t := range all {
		operand, err := t.operand()
		if err != nil {
			return wrong("targets that differ cannot be combined: %v", err)
		}
		operands = append(operands, operand)
	}
	text, _ := json.Marshal(strings.Join(operands, " or ")) // a text always encodes
	return Target{text, "compound"}, nil
}

// maxTargets bounds the entries of a target.
const maxTargets = 100

func parseOneTarget(v []byte) (Target, error) {
	o, err := jsonobject.Parse(v)
	if err != nil {
		return Target{}, err
	}
	var typ string
	var tgt json.RawMessage
	if err := o.Decode(map[string]any{"tgt": &tgt, "tgt_type": &typ}); err != nil {
		return Target{}, err
	}
	if typ == "" {
		typ = "glob"
	}
	known, ok := targetTypes[typ]
	if !ok {
		return Target{}, fmt.Errorf("tgt_type: %.40q is no type of targets", typ)
	}
	var list []string
	var text string
	switch {
	case method.IsNull(tgt):
		return Target{}, fmt.Errorf("tgt is missing")
	case json.Unmarshal(tgt, &text) == nil:
		if text == "" {
			return Target{}, fmt.Errorf("tgt is empty")
		}
	case known.salt != "list" || tgt[0] != '[' || !method.TextsOf(tgt, &list) || len(list) == 0:
		return Target{}, fmt.Errorf("tgt is a text, or for the type list a list of texts")
	}
	return Target{tgt, known.salt}, nil
}

// Text returns the target as a text: a list is joined by commas.
func (t Target) Text() string {
	var list []string
	var text string
	if json.Unmarshal(t.Tgt, &text) != nil {
		method.TextsOf(t.Tgt, &list)
		text = strings.Join(list, ",")
	}
	return text
}

// operand returns a target as a part of a compound one.
func (t Target) operand() (string, error) {
	text := t.Text()
	if t.Type == "compound" {
		return "( " + text + " )", nil
	}
	letter := ""
	for _, known := range targetTypes {
		if known.salt == t.Type {
			letter = known.letter
		}
	}
	if strings.ContainsAny(text, " \t\r\n()") || letter == "" && (strings.Contains(text, "@") || slices.Contains([]string{"and", "or", "not"}, text)) {
		return "", fmt.Errorf("%.80q", text)
	}
	return letter + text, nil
}
