package lowstate

import (
	"errors"
	"fmt"
	"strings"

	"saltern/internal/budget"
	"saltern/saltmaster/msgpack"
)

// How a tgt may be written, by tgt_type. The types are those of the master's
// own matchers (salt.utils.minions.CkMinions).
const (
	tgtString = iota
	tgtList   // a list of ids, or their names joined by commas
	tgtWords  // an expression, or the list of its words
	tgtGroup  // the name of a nodegroup
)

var tgtTypes = map[string]int{
	"glob":         tgtString,
	"pcre":         tgtString,
	"grain":        tgtString,
	"grain_pcre":   tgtString,
	"pillar":       tgtString,
	"pillar_pcre":  tgtString,
	"pillar_exact": tgtString,
	"ipcidr":       tgtString,
	"range":        tgtString,
	"compound":     tgtWords,
	"list":         tgtList,
	"nodegroup":    tgtGroup,
}

// bytesOfWords is how many bytes of an expression cost a unit of the budget:
// its shortest words have two, and are held as texts of their own.
const bytesOfWords = 4

// target returns the chunk's tgt and tgt_type, as the master takes them.
func (m *Master) target(c Chunk) (tgt msgpack.Raw, tgtType string, err error) {
	tgtType, ok := c.stringOr("tgt_type", "glob")
	if !ok {
		return nil, "", errors.New("tgt_type must be a string")
	}
	form, ok := tgtTypes[tgtType]
	if !ok {
		return nil, "", fmt.Errorf("tgt_type %q is not known", printable(tgtType))
	}
	tgt, ok = c.present("tgt")
	if !ok {
		return nil, "", errors.New("tgt is missing")
	}
	isText := tgt.Kind() == msgpack.Str
	isList := tgt.Kind() == msgpack.Array && allStrings(tgt)
	switch {
	case form == tgtGroup && isText:
		name, _ := tgt.Str()
		return m.compound(c.budget, []string{"N@" + name})
	case form == tgtWords && (isText || isList):
		if err := c.budget.Spend(len(tgt) / bytesOfWords); err != nil {
			return nil, "", err
		}
		return m.compound(c.budget, words(tgt))
	case isText, form == tgtList && isList:
		return tgt, tgtType, nil
	case form == tgtString, form == tgtGroup:
		return nil, "", fmt.Errorf("tgt must be a string for tgt_type %s", tgtType)
	default:
		return nil, "", fmt.Errorf("tgt must be a string or a list of strings for tgt_type %s", tgtType)
	}
}

// compound makes a compound target of its words, nodegroups expanded.
func (m *Master) compound(b *budget.Budget, words []string) (tgt msgpack.Raw, tgtType string, err error) {
	expression, err := m.Nodegroups.expression(b, words)
	return msgpack.AppendString(nil, expression), "compound", err
}

// words are the words of an expression that is written as text or as a list.
func words(tgt msgpack.Raw) []string {
	if s, ok := tgt.Str(); ok {
		return strings.Fields(s)
	}
	var list []string
	_ = tgt.Elems(func(e msgpack.Raw) error {
		word, _ := e.Str()
		list = append(list, word)
		return nil
	})
	return list
}

func allStrings(v msgpack.Raw) bool {
	return v.Elems(func(e msgpack.Raw) error {
		if e.Kind() != msgpack.Str {
			return errors.New("not a string")
		}
		return nil
	}) == nil
}
