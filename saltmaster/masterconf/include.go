package masterconf

import (
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/saltern-api/saltern/saltmaster/masterconf/yaml11"
)

// Limits that only files which include each other reach.
const (
	maxIncluded     = 4096 // files read in all
	maxIncludeDepth = 64
)

// defaultInclude is Salt's default for default_include.
const defaultInclude = "master.d/*.conf"

// loader reads a main file and what it includes.
type loader struct {
	files files
	rep   *report
	left  int // how many more files may be read
}

// load returns the options that are set: those of the main file, replaced by those of the files of default_include,
// replaced by those of the files of include. Within each of the two groups mappings are merged and lists are joined,
// between the groups an option is replaced as a whole.
func (l *loader) load(main string) *yaml11.Map {
	conf := l.main(main)
	defaults, ok := conf.Item("default_include")
	if !ok {
		defaults = yaml11.Item{Key: "default_include", Value: defaultInclude, File: main}
	}
	// Both are taken before anything is merged: an include that an included file sets is that file's own affair.
	include, _ := conf.Item("include")
	for _, it := range []yaml11.Item{defaults, include} {
		// Salt says nothing when master.d is empty.
		for set := range l.include(it, main, it.Key == "include", nil).All() {
			conf.Set(set)
		}
	}
	return conf
}

// main reads the main file. Salt runs with its defaults when there is none.
func (l *loader) main(name string) *yaml11.Map {
	conf, err := readFile(l.files, name)
	switch {
	case err == nil:
		return conf
	case errors.Is(err, fs.ErrNotExist):
		l.rep.warn(where{file: name}, "there is no such file: all options have Salt's defaults")
	default:
		at, msg := fileProblem(name, err)
		l.rep.problem(at, "%s", msg)
	}
	return &yaml11.Map{}
}

// include reads the files that the patterns of one include option match. The chain holds the files that led here.
func (l *loader) include(option yaml11.Item, from string, verbose bool, chain []string) *yaml11.Map {
	conf := &yaml11.Map{}
	at := where{option.File, option.Line, keyText(option.Key)}
	for _, pattern := range l.patterns(option, at) {
		pattern = expandUser(pattern)
		if !filepath.IsAbs(pattern) {
			pattern = strings.TrimSuffix(filepath.Dir(from), "/") + "/" + pattern
		}
		names := glob(l.files, pattern)
		if len(names) == 0 && verbose {
			l.rep.warn(at, "%s matches no files", pattern)
		}
		slices.Sort(names)
		for _, name := range names {
			mergeInto(conf, l.included(name, at, verbose, chain))
		}
	}
	return conf
}

// patterns returns what an include option lists.
func (l *loader) patterns(option yaml11.Item, at where) []string {
	var list []any
	switch v := option.Value.(type) {
	case string:
		list = []any{v}
	case []any:
		list = v
	case *yaml11.Map: // Salt goes through it as through a list
		for it := range v.All() {
			list = append(list, it.Key)
		}
	default:
		if truthy(v) {
			l.rep.problem(at, "has to be a file name or a list of file names, not %s", kind(v))
		}
		return nil
	}
	var patterns []string
	for _, v := range list {
		switch s, ok := v.(string); {
		case !ok:
			l.rep.problem(at, "has to list file names, not %s", kind(v))
		case s != "":
			patterns = append(patterns, s)
		}
	}
	return patterns
}

// included reads one file and what it includes in turn. A file with a YAML error is passed over, as salt-api does.
func (l *loader) included(name string, at where, verbose bool, chain []string) *yaml11.Map {
	none := &yaml11.Map{}
	switch {
	case slices.Contains(chain, name):
		l.rep.problem(at, "%s includes itself", name)
		return none
	case len(chain) >= maxIncludeDepth:
		l.rep.problem(at, "more than %d files include one another", maxIncludeDepth)
		return none
	case l.left == 0:
		l.rep.problem(at, "more than %d files are included", maxIncluded)
	}
	if l.left--; l.left < 0 {
		return none
	}
	conf, err := readFile(l.files, name)
	if err != nil {
		at, msg := fileProblem(name, err)
		if y, ok := errors.AsType[*yaml11.Error](err); ok && !y.Fatal {
			l.rep.warn(at, "the file is passed over, as salt-api does: %s", msg)
		} else {
			l.rep.problem(at, "%s", msg)
		}
		return none
	}
	if nested, ok := conf.Item("include"); ok {
		for set := range l.include(nested, name, verbose, append(chain, name)).All() {
			conf.Set(set)
		}
	}
	return conf
}

// mergeInto adds the options of one included file to those of the files before it: mappings are merged at every depth, a
// list gets the elements that it does not have yet, anything else is replaced.
func mergeInto(dst, src *yaml11.Map) {
	for it := range src.All() {
		old, _ := dst.Item(it.Key)
		switch v := it.Value.(type) {
		case *yaml11.Map:
			if m, ok := old.Value.(*yaml11.Map); ok {
				mergeInto(m, v)
				it.Value = m
			}
		case []any:
			if list, ok := old.Value.([]any); ok {
				it.Value = joinLists(list, v)
			}
		}
		dst.Set(it)
	}
}

// joinLists returns the first list with those elements of the second that are not in the first.
func joinLists(first, second []any) []any {
	all := slices.Clone(first)
	for _, v := range second {
		if !slices.ContainsFunc(first, func(x any) bool { return yaml11.Equal(x, v) }) {
			all = append(all, v)
		}
	}
	return all
}
