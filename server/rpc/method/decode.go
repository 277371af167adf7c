package method

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/saltern-api/saltern/internal/jsonobject"
)

// IsNull reports whether a value is null, or is not there.
func IsNull(v []byte) bool { return len(v) == 0 || string(v) == "null" }

// decode sets the fields of a struct of parameters from the arguments of a call.
func decode(params []Param, args []json.RawMessage, kwarg jsonobject.Object, to reflect.Value) *Error {
	given, err := gather(params, args, kwarg)
	if err != nil {
		return err
	}
	for i, p := range params {
		v := given[i]
		if IsNull(v) {
			if p.Required {
				return InvalidParameter(p.Name, "it is missing")
			}
			if p.Default == "" {
				continue
			}
			v = p.defaultJSON()
		}
		if err := p.set(v, to.FieldByIndex(p.index)); err != nil {
			return err
		}
	}
	return nil
}

// gather returns the argument of each parameter.
func gather(params []Param, args []json.RawMessage, kwarg jsonobject.Object) ([][]byte, *Error) {
	given := make([][]byte, len(params))
	next := 0
	for i, p := range params {
		if !p.Keyword && next < len(args) {
			given[i] = args[next]
			next++
		}
	}
	if next < len(args) {
		return nil, &Error{Code: CodeInvalidParameter, Message: fmt.Sprintf("there are %d positional arguments, of %d that are taken", len(args), next)}
	}
	for _, m := range kwarg {
		i := slices.IndexFunc(params, func(p Param) bool { return p.Name == m.Name })
		if i < 0 {
			return nil, InvalidParameter(fmt.Sprintf("%.80s", m.Name), "there is no such parameter")
		}
		if given[i] != nil {
			return nil, InvalidParameter(m.Name, "it is given twice, by position and by name")
		}
		given[i] = m.Value
	}
	return given, nil
}

// defaultJSON returns the default as JSON.
func (p Param) defaultJSON() []byte {
	if p.kind == kindText {
		return []byte(strconv.Quote(p.Default))
	}
	return []byte(p.Default)
}

// set sets a field to a value that is not null. Numbers and booleans may be texts,
// as some programs send them.
func (p Param) set(v []byte, to reflect.Value) *Error {
	if to.Kind() == reflect.Pointer {
		to.Set(reflect.New(to.Type().Elem()))
		to = to.Elem()
	}
	wrong := func(what string) *Error { return InvalidParameter(p.Name, what) }
	switch p.kind {
	case kindText:
		var text string
		if json.Unmarshal(v, &text) != nil {
			return wrong("it is not a text")
		}
		if what := p.checkText(text); what != "" {
			return wrong(what)
		}
		to.SetString(text)
	case kindBool:
		b, ok := BoolOf(v)
		if !ok {
			return wrong("it is neither true nor false")
		}
		to.SetBool(b)
	case kindInteger, kindNumber:
		n, ok := NumberOf(v)
		if !ok || p.kind == kindInteger && n != math.Trunc(n) {
			return wrong("it is not " + map[kind]string{kindInteger: "a whole number", kindNumber: "a number"}[p.kind])
		}
		if least := minOf(p.Min); n < least {
			return wrong(fmt.Sprintf("it is less than %.0f", least))
		}
		if most := maxOf(p.Max); n > most {
			return wrong(fmt.Sprintf("it is more than %.0f", most))
		}
		if p.kind == kindNumber {
			to.SetFloat(n)
		} else {
			to.SetInt(int64(n))
		}
	case kindTexts, kindTextOrList:
		return p.setTexts(v, to)
	case kindPairs:
		var pairs [][]string
		if json.Unmarshal(v, &pairs) != nil || slices.ContainsFunc(pairs, func(pair []string) bool { return len(pair) != 2 }) {
			return wrong("it is not a list of lists of two texts")
		}
		out := make([][2]string, len(pairs))
		for i, pair := range pairs {
			out[i] = [2]string(pair)
		}
		to.Set(reflect.ValueOf(out))
	case kindObject:
		if _, err := jsonobject.Parse(v); err != nil {
			return wrong(err.Error())
		}
		to.SetBytes(bytes.Clone(v))
	case kindAny:
		to.SetBytes(bytes.Clone(v))
	}
	return nil
}

// largest bounds the numbers of a parameter without bounds.
const largest = math.MaxInt32

func maxOf(most *int) float64 {
	if most == nil {
		return largest
	}
	return float64(*most)
}

func minOf(least *int) float64 {
	if least == nil {
		return -largest
	}
	return float64(*least)
}

func (p Param) setTexts(v []byte, to reflect.Value) *Error {
	var one string
	texts := []string{}
	switch {
	case p.kind == kindTextOrList && json.Unmarshal(v, &one) == nil:
		texts = append(texts, one)
	case v[0] != '[' || !TextsOf(v, &texts):
		return InvalidParameter(p.Name, "it is not a "+string(p.kind))
	}
	for _, text := range texts {
		if what := p.checkText(text); what != "" {
			return InvalidParameter(p.Name, what)
		}
	}
	to.Set(reflect.ValueOf(texts).Convert(to.Type()))
	return nil
}

// TextsOf decodes a list of texts, of which none is null.
func TextsOf(v []byte, to *[]string) bool {
	var all []*string
	if json.Unmarshal(v, &all) != nil {
		return false
	}
	for _, text := range all {
		if text == nil {
			return false
		}
		*to = append(*to, *text)
	}
	return true
}

var (
	uuidForm = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
	jidForm  = regexp.MustCompile(`^[0-9]{20}(_[0-9]{1,20})?$`)
)

// IsUUID reports whether a text has the form of a UUID.
func IsUUID(text string) bool { return uuidForm.MatchString(text) }

// checkText returns what is wrong with a text. An empty one counts as not given.
func (p Param) checkText(text string) string {
	switch {
	case text == "" && !p.Required:
	case len(p.Enum) > 0 && !slices.Contains(p.Enum, text):
		return fmt.Sprintf("%.40q is none of %s", text, strings.Join(p.Enum, ", "))
	case p.Format == "uuid" && !IsUUID(text):
		return "it is not a UUID"
	case p.Format == "jid" && !jidForm.MatchString(text):
		return "it is not a job id, which has 20 digits"
	}
	return ""
}

// BoolOf returns a boolean that may be a text.
func BoolOf(v []byte) (b, ok bool) {
	if json.Unmarshal(v, &b) == nil {
		return b, true
	}
	var text string
	if json.Unmarshal(v, &text) != nil {
		return false, false
	}
	switch strings.ToLower(text) {
	case "true", "1", "yes":
		return true, true
	case "false", "0", "no":
		return false, true
	}
	return false, false
}

// NumberOf returns a number that may be a text. It is neither NaN nor infinite.
func NumberOf(v []byte) (float64, bool) {
	var n float64
	if json.Unmarshal(v, &n) == nil {
		return n, true
	}
	var text string
	if json.Unmarshal(v, &text) != nil {
		return 0, false
	}
	n, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	return n, err == nil && !math.IsNaN(n) && !math.IsInf(n, 0)
}
