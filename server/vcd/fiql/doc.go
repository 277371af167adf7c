// Package fiql is the part of FIQL, the Feed Item Query Language, in which
// clients of Cloud Director filter lists: comparisons by == and != with
// asterisks, "and" (;), "or" (,) and parentheses, all of them bounded.
//
// It imports nothing of this module.
package fiql
