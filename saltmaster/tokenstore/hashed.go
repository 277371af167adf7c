package tokenstore

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
)

// RemoveHashed removes the token with this SHA-256 (of its text), for those
// that keep no more of a token than that. It looks through the whole folder. A
// token that is gone already is fine.
func (s Store) RemoveHashed(sum [sha256.Size]byte) error {
	d, err := os.Open(s.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("token folder: %w", err)
	}
	defer d.Close() //nolint:errcheck // nothing was written
	for {
		names, err := d.Readdirnames(1024)
		for _, name := range names {
			token := s.token(name)
			if token != "" && sha256.Sum256([]byte(token)) == sum {
				return s.Remove(token)
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("token folder: %w", err)
		}
	}
}

// token is the token that a file of this name holds, or empty.
func (s Store) token(name string) string {
	if s.Layout == Flat {
		return name
	}
	token, ok := strings.CutSuffix(name, ".p")
	if !ok {
		return ""
	}
	return token
}
