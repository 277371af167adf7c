// Package credname tells by its name whether a value is likely a credential. It is the one list for the arguments that
// the audit log has, for the events that readers of the bus are shown, and for the bodies of hooks among them. A name
// that has one of the words anywhere in it counts: a value too many is hidden rather than one too few.
package credname
