// Package pyglob matches patterns as Python's fnmatch does (fnmatchcase on
// Linux), which is what Salt uses for minion ids, user names, event tags and
// file names: * is any text, slashes included, ? is one character, [ab-d] and
// [!ab-d] are one character of a set, and a [ without its ] is itself.
//
//	g := pyglob.Compile("web[0-9]*")
//	g.Match("web1.example.org") // true
//
// It differs from package path: there are no escapes, a slash is an ordinary
// character, and no pattern is malformed. The package imports the standard
// library only.
package pyglob
