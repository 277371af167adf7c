package method

import (
	"encoding/json"
	"strings"
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

// Positional returns the names of the positional parameters, with the defaults of
// those that have one.
func (m *Method) Positional() [][]any {
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
