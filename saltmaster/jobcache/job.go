package jobcache

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/saltern-api/saltern/internal/pyglob"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// Job is what the cache has of one job.
type Job struct {
	// Load is what was published, a map; nil if there is none. Its values may be
	// others than plain ones.
	Load msgpack.Raw

	// Minions are the targeted ones as far as the master and its syndics know
	// them, sorted.
	Minions []string

	// Returns are the returns so far, in the order of the folder.
	Returns []Returned
}

// Returned is a minion's return.
type Returned struct {
	Minion string

	// Data is a map with "return", and "retcode" and "success" where the minion
	// sent them. It is in its file if it is long, or if there are many.
	Data msgpack.Section

	// Out is the outputter, if HasOut.
	Out    msgpack.Raw
	HasOut bool
}

// Job reads a job as the master's local_cache does for a look-up. A job that is
// not there is an empty one. Any error means that the master has to be asked.
func (c Cache) Job(ctx context.Context, jid string) (Job, error) {
	if c.Dir == "" {
		return Job{}, fmt.Errorf("%w: there is no job cache", ErrUnsure)
	}
	dir, r := c.jobDir(jid), reading{left: MaxLookup}
	returns := reading{left: maxReturns, memory: maxHeld}
	if _, err := os.Stat(dir); err != nil {
		if isNotThere(err) {
			return Job{}, nil
		}
		return Job{}, fmt.Errorf("job cache: %w", err)
	}
	j, err := r.load(dir)
	if err == nil {
		j.Returns, err = returns.returns(ctx, dir)
	}
	if err != nil {
		return Job{}, fmt.Errorf("job cache: %w", err)
	}
	return j, nil
}

// Load reads a job without its returns. ok is false if there is none (yet).
func (c Cache) Load(jid string) (j Job, ok bool, err error) {
	if c.Dir == "" {
		return Job{}, false, nil
	}
	r := reading{left: MaxLookup}
	if j, err = r.load(c.jobDir(jid)); err != nil {
		return Job{}, false, fmt.Errorf("job cache: %w", err)
	}
	return j, j.Load != nil, nil
}

// Returned returns the minions of which there are returns for a job, in the order
// of the folder.
func (c Cache) Returned(jid string) (minions []string, err error) {
	if c.Dir == "" {
		return nil, nil
	}
	dir := c.jobDir(jid)
	all, err := names(dir)
	if isNotThere(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("job cache: %w", err)
	}
	for _, id := range all {
		if !strings.HasPrefix(id, ".") && isFile(filepath.Join(dir, id, returnFile)) {
			minions = append(minions, id)
		}
	}
	return minions, nil
}

// Outcome returns what a minion returned as it is kept, with any values: a map with
// "return", and "retcode" and "success" where the minion sent them. A long one stays in its
// file, and its depth is not checked. ok is false if there is none (yet). One of more than
// [MaxReturn] bytes is an error.
func (c Cache) Outcome(jid, minion string) (data msgpack.Section, ok bool, err error) {
	if c.Dir == "" || !safeName(minion) {
		return data, false, nil
	}
	path := filepath.Join(c.jobDir(jid), minion, returnFile)
	info, err := os.Stat(path)
	switch {
	case isNotThere(err):
		return data, false, nil
	case err != nil:
		return data, false, fmt.Errorf("job cache: %w", err)
	case !info.Mode().IsRegular():
		return data, false, fmt.Errorf("job cache: %w: %s is no file", ErrUnsure, path)
	case info.Size() == 0: // the master is writing it
		return data, false, nil
	}
	if data, err = open(path); err == nil {
		data, err = named(data)
	}
	if err != nil {
		return msgpack.Section{}, false, fmt.Errorf("job cache: %s: %w", path, err)
	}
	return data, true, nil
}

// load is local_cache's get_load.
func (r *reading) load(dir string) (j Job, err error) {
	j.Load, err = r.file(filepath.Join(dir, loadFile), readable)
	if isNotThere(err) {
		return Job{}, nil
	}
	if err != nil {
		return Job{}, err
	}
	if j.Load.Kind() != msgpack.Map {
		return Job{}, fmt.Errorf("%w: the load in %s is no map", ErrUnsure, dir)
	}
	files, err := minionFiles(dir)
	if err != nil {
		return Job{}, err
	}
	for _, name := range files {
		list, err := r.plain(filepath.Join(dir, name))
		if err != nil {
			return Job{}, err // the runner fails, too, if the file is not there
		}
		if list == nil {
			continue
		}
		if j.Minions, err = appendTexts(j.Minions, list); err != nil {
			return Job{}, err
		}
	}
	slices.Sort(j.Minions) // by bytes, which is the order of Python's text
	j.Minions = slices.Compact(j.Minions)
	return j, nil
}

const (
	loadFile    = ".load.p"
	minionsFile = ".minions.p"
)

// minionFiles returns the names of the lists of minions: the master's own and
// those of its syndics.
func minionFiles(dir string) ([]string, error) {
	all, err := names(dir)
	if err != nil {
		return nil, err
	}
	files := []string{minionsFile}
	syndics := pyglob.Compile(".minions.*.p")
	for _, name := range all {
		if syndics.Match(name) {
			files = append(files, name)
		}
	}
	return files, nil
}

func appendTexts(dst []string, list msgpack.Raw) ([]string, error) {
	if list.Kind() != msgpack.Array {
		return nil, fmt.Errorf("%w: a list of minions is none", ErrUnsure)
	}
	err := list.Elems(func(v msgpack.Raw) error {
		if v.Kind() != msgpack.Str {
			return fmt.Errorf("%w: the id of a minion is no text", ErrUnsure)
		}
		id, _ := v.Str()
		dst = append(dst, id)
		return nil
	})
	return dst, err
}

// returns is local_cache's get_jid.
func (r *reading) returns(ctx context.Context, dir string) (all []Returned, err error) {
	minions, err := names(dir)
	if err != nil {
		return nil, err
	}
	for _, id := range minions {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if strings.HasPrefix(id, ".") || !isFile(filepath.Join(dir, id, returnFile)) {
			continue
		}
		ret, err := r.returned(filepath.Join(dir, id), id)
		if err != nil {
			return nil, err
		}
		all = append(all, ret)
	}
	return all, nil
}

const (
	returnFile = "return.p"
	outFile    = "out.p"
)

func (r *reading) returned(dir, id string) (ret Returned, err error) {
	ret.Minion = id
	if ret.Data, err = r.section(filepath.Join(dir, returnFile)); err != nil {
		return ret, err
	}
	if ret.Data.Size() == 0 {
		ret.Data = msgpack.InMemory(msgpack.AppendNil(nil))
	}
	if ret.Data, err = named(ret.Data); err != nil {
		return ret, err
	}
	out := filepath.Join(dir, outFile)
	if ret.HasOut = isFile(out); !ret.HasOut {
		return ret, nil
	}
	outs := reading{left: inMemory}
	if ret.Out, err = outs.plain(out); err != nil {
		return ret, err
	}
	if ret.Out == nil {
		ret.Out = msgpack.AppendNil(nil)
	}
	return ret, nil
}

// named returns the data of a return: of one that an old master has written, which is the
// value alone, a map with that.
func named(data msgpack.Section) (msgpack.Section, error) {
	_, ok, err := data.Lookup("return")
	if err != nil || ok {
		return data, err
	}
	var old msgpack.Entries
	old.Add("return", data)
	return old.Section(), nil
}
