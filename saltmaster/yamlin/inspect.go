package yamlin

import (
	"fmt"
	"regexp"

	"go.yaml.in/yaml/v3"

	"github.com/saltern-api/saltern/internal/budget"
	"github.com/saltern-api/saltern/saltmaster/masterconf/yaml11"
)

// The bounds. A lowstate comes nowhere near them.
const (
	maxText    = 4 << 20
	maxEntries = 100_000 // of lists and maps; the parser spends some 500 bytes on each
	maxValues  = 100_000 // with aliases followed
	maxDepth   = 100
	maxGrowth  = 16 // from text to msgpack; without aliases it is below 5
	slack      = 64

	// maxDirectives is for lines that may be directives. The parser's time for
	// %TAG grows with the square of their number.
	maxDirectives = 16
)

// What the parser costs, in units of the budget.
const (
	parserCost = 128
	entryCost  = 2
)

// directive finds lines that start with %.
var directive = regexp.MustCompile(`(?:^|[\n\r\x{85}\x{2028}\x{2029}])\x{feff}?%`)

// inspect refuses, before anything is made of it, a text with what is not
// wanted in it and one that would cost too much.
func inspect(b *budget.Budget, text []byte) error {
	if len(text) > maxText {
		return fmt.Errorf("more than %d bytes", maxText)
	}
	n := entries(text)
	if n > maxEntries {
		return fmt.Errorf("more than %d entries", maxEntries)
	}
	if err := b.Spend(parserCost + n*entryCost + budget.Bytes(len(text))); err != nil {
		return err
	}
	if len(directive.FindAllIndex(text, maxDirectives+1)) > maxDirectives {
		return fmt.Errorf("more than %d directives", maxDirectives)
	}
	root, err := parse(text)
	if err != nil || root == nil {
		return err
	}
	i := inspector{sizes: make(map[*yaml.Node]int)}
	_, err = i.size(root, 0)
	return err
}

// entries counts what could start an entry of a list or a map. In quoted text
// it counts too many, never too few.
func entries(text []byte) int {
	n := 0
	for i, c := range text {
		switch c {
		case ',', '[', '{':
			n++
		case '-', ':', '?':
			if i+1 == len(text) || text[i+1] <= ' ' || text[i+1] >= 0x80 {
				n++
			}
		}
	}
	return n
}

// parse returns the root node of the document; nil for none.
func parse(text []byte) (*yaml.Node, error) {
	root, err := yaml11.Parse(text)
	if err != nil {
		return nil, plainly(err)
	}
	return root, nil
}

// inspector adds up what a document holds when its aliases are followed.
type inspector struct {
	sizes map[*yaml.Node]int // of the nodes that have an anchor; 0 while they are open
}

func (i *inspector) size(n *yaml.Node, depth int) (int, error) {
	switch {
	case depth > maxDepth:
		return 0, fmt.Errorf("line %d: nested deeper than %d levels", n.Line, maxDepth)
	case n.Kind == yaml.AliasNode:
		if i.sizes[n.Alias] == 0 {
			return 0, fmt.Errorf("line %d: a value contains itself", n.Line)
		}
		return i.sizes[n.Alias], nil
	}
	sum := 1
	for _, c := range n.Content {
		size, err := i.size(c, depth+1)
		if err != nil {
			return 0, err
		}
		if sum += size; sum > maxValues {
			return 0, fmt.Errorf("more than %d values", maxValues)
		}
	}
	if n.Anchor != "" {
		i.sizes[n] = sum
	}
	return sum, nil
}
