package method

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// Object is a parameter that is a JSON object, undecoded; nil if it is not given.
type Object json.RawMessage

// Any is a parameter that is any JSON value, undecoded; nil if it is not given.
type Any json.RawMessage

// TextOrList is a parameter that is a text or a list of texts.
type TextOrList []string

// kind is the type of a parameter.
type kind string

const (
	kindText       kind = "text"
	kindBool       kind = "boolean"
	kindInteger    kind = "integer"
	kindNumber     kind = "number"
	kindTexts      kind = "list of texts"
	kindTextOrList kind = "text, or list of texts"
	kindPairs      kind = "list of lists of two texts"
	kindObject     kind = "object"
	kindAny        kind = "any value"
)

// kinds are those of the types that a struct of parameters may have.
var kinds = map[reflect.Type]kind{
	reflect.TypeFor[string]():      kindText,
	reflect.TypeFor[bool]():        kindBool,
	reflect.TypeFor[*bool]():       kindBool,
	reflect.TypeFor[int]():         kindInteger,
	reflect.TypeFor[*int]():        kindInteger,
	reflect.TypeFor[float64]():     kindNumber,
	reflect.TypeFor[[]string]():    kindTexts,
	reflect.TypeFor[TextOrList]():  kindTextOrList,
	reflect.TypeFor[[][2]string](): kindPairs,
	reflect.TypeFor[Object]():      kindObject,
	reflect.TypeFor[Any]():         kindAny,
}

// Param is a parameter of a method.
type Param struct {
	Name     string
	Doc      string
	Required bool
	Keyword  bool // has no position
	Default  string
	Enum     []string
	Format   string // uuid, jid or date-time
	Min, Max *int

	kind  kind
	index []int // of the field
}

// Type returns the type in words.
func (p Param) Type() string {
	if p.Format != "" {
		return p.Format
	}
	return string(p.kind)
}

// paramsOf returns the parameters that a struct declares, in the order of its
// fields, which is that of the positions. It panics for a declaration that is wrong:
// they are made once, when the program starts.
//
// A field has the tag rpc with the name, and perhaps "required", or "keyword" for one
// without a position. Further tags are default, enum (values separated by bars),
// format, min, max and doc.
func paramsOf(t reflect.Type) []Param {
	var all []Param
	for _, f := range reflect.VisibleFields(t) {
		if f.Anonymous {
			continue
		}
		name, options, _ := strings.Cut(f.Tag.Get("rpc"), ",")
		k, ok := kinds[f.Type]
		if name == "" || !ok {
			panic(fmt.Sprintf("rpc: the field %s.%s cannot be a parameter", t, f.Name))
		}
		p := Param{
			Name: name, Doc: f.Tag.Get("doc"), Default: f.Tag.Get("default"), Format: f.Tag.Get("format"),
			Min: number(f.Tag.Get("min")), Max: number(f.Tag.Get("max")), kind: k, index: f.Index,
		}
		switch options {
		case "required":
			p.Required = true
		case "keyword":
			p.Keyword = true
		}
		if enum := f.Tag.Get("enum"); enum != "" {
			p.Enum = strings.Split(enum, "|")
		}
		all = append(all, p)
	}
	return all
}

func number(text string) *int {
	n, err := strconv.Atoi(text)
	if err != nil {
		return nil
	}
	return &n
}
