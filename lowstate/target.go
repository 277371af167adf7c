package lowstate

import (
	"errors"
	"fmt"
	"strings"

	"saltern/saltmaster/msgpack"
)

// How a tgt may be written, by tgt_type. The types are those of the master's
// own matchers (salt.utils.minions.CkMinions).
const (
	tgtString = iota
	tgtList   // a list of ids, or their names joined by commas
	tgtWords  // an expression, or the list of its words
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
}

// target returns the chunk's tgt and tgt_type.
func (c Chunk) target() (tgt msgpack.Raw, tgtType string, err error) {
	tgtType, ok := c.stringOr("tgt_type", "glob")
	if !ok {
		return nil, "", errors.New("tgt_type must be a string")
	}
	if tgtType == "nodegroup" {
		return nil, "", errNodegroup
	}
	form, ok := tgtTypes[tgtType]
	if !ok {
		return nil, "", fmt.Errorf("tgt_type %q is not known", printable(tgtType))
	}
	tgt, ok = c.present("tgt")
	if !ok {
		return nil, "", errors.New("tgt is missing")
	}
	if tgt.Kind() == msgpack.Array && form == tgtWords && allStrings(tgt) {
		tgt = joined(tgt)
	}
	switch {
	case tgt.Kind() == msgpack.Str:
		if form == tgtWords && namesNodegroup(tgt) {
			return nil, "", errNodegroup
		}
		return tgt, tgtType, nil
	case tgt.Kind() == msgpack.Array && form == tgtList && allStrings(tgt):
		return tgt, tgtType, nil
	case form == tgtString:
		return nil, "", fmt.Errorf("tgt must be a string for tgt_type %s", tgtType)
	default:
		return nil, "", fmt.Errorf("tgt must be a string or a list of strings for tgt_type %s", tgtType)
	}
}

// errNodegroup: the master expects its clients to expand nodegroups, and takes
// one that is not expanded for a target without minions.
var errNodegroup = errors.New("nodegroups are not expanded by this version")

func namesNodegroup(tgt msgpack.Raw) bool {
	s, _ := tgt.Str()
	for word := range strings.FieldsSeq(s) {
		if strings.HasPrefix(word, "N@") {
			return true
		}
	}
	return false
}

func allStrings(v msgpack.Raw) bool {
	return v.Elems(func(e msgpack.Raw) error {
		if e.Kind() != msgpack.Str {
			return errors.New("not a string")
		}
		return nil
	}) == nil
}

// joined puts the words of an expression together, as LocalClient does.
func joined(words msgpack.Raw) msgpack.Raw {
	var s string
	_ = words.Elems(func(e msgpack.Raw) error {
		word, _ := e.Str()
		if s != "" {
			s += " "
		}
		s += word
		return nil
	})
	return msgpack.AppendString(nil, s)
}
