// Package jsonobject reads JSON objects strictly: in UTF-8, in the order of their
// text, with names as they are written, and with no name twice. Another reader of
// the same request might use the other one of two.
//
// It imports nothing of this module.
package jsonobject
