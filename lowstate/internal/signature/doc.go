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
//
// It imports the standard library alone.
package signature
