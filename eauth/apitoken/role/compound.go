package role

import (
	"errors"
	"fmt"
	"strings"
)

// compound returns the words of a compound target that matches the same minions as the
// call's target. Where there is none for certain it returns an error, whose text is
// fit for the caller: a target with another meaning would be worse than none.
func (c Call) compound() ([]string, error) {
	words, err := c.compoundWords()
	if err != nil {
		return nil, fmt.Errorf("a target of type %s cannot be limited to the minions that the token may reach: %w",
			c.tgtType(), err)
	}
	return words, nil
}

func (c Call) tgtType() string {
	switch t := c.TgtType; t {
	case "":
		return "glob"
	case "glob", "list", "pcre", "grain", "grain_pcre", "pillar", "pillar_pcre", "pillar_exact", "ipcidr", "range",
		"nodegroup", "compound":
		return t
	default:
		return "another kind" // it goes into error texts, which contain no text of the caller's
	}
}

func (c Call) compoundWords() ([]string, error) {
	if c.tgtType() == "list" {
		word, err := listWord(c.Tgt)
		return []string{word}, err
	}
	tgt, ok := c.Tgt.(string)
	if !ok || tgt == "" {
		return nil, errors.New("it must be text")
	}
	switch c.tgtType() {
	case "glob":
		return globWord(tgt)
	case "pcre":
		return engineWord("E@", tgt)
	case "ipcidr":
		return engineWord("S@", tgt)
	case "grain":
		return c.pathWord("G", tgt)
	case "grain_pcre":
		return c.pathWord("P", tgt)
	case "pillar":
		return c.pathWord("I", tgt)
	case "pillar_pcre":
		if c.delimiter() != ":" { // the master uses it, minions do not
			return nil, errors.New("it has a delimiter")
		}
		return c.pathWord("J", tgt)
	case "compound":
		return readCompound(tgt, checkAsked)
	default:
		// pillar_exact has no form in a compound target. Not every minion supports
		// ranges, and none supports nodegroups.
		return nil, errors.New("there is no other form of it")
	}
}

// checkAsked refuses engines that differ between minions and masters, or between
// their releases: nodegroups, which have to be replaced before and which a minion
// without them skips, ranges, and the resources of Salt 3008.
func checkAsked(t term) error {
	if t.engine != "" && strings.Contains("NRTM", t.engine) {
		return fmt.Errorf("it has a word with %s@", t.engine)
	}
	return nil
}

// globWord returns a glob as a word. It refuses globs that mean something else in a
// compound target.
func globWord(tgt string) ([]string, error) {
	words, err := engineWord("", tgt)
	switch {
	case err != nil:
		return nil, err
	case isOperator(tgt), engine.MatchString(tgt):
		return nil, errors.New("it has the form of a compound one")
	}
	return words, nil
}

func engineWord(engine, pattern string) ([]string, error) {
	word := engine + pattern
	if !isWord(word) {
		return nil, errSpace
	}
	return []string{word}, nil
}

var errSpace = errors.New("it has a space, or a character that cannot be printed " +
	"(in a glob, ? stands for any character)")

// pathWord returns a path of grains or pillars as a word. It contains the delimiter
// where that is not a colon, or where the pattern starts with an @ and would be
// read as one.
func (c Call) pathWord(engine, pattern string) ([]string, error) {
	d := c.delimiter()
	switch {
	case len(d) != 1:
		return nil, errors.New("its delimiter is no single ASCII character")
	case d != ":" || pattern[0] == '@':
		engine += d
	}
	return engineWord(engine+"@", pattern)
}

func (c Call) delimiter() string {
	if c.Delimiter == "" {
		return ":"
	}
	return c.Delimiter
}

// listWord returns a list of ids as a word. It refuses an id with a comma, which
// would become two ids.
func listWord(tgt any) (string, error) {
	var ids []string
	switch tgt := tgt.(type) {
	case string:
		ids = strings.Split(tgt, ",")
	case []string:
		ids = tgt
	case []any:
		for _, e := range tgt {
			id, ok := e.(string)
			if !ok {
				return "", errors.New("an id must be text")
			}
			ids = append(ids, id)
		}
	}
	var b strings.Builder
	b.WriteString("L@")
	for _, id := range ids {
		switch {
		case id == "":
			continue
		case !isWord(id), strings.Contains(id, ","):
			return "", errors.New("an id has a space, a comma, or a character that cannot be printed")
		case b.Len() > 2:
			b.WriteByte(',')
		}
		b.WriteString(id)
	}
	if b.Len() == 2 {
		return "", errors.New("it is empty")
	}
	return b.String(), nil
}
