package tokenstore

import (
	"crypto/md5" //nolint:gosec // hash_type is the master's setting; here it only names a length
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // as above
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// Layout is the form in which a master keeps tokens.
type Layout int

const (
	// Flat is the layout of Salt 3006 and 3007: a file named by the token.
	Flat Layout = iota
	// Enveloped is the layout of Salt 3008: a file of Salt's cache, named by
	// the token and .p, whose data has the expiry beside it.
	Enveloped
)

func (l Layout) String() string {
	if l == Flat {
		return "flat"
	}
	return "enveloped"
}

// ErrNotFound means that the store has no such token.
var ErrNotFound = errors.New("no such token")

// maxFile bounds what is read of a token file. A token that carries its ACL
// (keep_acl_in_token) is the largest seen, at some kilobytes.
const maxFile = 1 << 20

// Store is one master's folder of tokens.
type Store struct {
	Dir      string // Flat: token_dir; Enveloped: <cachedir>/tokens
	Layout   Layout
	HashType string // the master's hash_type
}

// Record is one token.
type Record struct {
	Token    string
	User     string
	Eauth    string
	Groups   []string
	AuthList msgpack.Raw // what keep_acl_in_token put in; nil without. Only the master writes it
	Start    time.Time
	Expire   time.Time
}

// NewToken returns a fresh token of the length that hash_type gives.
func (s Store) NewToken() string {
	b := make([]byte, digestSize(s.HashType))
	_, _ = rand.Read(b) // never fails: it ends the process instead
	return hex.EncodeToString(b)
}

func digestSize(hashType string) int {
	switch hashType {
	case "md5":
		return md5.Size
	case "sha1":
		return sha1.Size
	case "sha224":
		return sha256.Size224
	case "sha384":
		return sha512.Size384
	case "sha512":
		return sha512.Size
	default:
		return sha256.Size
	}
}

// Write stores r. The file appears whole or not at all, readable by the
// owner of the folder alone.
func (s Store) Write(r Record) error {
	owner, err := s.prepare()
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(s.Dir, ".saltern-*.tmp") // mode 0600
	if err != nil {
		return fmt.Errorf("write token: %w", err)
	}
	_, err = f.Write(encode(r, s.Layout))
	if err == nil && owner != nil {
		err = f.Chown(owner.uid, owner.gid)
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), s.path(r.Token))
	}
	if err != nil {
		return fmt.Errorf("write token: %w", errors.Join(err, os.Remove(f.Name())))
	}
	return nil
}

type owner struct{ uid, gid int }

// prepare makes sure of the folder, and returns the user that must own the files in it for
// the master to read them: root may write tokens for a master that runs as
// another user.
func (s Store) prepare() (*owner, error) {
	info, err := os.Stat(s.Dir)
	if err != nil {
		return nil, fmt.Errorf("token folder: %w", err)
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok || os.Geteuid() != 0 || st.Uid == 0 {
		return nil, nil
	}
	return &owner{uid: int(st.Uid), gid: int(st.Gid)}, nil
}

// Read returns a token, or ErrNotFound. It does not judge its expiry.
func (s Store) Read(token string) (Record, error) {
	b, err := readBounded(s.path(token))
	if errors.Is(err, fs.ErrNotExist) {
		return Record{}, ErrNotFound
	}
	if err != nil {
		return Record{}, fmt.Errorf("read token: %w", err)
	}
	r, ok := decode(b, s.Layout)
	if !ok || r.Token != token {
		return Record{}, ErrNotFound
	}
	return r, nil
}

// Remove takes a token out of the store. One that is gone already is fine.
func (s Store) Remove(token string) error {
	err := os.Remove(s.path(token))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove token: %w", err)
	}
	return nil
}

// path is safe for what callers let through: hexadecimal digits only.
func (s Store) path(token string) string {
	name := filepath.Base(token)
	if s.Layout == Enveloped {
		name += ".p"
	}
	return filepath.Join(s.Dir, name)
}
