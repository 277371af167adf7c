package rpc

import (
	"encoding/json"
	"fmt"

	"go.yaml.in/yaml/v3"

	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/server/rpc/method"
	"github.com/saltern-api/saltern/server/web"
)

// described is a method in the catalog.
type described struct {
	Signature  string         `json:"signature"`
	Returns    string         `json:"returns,omitempty"`
	Doc        string         `json:"doc"`
	Schema     map[string]any `json:"schema"`
	Parameters [][]any        `json:"parameters,omitempty"`
}

// catalog is the document of api.discover, as JSON by its sections.
type catalog struct {
	resources []string // in order
	sections  map[string]map[string]json.RawMessage
	whole     json.RawMessage // the resources
}

// resourceDocs are the texts about resources.
var resourceDocs = map[string]string{
	"api":      "What this API is.",
	"admin":    "Upkeep.",
	"auth":     "The caller, roles, users and groups.",
	"cmd":      "Commands: run them, and find what was run.",
	"job":      "Saved jobs.",
	"tgt":      "Saved targets.",
	"schedule": "What is run at times.",
	"audit":    "The audit log.",
	"kv":       "Values that users keep by keys.",
	"license":  "Nothing here needs a license.",
	"master":   "The master.",
	"fs":       "The files that minions get: those of the master's file_roots.",
	"minions":  "Minions and their keys.",
	"ret":      "What minions returned.",
	"test":     "Calls that do nothing, to try the API out.",
	"stats":    "Numbers of the gateway.",
}

// newCatalog makes the document of some methods, which are in order.
func newCatalog(methods []*method.Method) *catalog {
	c := &catalog{sections: make(map[string]map[string]json.RawMessage)}
	for _, m := range methods {
		section := c.sections[m.Resource]
		if section == nil {
			section = map[string]json.RawMessage{"__doc__": web.JSON(resourceDocs[m.Resource])}
			c.sections[m.Resource] = section
			c.resources = append(c.resources, m.Resource)
		}
		detailed := web.JSON(described{m.Signature(), m.Returns, m.Doc, m.Schema(), m.Positional()})
		section[m.Name] = web.JSON(map[string]any{"formatted": yamlOf(detailed), "detailed": json.RawMessage(detailed)})
	}
	all := make(map[string]any, len(c.sections))
	for name, section := range c.sections {
		all[name] = section
	}
	c.whole = web.JSON(all)
	permissions := []string{}
	for _, d := range role.Permissions() {
		permissions = append(permissions, string(d.Permission))
	}
	c.sections[constants] = map[string]json.RawMessage{
		"permissions": web.JSON(permissions), "command-states": web.JSON(commandStates),
	}
	return c
}

// constants is the section of vocabularies, which is there on request.
const constants = "constants"

// yamlOf returns JSON as YAML.
func yamlOf(doc []byte) string {
	var v any
	if err := json.Unmarshal(doc, &v); err != nil {
		panic(err) // cannot happen: it was made here
	}
	text, err := yaml.Marshal(v)
	if err != nil {
		panic(err) // cannot happen: JSON is YAML
	}
	return string(text)
}

// include returns the sections, or the parts of them, that a caller wants: a list of
// sections, or an object with the parts of each.
func (c *catalog) include(want method.Any) (any, error) {
	if method.IsNull(want) {
		return c.whole, nil
	}
	parts := make(map[string]any)
	var names []string
	if json.Unmarshal(want, &names) == nil {
		for _, name := range names {
			parts[name] = nil
		}
	} else if json.Unmarshal(want, &parts) != nil {
		return nil, method.InvalidParameter("include", "it is neither a list of sections nor an object with parts of sections")
	}
	got := make(map[string]map[string]json.RawMessage, len(parts))
	for name, of := range parts {
		section, ok := c.sections[name]
		if !ok {
			continue // as of a server that does not have it
		}
		var some method.TextOrList
		switch of := of.(type) {
		case nil:
			got[name] = section
			continue
		case string:
			some = method.TextOrList{of}
		case []any:
			for _, one := range of {
				some = append(some, fmt.Sprint(one))
			}
		default:
			return nil, method.InvalidParameter("include", "the parts of a section are a name or a list of names")
		}
		got[name] = make(map[string]json.RawMessage)
		for _, part := range some {
			if v, ok := section[part]; ok {
				got[name][part] = v
			}
		}
	}
	return got, nil
}
