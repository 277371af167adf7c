package signature

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
)

//go:embed stock.json
var stock []byte

// Signature is the arguments of a function.
type Signature struct {
	Args []string `json:"args"` // the names of its arguments
	Any  bool     `json:"any"`  // whether it takes others beside these, as **kwargs
}

// Takes reports whether the function has a keyword argument of this name.
func (s Signature) Takes(name string) bool { return s.Any || slices.Contains(s.Args, name) }

// Stock returns the signatures of Salt's own runner functions by their names.
// It panics if the embedded table is invalid.
func Stock() map[string]Signature {
	table := make(map[string]Signature)
	if err := json.Unmarshal(stock, &table); err != nil {
		panic(fmt.Sprintf("signature: stock.json: %v", err))
	}
	return table
}
