package jobcache

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// The bounds of an [Index].
const (
	MaxJobs  = 200_000  // jobs in the cache
	MaxIndex = 64 << 20 // bytes of what is kept of them, as their owner counts them
)

// maxLoad is the most bytes that are read of one load.
const maxLoad = 16 << 20

// Index lists all jobs of a cache. It keeps what its owner makes of the load of
// each job, and reads a load again when its file has changed, so that a list of
// many jobs takes the time of looking at their files. It is safe for concurrent
// use.
type Index[T any] struct {
	cache Cache

	// make makes of a load, which may have values that are not plain (see
	// [Plain]) and is nil for an empty file, what is kept of it, and its size in bytes. ok is false for a
	// load that is no job.
	make func(load msgpack.Raw) (v T, size int, ok bool, err error)

	mu      sync.Mutex
	running bool
	next    *scan[T] // that begins when the running one ends

	tops map[string]map[string]*kept[T] // of the running scan alone
}

// kept is what is kept of one load.
type kept[T any] struct {
	stamp stamp
	value T
	size  int
	isJob bool
}

// stamp changes with each change of a file: the master replaces its files as a
// whole.
type stamp struct {
	dev, inode   uint64
	size         int64
	mtime, ctime int64
}

// scan is one run through the files, shared by all who came before it began.
type scan[T any] struct {
	done chan struct{}
	jobs []T
	err  error
}

// NewIndex returns an empty index of a cache.
func NewIndex[T any](c Cache, make func(load msgpack.Raw) (v T, size int, ok bool, err error)) *Index[T] {
	return &Index[T]{cache: c, make: make, tops: map[string]map[string]*kept[T]{}}
}

// Jobs returns all jobs in the order of the folders, which is that of the
// master's own list. The slice is shared and must not be changed. Any error
// means that the master has to be asked.
func (x *Index[T]) Jobs(ctx context.Context) ([]T, error) {
	s := x.join()
	select {
	case <-s.done:
		return s.jobs, s.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// join returns a scan that begins after the call.
func (x *Index[T]) join() *scan[T] {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.next == nil {
		x.next = &scan[T]{done: make(chan struct{})}
	}
	s := x.next
	if !x.running {
		x.running = true
		go x.run()
	}
	return s
}

// run runs scans until nobody waits for another one.
func (x *Index[T]) run() {
	for {
		x.mu.Lock()
		s := x.next
		x.next = nil
		if s == nil {
			x.running = false
			x.mu.Unlock()
			return
		}
		x.mu.Unlock()
		s.jobs, s.err = x.scan()
		close(s.done)
	}
}

// maxScanners is how many folders are looked through at once.
const maxScanners = 4

// scan is local_cache's _walk_through.
func (x *Index[T]) scan() ([]T, error) {
	tops, err := names(x.cache.Dir)
	if err != nil {
		return nil, fmt.Errorf("job cache: %w", err)
	}
	found := make([][]T, len(tops))
	fresh := make([]map[string]*kept[T], len(tops))
	var budget total
	var wg sync.WaitGroup
	turn := make(chan int)
	for range min(maxScanners, max(2, runtime.GOMAXPROCS(0)), len(tops)) {
		wg.Go(func() {
			for i := range turn {
				found[i], fresh[i] = x.top(tops[i], &budget)
			}
		})
	}
	for i := range tops {
		turn <- i
	}
	close(turn)
	wg.Wait()
	if budget.err != nil {
		clear(x.tops)
		return nil, fmt.Errorf("job cache: %w", budget.err)
	}
	x.tops = make(map[string]map[string]*kept[T], len(tops))
	all := make([]T, 0, budget.jobs)
	for i, name := range tops {
		x.tops[name] = fresh[i]
		all = append(all, found[i]...)
	}
	return all, nil
}

// total is what the scanners of one scan have found together.
type total struct {
	mu    sync.Mutex
	jobs  int
	bytes int
	err   error // the first
}

func (t *total) add(jobs, bytes int, err error) (ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.jobs += jobs
	t.bytes += bytes
	if err == nil && (t.jobs > MaxJobs || t.bytes > MaxIndex) {
		err = fmt.Errorf("%w: more jobs than are kept", ErrUnsure)
	}
	if t.err == nil {
		t.err = err
	}
	return t.err == nil
}

// top looks through one of the folders of which each has the jobs whose digest
// begins with its name.
func (x *Index[T]) top(name string, budget *total) (found []T, fresh map[string]*kept[T]) {
	dir, err := os.Open(filepath.Join(x.cache.Dir, name))
	if isNotThere(err) {
		return nil, nil
	}
	if !budget.add(0, 0, err) {
		return nil, nil
	}
	defer dir.Close() //nolint:errcheck // nothing was written
	finals, err := namesOf(dir)
	if !budget.add(0, 0, err) {
		return nil, nil
	}
	before := x.tops[name]
	fresh = make(map[string]*kept[T], len(finals))
	bytes := 0
	for _, final := range finals {
		k, err := x.load(dir, final, before[final])
		if err != nil {
			budget.add(0, 0, err)
			return nil, nil
		}
		if k == nil {
			continue
		}
		fresh[final] = k
		bytes += k.size + perJob
		if k.isJob {
			found = append(found, k.value)
		}
	}
	budget.add(len(found), bytes, nil)
	return found, fresh
}

// perJob is about what the index itself takes for a job, in bytes.
const perJob = 200

// load returns what is kept of a load, or nil if there is none.
func (x *Index[T]) load(dir *os.File, final string, before *kept[T]) (*kept[T], error) {
	now, ok, err := stampOf(dir, final+"/"+loadFile)
	if err != nil || !ok {
		return nil, err
	}
	if before != nil && before.stamp == now {
		return before, nil
	}
	path := filepath.Join(dir.Name(), final, loadFile)
	r := reading{left: maxLoad}
	b, err := r.file(path, readable)
	if err != nil {
		return nil, err
	}
	k := &kept[T]{stamp: now}
	k.value, k.size, k.isJob, err = x.make(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return k, nil
}

// stampOf returns the stamp of a regular file below a folder; ok is false if
// there is none.
func stampOf(dir *os.File, name string) (s stamp, ok bool, err error) {
	var st unix.Stat_t
	switch err := unix.Fstatat(int(dir.Fd()), name, &st, 0); err {
	case nil:
	case unix.ENOENT, unix.ENOTDIR:
		return stamp{}, false, nil
	default:
		return stamp{}, false, &fs.PathError{Op: "stat", Path: filepath.Join(dir.Name(), name), Err: err}
	}
	if st.Mode&unix.S_IFMT != unix.S_IFREG {
		return stamp{}, false, nil
	}
	return stamp{st.Dev, st.Ino, st.Size, st.Mtim.Nano(), st.Ctim.Nano()}, true, nil
}
