package jobcache

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// inMemory is the size, in bytes, up to which a file is read at once.
const inMemory = 64 << 10

// errChanged means that a file is not the one that it was.
var errChanged = errors.New("the file was replaced")

// open returns the value in a file, which is one of msgpack: in memory if it is short.
// The depth of a long one is not checked.
func open(path string) (msgpack.Section, error) {
	f, err := os.Open(path)
	if err != nil {
		return msgpack.Section{}, err
	}
	defer f.Close() //nolint:errcheck // nothing was written
	info, err := f.Stat()
	switch {
	case err != nil:
		return msgpack.Section{}, err
	case info.Size() > MaxReturn:
		return msgpack.Section{}, fmt.Errorf("%d bytes are more than the %d that are read", info.Size(), MaxReturn)
	case info.Size() > inMemory:
		return msgpack.NewSection(stored{path, info}, 0, info.Size()), nil
	}
	b := make([]byte, info.Size())
	if _, err := io.ReadFull(f, b); err != nil {
		return msgpack.Section{}, err
	}
	return msgpack.InMemory(b), msgpack.Valid(b)
}

// stored is a file of the cache, which is open only while some of it is read: an answer
// may be made of thousands of them. The master writes each once.
type stored struct {
	path string
	info fs.FileInfo
}

// ReadAt implements io.ReaderAt.
func (s stored) ReadAt(p []byte, off int64) (int, error) {
	f, err := os.Open(s.path)
	if err != nil {
		return 0, err
	}
	defer f.Close() //nolint:errcheck // nothing was written
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	if !os.SameFile(s.info, info) || info.Size() != s.info.Size() {
		return 0, errChanged
	}
	return f.ReadAt(p, off)
}
