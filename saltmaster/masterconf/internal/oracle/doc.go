// Package oracle compares the configuration reader with real Salts: it returns what they make of the same bytes.
//
//	for _, salt := range oracle.Salts(t) {
//		salt.Ask(t, script, question, &answer)
//	}
//
// SALTERN_SALT names a folder with one virtual environment per Salt version, each named salt-<version>.
// It is imported by tests only.
package oracle
