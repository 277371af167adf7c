// Package settings reads saltern.yaml, the optional file for what Salt's own
// master config has no word for. No setting is needed: a missing file, an empty
// one and one from an older Saltern all work.
//
// The file is read strictly, because a misspelled limit is no limit. An unknown
// key, a duplicate key and a malformed value are errors that name the line and
// the key, and all of them are reported at once.
//
// There is no setting for a password, token or other secret.
//
//	s, err := settings.Load("/etc/saltern/saltern.yaml")
//	if errors.Is(err, fs.ErrNotExist) {
//		s = settings.Default()
//	}
//
// [Keys] lists every key with its default and meaning. docs/configuration.md
// has that list, written by go generate ./internal/settings.
//
// The package imports nothing of Saltern.
package settings

//go:generate go test . -run TestDocumentedKeys -count=1 -update
