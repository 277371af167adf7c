package lookup

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// Keys answers the wheel functions that list minions' keys.
type Keys struct {
	Dir string // pki_dir

	// From3008 reports whether the master is Salt 3008 or newer, which lists the
	// same keys by other rules and in another order. ok is false if that is not
	// known.
	From3008 func() (yes, ok bool)
}

// The names of the folders with keys in pki_dir, which are also those of the
// lists.
const (
	accepted = "minions"
	pending  = "minions_pre"
	rejected = "minions_rejected"
	denied   = "minions_denied"
)

// Has reports whether a wheel function may be answered at all.
func (k Keys) Has(fun string) bool { return fun == "key.list_all" || fun == "key.list" }

// Wheel returns the return of a wheel function: arg is an array, kwarg a map.
// The error wraps [ErrAsk] where the master has to run it.
func (k Keys) Wheel(fun string, arg, kwarg msgpack.Raw) (msgpack.Raw, error) {
	is3008, known := k.From3008()
	if k.Dir == "" || !known {
		return nil, ask("where the keys are is not known")
	}
	var params []parameter
	if fun == "key.list" {
		params = append(params, required("match"))
	}
	a, err := bind(params, arg, kwarg)
	if err != nil {
		return nil, err
	}
	l := lister{dir: k.Dir, is3008: is3008, links: make(map[string]bool)}
	var match string
	if fun == "key.list" {
		if match, err = a.text("match"); err != nil {
			return nil, err
		}
		if l.only = status(match); l.only == "" {
			return nil, ask("an unknown status")
		}
	}
	lists, err := l.lists()
	if err != nil {
		if errors.Is(err, ErrAsk) {
			return nil, err
		}
		return nil, fmt.Errorf("%w: %w", ErrAsk, err)
	}
	var p pairs
	for _, list := range lists {
		// The master looks at pki_dir/<id> before it lists a key.
		if list.name != local && slices.ContainsFunc(list.ids, func(id string) bool { return l.links[id] }) {
			return nil, ask("a link has the name of a minion")
		}
		p.add(list.name, texts(list.ids))
	}
	return p.raw(), nil
}

// all is the status of all keys, and local the list of the master's own.
const (
	all   = "all"
	local = "local"
)

// status returns the folder of the keys that match means, or all.
func status(match string) string {
	for _, s := range []struct{ prefix, name string }{
		{"acc", accepted}, {"pre", pending}, {"un", pending}, {"rej", rejected}, {"den", denied}, {all, all},
	} {
		if strings.HasPrefix(match, s.prefix) {
			return s.name
		}
	}
	return ""
}

type keyList struct {
	name string
	ids  []string
}

// lister reads the folders of keys.
type lister struct {
	dir    string
	is3008 bool
	only   string // a folder, or "" or all for all of them

	links map[string]bool // in pki_dir itself
}

func (l lister) lists() ([]keyList, error) {
	if l.only != "" && l.only != all && !l.is3008 {
		// There a folder that is missing is an error of the function.
		ids, err := l.keys(l.only, true)
		return []keyList{{l.only, ids}}, err
	}
	var lists []keyList
	var err error
	if l.is3008 {
		lists, err = l.by3008()
	} else {
		lists, err = l.by3006()
	}
	if err != nil || l.only == "" || l.only == all {
		return lists, err
	}
	return slices.DeleteFunc(lists, func(k keyList) bool { return k.name != l.only }), nil
}

func (l lister) by3006() (lists []keyList, err error) {
	for _, name := range []string{accepted, pending, rejected, denied} {
		ids, err := l.keys(name, false)
		if err != nil {
			return nil, err
		}
		lists = append(lists, keyList{name, ids})
	}
	own, err := l.local()
	return append(lists, keyList{local, own}), err
}

// by3008 lists a key that is in several folders once.
func (l lister) by3008() (lists []keyList, err error) {
	seen := make(map[string]string) // the folder that counts, by id
	var order []string
	for _, name := range []string{accepted, pending, rejected} {
		ids, err := l.unsorted(name, false)
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			if _, twice := seen[id]; !twice {
				order = append(order, id)
			}
			seen[id] = name
		}
	}
	for _, name := range []string{pending, rejected, accepted} {
		var ids []string
		for _, id := range order {
			if seen[id] == name {
				ids = append(ids, id)
			}
		}
		lists = append(lists, keyList{name, sortIgnoringCase(ids)})
	}
	ids, err := l.keys(denied, false)
	if err != nil {
		return nil, err
	}
	own, err := l.local()
	return append(lists, keyList{denied, ids}, keyList{local, own}), err
}

// keys returns the sorted ids in a folder, which has to be there if must is set.
func (l lister) keys(name string, must bool) ([]string, error) {
	ids, err := l.unsorted(name, must)
	return sortIgnoringCase(ids), err
}

func (l lister) unsorted(name string, must bool) ([]string, error) {
	ids, err := l.files(filepath.Join(l.dir, name), func(file string) (bool, error) {
		hidden := strings.HasPrefix(file, ".")
		if hidden && name == denied && file != keyCache {
			return false, ask("a hidden file among the denied keys, which one of the releases lists")
		}
		return !hidden, nil
	})
	if errors.Is(err, fs.ErrNotExist) && !must {
		return nil, nil
	}
	return ids, err
}

// local returns the master's own keys.
func (l lister) local() ([]string, error) {
	files, err := l.files(l.dir, func(file string) (bool, error) {
		return strings.HasSuffix(file, ".pub") || strings.HasSuffix(file, ".pem"), nil
	})
	return sortIgnoringCase(files), err
}

// keyCache is a file that the master itself puts among the keys.
const keyCache = ".key_cache"

// maxKeys bounds the names in one folder of keys.
const maxKeys = 1 << 20

// files returns the names of the regular files in a folder, in its own order. A
// name or a link of which the releases make different things is ErrAsk.
func (l lister) files(dir string, wanted func(name string) (bool, error)) (names []string, err error) {
	if dir != l.dir {
		info, err := os.Lstat(dir)
		if err != nil {
			return nil, err
		}
		if !info.IsDir() {
			return nil, ask("a folder of keys is a link, or no folder")
		}
	}
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // nothing was written
	entries, err := f.ReadDir(maxKeys)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if len(entries) == maxKeys {
		return nil, ask("a folder has too many keys")
	}
	for _, e := range entries {
		if strings.ContainsFunc(e.Name(), odd) {
			return nil, ask("the name of a key is not plain")
		}
		ok, err := wanted(e.Name())
		if err != nil {
			return nil, err
		}
		isLink := e.Type()&fs.ModeSymlink != 0
		switch {
		case isLink && dir == l.dir:
			l.links[e.Name()] = true
			switch {
			case !ok || l.is3008:
			case l.leadsToFile(e.Name()):
				names = append(names, e.Name())
			default:
				return nil, ask("a key of the master's own is a link to no file, which 3007 lists")
			}
		case ok && e.Type().IsDir() && !l.is3008:
			return nil, ask("there is a folder among the keys, which 3007 lists")
		case !ok || e.Type().IsDir():
		case e.Type().IsRegular():
			names = append(names, e.Name())
		default:
			return nil, ask("a key is a link, or no file")
		}
	}
	return names, nil
}

// leadsToFile reports whether a link in pki_dir itself leads to a regular file,
// for which it counts before 3008.
func (l lister) leadsToFile(name string) bool {
	info, err := os.Stat(filepath.Join(l.dir, name))
	return err == nil && info.Mode().IsRegular()
}

// odd reports whether a character of a name is not printable ASCII, whose lower
// case is the same everywhere, or is none that a minion's id may have.
func odd(r rune) bool { return r < 0x20 || r >= 0x7f || r == '\\' }

// sortIgnoringCase is Salt's sorted_ignorecase.
func sortIgnoringCase(list []string) []string {
	slices.SortStableFunc(list, func(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) })
	return list
}
