package jobcache

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"
	"unicode/utf8"

	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// ErrUnsure means that a file was found in a state in which the master may make
// something else of it than this package: half written, damaged, or with values
// that change when Python reads and writes them.
var ErrUnsure = errors.New("the master may read this in another way")

// MaxLookup is the most bytes that are read of a job but for its returns.
const MaxLookup = 64 << 20

const (
	// maxReturns is the most bytes that all returns of a job may have for [Cache.Job].
	maxReturns = 2 << 30

	// maxHeld is the most bytes of them that are in memory.
	maxHeld = 4 << 20
)

// maxPlainDepth is how deep values may nest. Python's own limits are not far
// above it once a return is wrapped in the answer of a runner.
const maxPlainDepth = 100

// reading bounds the bytes of one look-up.
type reading struct {
	left   int64
	memory int64 // of left, for section
}

// plain returns the one value in a file, or nil for an empty file, which the
// master takes for None. The error is a *fs.PathError, or wraps [ErrUnsure].
func (r *reading) plain(path string) (msgpack.Raw, error) { return r.file(path, Plain) }

func (r *reading) file(path string, check func([]byte) error) (msgpack.Raw, error) {
	f, info, err := r.open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // nothing was written
	b := make([]byte, info.Size())
	if _, err := io.ReadFull(f, b); err != nil {
		return nil, fmt.Errorf("%w: %s changed while it was read", ErrUnsure, path)
	}
	r.left -= info.Size()
	if len(b) == 0 {
		return nil, nil
	}
	if err := check(b); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return b, nil
}

// open opens a file that may be read.
func (r *reading) open(path string) (*os.File, fs.FileInfo, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	info, err := f.Stat()
	if err == nil && (!info.Mode().IsRegular() || info.Size() > r.left) {
		err = fmt.Errorf("%w: %s is no file or too large", ErrUnsure, path)
	}
	if err != nil {
		_ = f.Close() // nothing was written
		return nil, nil, err
	}
	return f, info, nil
}

// section is plain for a value that stays in its file where it is long, or where much
// is in memory already. An empty file has an empty section.
func (r *reading) section(path string) (none msgpack.Section, err error) {
	f, info, err := r.open(path)
	if err != nil {
		return none, err
	}
	defer f.Close() //nolint:errcheck // nothing was written
	size := info.Size()
	if size > inMemory || size > r.memory {
		s := msgpack.NewSection(stored{path, info}, 0, size)
		if err := s.Visit(&plainVisitor{}); err != nil {
			return none, fmt.Errorf("%w: %s: %w", ErrUnsure, path, err)
		}
		r.left -= size
		return s, nil
	}
	r.memory -= size
	b, err := r.plain(path)
	if err != nil || b == nil {
		return none, err
	}
	return msgpack.InMemory(b), nil
}

// plainVisitor is [Plain] for a section. A long binary that is no text is refused, too.
type plainVisitor struct{ depth int }

func (v *plainVisitor) Value(val msgpack.Raw, depth int) error {
	c := checker{msgpack.NewReader(val), true}
	return c.value(depth)
}

func (v *plainVisitor) Key(key msgpack.Raw, _ int) error {
	c := checker{msgpack.NewReader(key), true}
	return c.key()
}

func (v *plainVisitor) Text(part []byte, _ bool) error {
	if !utf8.Valid(part) {
		return errOddValue
	}
	return nil
}

func (v *plainVisitor) Open(msgpack.Kind) error {
	if v.depth++; v.depth > maxPlainDepth {
		return msgpack.ErrTooDeep
	}
	return nil
}

func (v *plainVisitor) Next(int) error { return nil }

func (v *plainVisitor) Close(msgpack.Kind) error {
	v.depth--
	return nil
}

// Plain reports whether b is exactly one value that Python's msgpack, as Salt
// uses it, reads and writes again without a change that shows in JSON: texts
// are UTF-8, keys are scalars, there are no extensions, and nothing is nested
// deep. The error wraps [ErrUnsure].
func Plain(b []byte) error { return check(b, true) }

// readable is Plain for a value of which parts are shown to nobody: it has to be
// one that Python reads, and may be one that it writes otherwise.
func readable(b []byte) error { return check(b, false) }

func check(b []byte, plain bool) error {
	c := checker{msgpack.NewReader(b), plain}
	if err := c.value(0); err != nil {
		return fmt.Errorf("%w: %w", ErrUnsure, err)
	}
	if !c.Done() {
		return fmt.Errorf("%w: more than one value", ErrUnsure)
	}
	return nil
}

var errOddValue = errors.New("a value that changes in Python")

// checker reads a value that has to be plain, or at least readable.
type checker struct {
	msgpack.Reader
	plain bool
}

func (c *checker) value(depth int) error {
	switch c.Kind() {
	case msgpack.Nil, msgpack.Bool, msgpack.Int, msgpack.Float, msgpack.Bin:
		return c.Skip()
	case msgpack.Str:
		return c.text()
	case msgpack.Array:
		n, err := c.ArrayLen()
		if err == nil && depth == maxPlainDepth {
			err = msgpack.ErrTooDeep
		}
		for i := 0; i < n && err == nil; i++ {
			err = c.value(depth + 1)
		}
		return err
	case msgpack.Map:
		n, err := c.MapLen()
		if err == nil && depth == maxPlainDepth {
			err = msgpack.ErrTooDeep
		}
		for i := 0; i < n && err == nil; i++ {
			if err = c.key(); err == nil {
				err = c.value(depth + 1)
			}
		}
		return err
	case msgpack.Ext:
		return c.extension()
	default:
		return errOddValue
	}
}

// key reads a key. One of bytes is refused: it may stand beside an equal text,
// which JSON does not keep apart.
func (c *checker) key() error {
	switch c.Kind() {
	case msgpack.Nil, msgpack.Bool, msgpack.Int, msgpack.Float:
		return c.Skip()
	case msgpack.Str:
		return c.text()
	}
	return errOddValue
}

func (c *checker) text() error {
	s, err := c.Bytes()
	if err == nil && !utf8.Valid(s) {
		err = errOddValue
	}
	return err
}

// extension reads Salt's extension for a time, with microseconds as Salt writes
// it. Others are not read: Python may fail there.
func (c *checker) extension() error {
	const isTime, layout = 78, "20060102T15:04:05.000000"
	code, data, err := c.Ext()
	if err != nil {
		return err
	}
	if _, err := time.Parse(layout, string(data)); err != nil || c.plain || code != isTime || len(data) != len(layout) {
		return errOddValue
	}
	return nil
}

// isFile reports whether a path is a regular file, as Python's os.path.isfile:
// what cannot be looked at is none.
func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// names returns the names in a folder in its own order, which is that of
// Python's os.listdir. The error is a *fs.PathError, or wraps [ErrUnsure].
func names(dir string) ([]string, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // nothing was written
	return namesOf(f)
}

func namesOf(dir *os.File) ([]string, error) {
	all, err := dir.Readdirnames(maxNames)
	if errors.Is(err, io.EOF) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if len(all) == maxNames {
		return nil, fmt.Errorf("%w: %s has %d names or more", ErrUnsure, dir.Name(), maxNames)
	}
	for _, name := range all {
		if !utf8.ValidString(name) {
			return nil, fmt.Errorf("%w: %s has a name that is not UTF-8", ErrUnsure, dir.Name())
		}
	}
	return all, nil
}

// maxNames bounds the names of one folder.
const maxNames = 1 << 20

func isNotThere(err error) bool { return errors.Is(err, fs.ErrNotExist) }
