package lookup

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// pkiDirs are folders of keys: the names of the files, with a slash at the end
// for a folder and " -> target" for a link. ours says before which releases the
// gateway lists them.
var pkiDirs = []struct {
	name  string
	files []string
	ours  byRelease
}{
	{"as a master begins", []string{"minions/", "minions_pre/", "minions_rejected/", "minions_denied/", "minions_autosign/", "master.pem", "master.pub"}, always},
	{"nothing", nil, always},
	{"some folders", []string{"minions/a", "minions_denied/b"}, always},
	{"any order", []string{"minions/b", "minions/A", "minions/a", "minions/B", "minions/aB", "minions/Ab", "minions/z-1.example.com", "minions_pre/Z", "minions_pre/y",
		"minions_rejected/q", "minions_rejected/P", "minions_denied/x", "minions_denied/X", "master_sign.pub", "MASTER.pem", "notes.txt", "b.pem.bak"}, always},
	{"in several", []string{"minions/a", "minions_pre/a", "minions_rejected/a", "minions_denied/a", "minions/b", "minions_rejected/b", "minions_pre/c", "minions/C"}, always},
	{"hidden", []string{"minions/.key_cache", "minions/.hidden", "minions_pre/.x", "minions/a", "minions_rejected/.y", ".dot.pem"}, always},
	{"hidden denied", []string{"minions_denied/.x", "minions_denied/a"}, never},
	{"a cache of denied", []string{"minions_denied/.key_cache", "minions_denied/a"}, always},
	{"folders among them", []string{"minions/sub/", "minions_denied/sub/", "x.pem/", "minions/a"}, from3008},
	{"spaces", []string{"minions/a b", "minions/a", "minions/a~", "minions/a=b", "minions/[a]"}, always},
	{"another alphabet", []string{"minions/ä", "minions/Ä", "minions/a"}, never},
	{"a backslash", []string{`minions/a\b`, "minions/a"}, never},
	{"a link", []string{"minions/a", "minions/b -> a"}, never},
	{"a broken link", []string{"minions/b -> a"}, never},
	{"a linked folder", []string{"real/a", "minions -> real"}, never},
	{"linked keys of the master", []string{"host.pem", "host.pub", "master.pub -> host.pub", "master.pem -> host.pem", "minions/a"}, always},
	{"broken and odd links", []string{"a.pem -> nowhere", "b.pem -> minions", "c -> minions", "minions/a"}, from3008},
	{"a link named as a minion", []string{"minions/a", "x/y", "a -> /etc"}, never},
	{"a file for a folder", []string{"minions"}, never},
}

type byRelease int

const (
	never byRelease = iota
	from3008
	always
)

func (l byRelease) at(is3008 bool) bool { return l == always || l == from3008 && is3008 }

func writePKI(t testing.TB, files []string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range files {
		name, target, link := strings.Cut(name, " -> ")
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		switch {
		case link:
			require.NoError(t, os.Symlink(target, path))
		case strings.HasSuffix(name, "/"):
			require.NoError(t, os.MkdirAll(path, 0o700))
		default:
			require.NoError(t, os.WriteFile(path, []byte("key"), 0o600))
		}
	}
	return dir
}

// TestKeysAgree compares lists of keys with Salt's own code.
func TestKeysAgree(t *testing.T) {
	t.Parallel()
	matches := []string{"acc", "accepted", "pre", "un", "unaccepted", "rej", "rejected", "den", "denied", "all"}
	var calls []saltCall
	for _, p := range pkiDirs {
		dir := writePKI(t, p.files)
		calls = append(calls, saltCall{Fun: "key.list_all", Arg: encoded(pack(t, "[]")), Kwarg: encoded(pack(t, "{}")), PKIDir: dir})
		for _, m := range matches {
			calls = append(calls, saltCall{Fun: "key.list", Arg: encoded(pack(t, `["`+m+`"]`)), Kwarg: encoded(pack(t, "{}")), PKIDir: dir})
		}
	}
	eachSalt(t, calls, func(t *testing.T, is3008 bool, answers []saltAnswer) {
		i := 0
		for _, p := range pkiDirs {
			k := Keys{Dir: calls[i].PKIDir, From3008: func() (bool, bool) { return is3008, true }}
			for n := range 1 + len(matches) {
				arg := pack(t, "[]")
				if n > 0 {
					arg = pack(t, `["`+matches[n-1]+`"]`)
				}
				ret, err := k.Wheel(calls[i].Fun, arg, pack(t, "{}"))
				want := answers[i].json(t)
				if err == nil {
					assert.Equal(t, want, asJSON(t, ret), "%s: %s %s: %s", p.name, calls[i].Fun, arg, answers[i].Raised)
				} else {
					require.ErrorIs(t, err, ErrAsk)
					assert.False(t, p.ours.at(is3008) && want != "", "%s: %s %s is left to the master, which says %s", p.name, calls[i].Fun, arg, want)
				}
				if n == 0 {
					assert.Equal(t, p.ours.at(is3008), err == nil, "%s: %v", p.name, err)
				}
				i++
			}
		}
	})
}

func TestKeysElsewhere(t *testing.T) {
	t.Parallel()
	known := Keys{Dir: writePKI(t, []string{"minions/a"}), From3008: func() (bool, bool) { return true, true }}
	unknown := Keys{Dir: known.Dir, From3008: func() (bool, bool) { return true, false }}
	for name, c := range map[string]struct {
		keys            Keys
		fun, arg, kwarg string
	}{
		"the release is not known": {unknown, "key.list_all", `[]`, `{}`},
		"no folder":                {Keys{From3008: known.From3008}, "key.list_all", `[]`, `{}`},
		"an argument":              {known, "key.list_all", `["a"]`, `{}`},
		"a keyword":                {known, "key.list_all", `[]`, `{"match": "a"}`},
		"no match":                 {known, "key.list", `[]`, `{}`},
		"match is no text":         {known, "key.list", `[1]`, `{}`},
		"an unknown match":         {known, "key.list", `["x"]`, `{}`},
		"an empty match":           {known, "key.list", `[""]`, `{}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := c.keys.Wheel(c.fun, pack(t, c.arg), pack(t, c.kwarg))
			require.ErrorIs(t, err, ErrAsk)
		})
	}
	require.True(t, known.Has("key.list_all"))
	require.False(t, known.Has("key.finger"))
}
