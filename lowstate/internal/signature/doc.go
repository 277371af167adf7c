// Package signature lists the arguments that Salt's own runner functions take.
//
// A client may send more arguments with a runner than its function takes, such
// as the tgt that it sends with everything: salt-api inspects the function and
// omits the rest (saltstack/salt 41733). The gateway has no functions to
// inspect, but the names of their arguments.
//
// The table holds the functions that both Salt 3006 and Salt 3008 have with the
// same arguments, which do not depend on the master's release. Its test
// generates it again from the installed Salts; with -update it writes it.
//
// It imports the standard library alone.
package signature
