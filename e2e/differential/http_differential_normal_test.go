package differential

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// seen is a value as text, without what differs from call to call.
func (v *ordered) seen(q httpStep) string {
	if len(q.entries) > 0 {
		v.keep(q.entries)
	}
	if list := v.at("return"); q.unordered && list != nil {
		slices.SortFunc(list.entries, func(a, b ordered) int { return strings.Compare(a.text(), b.text()) })
	}
	v.normalise(httpMinions)
	v.withoutTokens()
	return v.text()
}

// at is what stands under a path of keys, or nil.
func (v *ordered) at(keys ...string) *ordered {
	for _, key := range keys {
		i := slices.Index(v.keys, strconv.Quote(key))
		if i < 0 {
			return nil
		}
		v = &v.entries[i]
	}
	return v
}

// remove takes a key out of an object, and returns its value.
func (v *ordered) remove(key string) *ordered {
	i := slices.Index(v.keys, strconv.Quote(key))
	if i < 0 {
		return nil
	}
	value := v.entries[i]
	v.keys, v.entries = slices.Delete(v.keys, i, i+1), slices.Delete(v.entries, i, i+1)
	return &value
}

func (v *ordered) sortKeys() {
	names := slices.Sorted(slices.Values(v.keys))
	values := make([]ordered, len(names))
	for i, name := range names {
		values[i] = v.entries[slices.Index(v.keys, name)]
	}
	v.keys, v.entries = names, values
}

func (v *ordered) text() string {
	var b bytes.Buffer
	v.write(&b)
	return b.String()
}

// keep drops the entries of return[0] that are not named.
func (v *ordered) keep(names []string) {
	list := v.at("return")
	if list == nil || len(list.entries) == 0 {
		return
	}
	all := &list.entries[0]
	kept := ordered{open: all.open}
	for i, key := range all.keys {
		if slices.Contains(names, strings.Trim(key, `"`)) {
			kept.keys, kept.entries = append(kept.keys, key), append(kept.entries, all.entries[i])
		}
	}
	*all = kept
}

var (
	sessionForm = regexp.MustCompile(`\b[0-9a-f]{40}\b`)
	tokenForm   = regexp.MustCompile(`\b[0-9a-f]{64}\b`)
	epochForm   = regexp.MustCompile(`^\d{10}(\.\d+)?$`)
)

func withoutTokens(s string) string {
	s = sessionForm.ReplaceAllString(s, "SESSION")
	return tokenForm.ReplaceAllString(s, "TOKEN")
}

// withoutTokens replaces session ids, Salt tokens, and times in seconds.
func (v *ordered) withoutTokens() {
	v.scalar = withoutTokens(v.scalar)
	if m := epochForm.FindStringSubmatch(v.scalar); m != nil {
		if seconds, err := strconv.ParseFloat(v.scalar, 64); err == nil {
			v.scalar = epoch(v.scalar, seconds, m[1] != "")
		}
	}
	for i := range v.entries {
		v.entries[i].withoutTokens()
	}
}

// epoch returns a time near now as its distance from it.
func epoch(text string, seconds float64, float bool) string {
	distance := time.Until(time.Unix(int64(seconds), 0)).Round(time.Minute)
	if distance.Abs() > 48*time.Hour {
		return text
	}
	name := "NOW"
	if !float {
		name = "NOW(int)"
	}
	if distance.Abs() > time.Minute {
		name += "+" + distance.String()
	}
	return name
}

// orderedYAML is a YAML document as JSON has it.
func orderedYAML(n *yaml.Node) *ordered {
	v := new(ordered)
	switch n.Kind {
	case yaml.DocumentNode:
		return orderedYAML(n.Content[0])
	case yaml.AliasNode:
		return orderedYAML(n.Alias)
	case yaml.SequenceNode:
		v.open = '['
		for _, e := range n.Content {
			v.entries = append(v.entries, *orderedYAML(e))
		}
	case yaml.MappingNode:
		v.open = '{'
		for i := 0; i < len(n.Content); i += 2 {
			v.keys = append(v.keys, orderedYAML(n.Content[i]).scalar)
			v.entries = append(v.entries, *orderedYAML(n.Content[i+1]))
		}
	default:
		v.scalar = n.Value
		if n.Tag == "!!str" {
			b, _ := json.Marshal(n.Value)
			v.scalar = string(b)
		}
	}
	return v
}
