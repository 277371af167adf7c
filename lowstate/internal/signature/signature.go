// Package signature knows which arguments Salt's own runner functions take.
//
// A client may send more with a runner than its function takes, such as the
// tgt that it sends with everything: salt-api looks at the function and leaves
// out the rest (saltstack/salt 41733). A gateway has no functions to look at,
// but the names of their arguments.
//
// The table holds the functions that Salt 3006 and Salt 3008 both have, with
// the same arguments: what these are does not depend on the master's release.
// Its test makes it anew from the Salts that are installed; with -update it
// writes it.
package signature

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
)

//go:embed stock.json
var stock []byte

// Signature is what a function takes.
type Signature struct {
	Args []string `json:"args"` // the names of its arguments
	Any  bool     `json:"any"`  // whether it takes others beside these, as **kwargs
}

// Takes reports whether the function has a keyword argument of this name.
func (s Signature) Takes(name string) bool { return s.Any || slices.Contains(s.Args, name) }

// Stock returns the signatures of Salt's own runner functions by their names.
// It panics when the table that is built in is not one.
func Stock() map[string]Signature {
	table := make(map[string]Signature)
	if err := json.Unmarshal(stock, &table); err != nil {
		panic(fmt.Sprintf("signature: stock.json: %v", err))
	}
	return table
}
