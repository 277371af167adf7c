package spool_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/internal/spool"
)

// disk makes files in memory, and fails as it is told to.
type disk struct {
	files                      []*file
	createErr, writeErr, rdErr error
	room                       int // in bytes, that a file takes from the beginning
}

func (d *disk) create() (spool.File, error) {
	if d.createErr != nil {
		return nil, d.createErr
	}
	f := &file{disk: d, b: make([]byte, 0, d.room)}
	d.files = append(d.files, f)
	return f, nil
}

type file struct {
	disk   *disk
	b      []byte
	closed bool
}

func (f *file) WriteAt(p []byte, off int64) (int, error) {
	if f.disk.writeErr != nil {
		return 0, f.disk.writeErr
	}
	if end := int(off) + len(p); end > len(f.b) {
		f.b = append(f.b, make([]byte, end-len(f.b))...)
	}
	return copy(f.b[off:], p), nil
}

func (f *file) ReadAt(p []byte, off int64) (int, error) {
	if f.disk.rdErr != nil {
		return 0, f.disk.rdErr
	}
	return bytes.NewReader(f.b).ReadAt(p, off)
}

func (f *file) Close() error {
	f.closed = true
	return nil
}

// period is how many random bytes text repeats: a prime, so that bytes from another
// block, page or buffer are others.
const period = 99_991

// text returns n bytes that differ from their neighbors and from those of another n.
// Making each of them takes longer than all that is tested with them.
func text(n int) []byte {
	r := rand.New(rand.NewPCG(uint64(n), 1))
	b := make([]byte, n)
	for i := range min(n, period) {
		b[i] = byte(r.Uint32())
	}
	for i := period; i < n; i += period {
		copy(b[i:], b[:period])
	}
	return b
}

// Whatever is written, truncated and read in between, a spool has the same bytes
// as a buffer.
func TestSpool(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]spool.Options{
		"in memory":    {},
		"small memory": {Memory: 1, Create: new(disk).create},
		"large":        {Create: new(disk).create},
		"real files":   {Memory: 1 << 20, Create: func() (spool.File, error) { return spool.Unlinked(os.TempDir()) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := spool.NewStore(o)
			r := rand.New(rand.NewPCG(1, 2))
			for range 6 {
				s := store.New()
				var want []byte
				for range 60 {
					switch r.IntN(6) {
					case 0:
						size := r.IntN(len(want) + 1)
						if r.IntN(2) == 0 {
							size = max(0, len(want)-r.IntN(1000))
						}
						want = want[:size]
						require.NoError(t, s.Truncate(int64(size)))
					case 1:
						p := text(r.IntN(600_000))
						want = append(want, p...)
						_, err := s.Write(p)
						require.NoError(t, err)
					default:
						p := text(r.IntN(3000))
						want = append(want, p...)
						n, err := s.WriteString(string(p))
						require.NoError(t, err)
						require.Equal(t, len(p), n)
					}
					require.EqualValues(t, len(want), s.Size())
					mark := r.IntN(len(want) + 1)
					if r.IntN(3) > 0 { // near the end, which is what has changed, and takes less long
						mark = max(mark, len(want)-r.IntN(200_000))
					}
					got, err := s.Since(int64(mark)).Bytes()
					require.NoError(t, err)
					require.True(t, bytes.Equal(want[mark:], got))
				}
				mid, n := len(want)/3, len(want)/2
				got, err := s.Since(int64(mid)).Section(0, int64(n)).Bytes()
				require.NoError(t, err)
				require.True(t, bytes.Equal(want[mid:mid+n], got))
				require.NoError(t, s.Close())
				require.ErrorIs(t, s.Truncate(0), spool.ErrClosed)
			}
			memory, held := store.Held()
			require.Zero(t, memory)
			require.Zero(t, held)
		})
	}
}

func TestEmpty(t *testing.T) {
	t.Parallel()
	var none *spool.Store
	s := none.New()
	for _, section := range []spool.Section{{}, s.Since(0)} {
		n, err := section.WriteTo(io.Discard)
		require.NoError(t, err)
		require.Zero(t, n)
	}
	require.True(t, s.Unused())
	require.NoError(t, s.Close())
	require.False(t, s.Unused(), "it is closed")
	require.NoError(t, s.Close())
	require.NoError(t, (*spool.Spool)(nil).Close())

	s = none.New()
	_, err := s.WriteString("a")
	require.NoError(t, err)
	require.NoError(t, s.Truncate(0))
	require.False(t, s.Unused(), "a section of it may be there")
}

// A large spool holds little memory, whatever it has in its file.
func TestMemory(t *testing.T) {
	t.Parallel()
	d := &disk{room: 101 << 20}
	store := spool.NewStore(spool.Options{Memory: 32 << 20, Create: d.create})
	s := store.New()
	part := text(1 << 20)
	for range 100 {
		_, err := s.Write(part)
		require.NoError(t, err)
		memory, _ := store.Held()
		require.LessOrEqual(t, memory, int64(4<<20))
	}
	memory, held := store.Held()
	require.LessOrEqual(t, memory, int64(64<<10))
	require.InDelta(t, 100<<20, held, 64<<10)

	require.NoError(t, s.Shrink())
	memory, _ = store.Held()
	require.Zero(t, memory)
	_, err := s.Write([]byte("and more"))
	require.NoError(t, err)
	last, err := s.Since(100<<20 - 4).Bytes()
	require.NoError(t, err)
	require.Equal(t, string(part[len(part)-4:])+"and more", string(last))

	require.NoError(t, s.Close())
	require.True(t, d.files[0].closed)
}

// When the memory of all is used up, large spools go to files, and small ones
// find room.
func TestMemoryOfAll(t *testing.T) {
	t.Parallel()
	d := new(disk)
	store := spool.NewStore(spool.Options{Memory: 3 << 20, Create: d.create})
	var all []*spool.Spool
	for range 10 {
		s := store.New()
		_, err := s.Write(text(1 << 20))
		require.NoError(t, err)
		all = append(all, s)
	}
	require.Len(t, d.files, 7)
	for range 10 {
		s := store.New()
		_, err := s.Write(text(30 << 10))
		require.NoError(t, err)
		all = append(all, s)
	}
	require.Len(t, d.files, 7)
	for _, s := range all {
		require.NoError(t, s.Close())
	}
	memory, held := store.Held()
	require.Zero(t, memory)
	require.Zero(t, held)
}

// One client does not take all the room, whatever it asks for; what has no client
// may.
func TestDiskOfOneClient(t *testing.T) {
	t.Parallel()
	store := spool.NewStore(spool.Options{Disk: 40 << 20, Share: 20 << 20, Create: (&disk{room: 22 << 20}).create})
	of := func(addr string) *spool.Spool {
		s := store.New()
		s.For(netip.MustParsePrefix(addr))
		return s
	}
	first, second, other := of("192.0.2.1/32"), of("192.0.2.1/32"), of("192.0.2.2/32")
	require.False(t, first.Full())
	_, err := first.Write(text(17 << 20))
	require.NoError(t, err)
	require.True(t, second.Full())
	_, err = second.Write(text(5 << 20))
	require.ErrorIs(t, err, spool.ErrFull)
	require.False(t, other.Full())
	_, err = other.Write(text(17 << 20))
	require.NoError(t, err)

	require.NoError(t, first.Close())
	require.NoError(t, second.Close())
	require.False(t, of("192.0.2.1/32").Full())
	own := store.New()
	_, err = own.Write(text(22 << 20))
	require.NoError(t, err)
	require.True(t, of("192.0.2.3/32").Full(), "there is no room for anybody")
	require.NoError(t, own.Close())
	require.NoError(t, other.Close())
	_, held := store.Held()
	require.Zero(t, held)
}

// What does not fit is the error of its own spool.
func TestDiskOfAll(t *testing.T) {
	t.Parallel()
	store := spool.NewStore(spool.Options{Disk: 10 << 20, Create: new(disk).create})
	a, b := store.New(), store.New()
	_, err := a.Write(text(7 << 20))
	require.NoError(t, err)
	_, err = b.Write(text(7 << 20))
	require.ErrorIs(t, err, spool.ErrFull)
	require.ErrorIs(t, b.Err(), spool.ErrFull)
	_, err = b.WriteString("more")
	require.ErrorIs(t, err, spool.ErrFull)
	require.NoError(t, b.Close())
	_, err = a.Write(text(2 << 20))
	require.NoError(t, err)

	// The room of what was truncated is used again.
	require.NoError(t, a.Truncate(1<<20))
	_, err = a.Write(text(8 << 20))
	require.NoError(t, err)
	require.NoError(t, a.Close())
	_, held := store.Held()
	require.Zero(t, held)
}

func TestFileErrors(t *testing.T) {
	t.Parallel()
	cause := errors.New("no space left on device")
	d := &disk{createErr: cause}
	store := spool.NewStore(spool.Options{Create: d.create})
	s := store.New()
	_, err := s.Write(text(5 << 20))
	require.ErrorIs(t, err, spool.ErrFile)
	require.ErrorIs(t, err, cause)
	require.NoError(t, s.Close())

	d.createErr, d.writeErr = nil, cause
	s = store.New()
	_, err = s.Write(text(5 << 20))
	require.ErrorIs(t, err, spool.ErrFile)
	require.Equal(t, err, s.Truncate(0))
	require.NoError(t, s.Close())

	d.writeErr = nil
	s = store.New()
	_, err = s.Write(text(5 << 20))
	require.NoError(t, err)
	d.rdErr = cause
	_, err = s.Since(0).WriteTo(io.Discard)
	require.ErrorIs(t, err, spool.ErrFile)
	require.NoError(t, s.Close())
	_, err = s.Since(-1).WriteTo(io.Discard)
	require.ErrorIs(t, err, spool.ErrClosed)
	memory, held := store.Held()
	require.Zero(t, memory)
	require.Zero(t, held)
}

// The error of whoever is written to is theirs.
func TestWriterError(t *testing.T) {
	t.Parallel()
	s := spool.NewStore(spool.Options{}).New()
	_, _ = s.WriteString("text")
	r, w := io.Pipe()
	require.NoError(t, r.Close())
	_, err := s.Since(0).WriteTo(w)
	require.Equal(t, io.ErrClosedPipe, err)
}

func TestUnlinked(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f, err := spool.Unlinked(dir)
	require.NoError(t, err)
	_, err = f.WriteAt([]byte("secret"), 3)
	require.NoError(t, err)
	names, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, names)
	info, err := f.(*os.File).Stat()
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode())
	require.NoError(t, f.Close())
	_, err = spool.Unlinked(filepath.Join(dir, "missing"))
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestSweep(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{".answer-1.tmp", ".answer-2.tmp", "tokens.db"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), nil, 0o600))
	}
	require.NoError(t, spool.Sweep(dir))
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, left, 1)
}
