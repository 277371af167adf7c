package rpc

import (
	"encoding/json"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/server/web"
)

// draft is the version of JSON Schema that programs read.
const draft = "http://json-schema.org/draft-07/schema#"

// Schema returns the JSON Schema of a method's parameters by their names. What
// numbers and booleans may be written as beside themselves is not in it.
func (m *Method) Schema() map[string]any {
	name := strings.ToUpper(m.Resource[:1]) + m.Resource[1:] + camel(m.Name) + "Schema"
	properties, required := make(map[string]any), []string{}
	for _, p := range m.Params {
		properties[p.Name] = p.schema()
		if p.Required {
			required = append(required, p.Name)
		}
	}
	return map[string]any{
		"$schema": draft,
		"definitions": map[string]any{name: map[string]any{
			"type": "object", "properties": properties, "required": required, "additionalProperties": false,
		}},
		"$ref": "#/definitions/" + name,
	}
}

// camel returns getJobs for get_jobs, with a capital in front.
func camel(name string) string {
	var b strings.Builder
	for part := range strings.SplitSeq(name, "_") {
		b.WriteString(strings.ToUpper(part[:1]) + part[1:])
	}
	return b.String()
}

func (p Param) schema() map[string]any {
	text := map[string]any{"type": "string"}
	if len(p.Enum) > 0 {
		values := []any{}
		for _, v := range p.Enum {
			values = append(values, v)
		}
		if !p.Required {
			values = append(values, "") // as if it was not given
		}
		text["enum"] = values
	}
	s := map[string]any{}
	switch p.kind {
	case kindText:
		s = text
	case kindBool:
		s["type"] = "boolean"
	case kindInteger:
		s["type"] = "integer"
	case kindNumber:
		s["type"] = "number"
	case kindTexts:
		s["type"], s["items"] = "array", text
	case kindTextOrList:
		s["anyOf"] = []any{text, map[string]any{"type": "array", "items": text}}
	case kindPairs:
		s["type"] = "array"
		s["items"] = map[string]any{"type": "array", "items": map[string]any{"type": "string"}, "minItems": 2, "maxItems": 2}
	case kindObject:
		s["type"] = "object"
	}
	if p.Format == "jid" {
		s["pattern"] = jidForm.String()
		if !p.Required {
			s["pattern"] = "^$|" + jidForm.String()
		}
	}
	if p.Format == "uuid" {
		s["pattern"] = uuidForm.String()
		if !p.Required {
			s["pattern"] = "^$|" + uuidForm.String()
		}
	}
	if p.kind == kindInteger || p.kind == kindNumber {
		s["maximum"] = maxOf(p.Max)
		s["minimum"] = minOf(p.Min)
	}
	if p.Default != "" {
		s["default"] = json.RawMessage(p.defaultJSON())
	}
	if !p.Required {
		s = nullable(s)
	}
	if p.Doc != "" {
		s["description"] = p.Doc
	}
	return s
}

// nullable returns the schema that also allows null.
func nullable(s map[string]any) map[string]any {
	if one, ok := s["type"].(string); ok {
		s["type"] = []any{one, "null"}
	}
	if values, ok := s["enum"].([]any); ok {
		s["enum"] = append(values, nil)
	}
	if either, ok := s["anyOf"].([]any); ok {
		s["anyOf"] = append(either, map[string]any{"type": "null"})
	}
	return s
}

// Signature returns the parameters as Python writes them.
func (m *Method) Signature() string {
	var all []string
	for _, p := range m.Params {
		switch {
		case p.Keyword:
		case p.Required:
			all = append(all, p.Name)
		default:
			all = append(all, p.Name+"="+p.pythonDefault())
		}
	}
	return "(" + strings.Join(all, ", ") + ")"
}

func (p Param) pythonDefault() string {
	switch p.Default {
	case "":
		return "None"
	case "true":
		return "True"
	case "false":
		return "False"
	}
	if p.kind == kindText {
		return "'" + p.Default + "'"
	}
	return p.Default
}

// parameters returns the names of the positional parameters, with the defaults of
// those that have one.
func (m *Method) parameters() [][]any {
	var all [][]any
	for _, p := range m.Params {
		switch {
		case p.Keyword:
		case p.Required:
			all = append(all, []any{p.Name})
		case p.Default == "":
			all = append(all, []any{p.Name, nil})
		default:
			all = append(all, []any{p.Name, json.RawMessage(p.defaultJSON())})
		}
	}
	return all
}

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
func newCatalog(methods []*Method) *catalog {
	c := &catalog{sections: make(map[string]map[string]json.RawMessage)}
	for _, m := range methods {
		section := c.sections[m.Resource]
		if section == nil {
			section = map[string]json.RawMessage{"__doc__": web.JSON(resourceDocs[m.Resource])}
			c.sections[m.Resource] = section
			c.resources = append(c.resources, m.Resource)
		}
		detailed := web.JSON(described{m.Signature(), m.Returns, m.Doc, m.Schema(), m.parameters()})
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
func (c *catalog) include(want Any) (any, error) {
	if isNull(want) {
		return c.whole, nil
	}
	parts := make(map[string]any)
	var names []string
	if json.Unmarshal(want, &names) == nil {
		for _, name := range names {
			parts[name] = nil
		}
	} else if json.Unmarshal(want, &parts) != nil {
		return nil, invalidParameter("include", "it is neither a list of sections nor an object with parts of sections")
	}
	got := make(map[string]map[string]json.RawMessage, len(parts))
	for name, of := range parts {
		section, ok := c.sections[name]
		if !ok {
			continue // as of a server that does not have it
		}
		var some TextOrList
		switch of := of.(type) {
		case nil:
			got[name] = section
			continue
		case string:
			some = TextOrList{of}
		case []any:
			for _, one := range of {
				some = append(some, fmt.Sprint(one))
			}
		default:
			return nil, invalidParameter("include", "the parts of a section are a name or a list of names")
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
