// Package credname reports whether a name is likely that of a credential. It is the one list for the arguments in the
// audit log, and for the events shown to readers of the bus, including the bodies of hooks. A name that contains one of
// the words counts: hiding a value too many is better than hiding one too few.
//
// It imports nothing else of Saltern.
package credname
