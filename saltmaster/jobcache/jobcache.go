package jobcache

import (
	"crypto/md5"  //nolint:gosec // hash_type is the master's setting and only names a folder
	"crypto/sha1" //nolint:gosec // as above
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// MaxReturn is the most bytes that one return may have to be read.
const MaxReturn = 1 << 30

// Cache is a master's job cache. The zero value has nothing in it.
type Cache struct {
	Dir      string // <cachedir>/jobs
	HashType string // the master's hash_type
}

// Return is what the cache keeps of one minion's return.
type Return struct {
	Return  msgpack.Section // in the file, if it is long
	Retcode msgpack.Raw     // nil when the return had none
	Out     msgpack.Raw     // nil when the return named no outputter
}

// Return reads a minion's return. ok is false when there is none (yet).
func (c Cache) Return(jid, minion string) (r Return, ok bool, err error) {
	if c.Dir == "" || !safeName(minion) {
		return Return{}, false, nil
	}
	dir := filepath.Join(c.jobDir(jid), minion)
	m, err := open(filepath.Join(dir, returnFile))
	if errors.Is(err, fs.ErrNotExist) {
		return Return{}, false, nil
	}
	if err != nil {
		return Return{}, false, fmt.Errorf("job cache: %w", err)
	}
	if r, ok, err = readReturn(m); !ok || err != nil {
		return Return{}, false, err
	}
	if out, err := open(filepath.Join(dir, outFile)); err == nil && out.IsInMemory() {
		r.Out, _ = out.Raw()
	}
	return r, true, nil
}

// readReturn reads the members of a return.
func readReturn(m msgpack.Section) (r Return, ok bool, err error) {
	err = m.Each(func(k msgpack.Raw, v msgpack.Section) error {
		switch name, _ := k.Str(); {
		case name == "return":
			r.Return, ok = v, true
		case name == "retcode" && v.Size() <= inMemory:
			var err error
			r.Retcode, err = v.Raw()
			return err
		}
		return nil
	})
	switch {
	case errors.Is(err, msgpack.ErrKind):
		return Return{}, false, nil
	case err != nil:
		return Return{}, false, fmt.Errorf("job cache: %w", err)
	}
	return r, ok, nil
}

// OnlyReturn reads the return of a job that has just one, as runners have:
// theirs is kept under the master's own id.
func (c Cache) OnlyReturn(jid string) (r Return, ok bool, err error) {
	if c.Dir == "" {
		return Return{}, false, nil
	}
	entries, err := os.ReadDir(c.jobDir(jid))
	if errors.Is(err, fs.ErrNotExist) {
		return Return{}, false, nil
	}
	if err != nil {
		return Return{}, false, fmt.Errorf("job cache: %w", err)
	}
	for _, e := range entries {
		if e.IsDir() {
			return c.Return(jid, e.Name())
		}
	}
	return Return{}, false, nil
}

// jobDir is the folder of a job: its digest, split after two characters.
func (c Cache) jobDir(jid string) string {
	h := newHash(c.HashType)
	_, _ = io.WriteString(h, jid)
	digest := hex.EncodeToString(h.Sum(nil))
	return filepath.Join(c.Dir, digest[:2], digest[2:])
}

func newHash(name string) hash.Hash {
	switch name {
	case "md5":
		return md5.New() //nolint:gosec // see the import
	case "sha1":
		return sha1.New() //nolint:gosec // see the import
	case "sha224":
		return sha256.New224()
	case "sha384":
		return sha512.New384()
	case "sha512":
		return sha512.New()
	default:
		return sha256.New()
	}
}

// safeName reports whether a minion id is one file name. Ids come from the
// event bus, where a minion may have put anything.
func safeName(id string) bool {
	return id != "" && id != "." && id != ".." && !strings.ContainsAny(id, "/\x00")
}
