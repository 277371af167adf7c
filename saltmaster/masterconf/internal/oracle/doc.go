// Package oracle compares the configuration reader with real Salts: it returns what they make of the same bytes.
//
//	for _, salt := range oracle.Salts(t) {
//		salt.Ask(t, script, question, &answer)
//	}
//
// The Salts are those of package sandboxtest, which runs their Python.
// It imports sandboxtest. Only tests import it.
package oracle
