package role

import (
	_ "embed"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/saltmaster/sandbox/sandboxtest"
)

//go:embed testdata/match.py
var matchScript string

// question is the input of the script that runs Salt's own code.
type question struct {
	Folder  string       `json:"folder"`
	Minions []saltMinion `json:"minions"`
	Targets []saltTarget `json:"targets"`
}

type saltMinion struct {
	ID     string            `json:"id"`
	Grains map[string]string `json:"grains"`
}

type saltTarget struct {
	Tgt       any    `json:"tgt"`
	Type      string `json:"type"`
	Delimiter string `json:"delimiter"`
}

// meant holds the ids that a target matches: in the master's check, on minions and
// among the resources of a minion.
type meant struct {
	Master    []string `json:"master"`
	Minions   []string `json:"minions"`
	Resources []string `json:"resources"`
}

// TestSaltReadsNarrowedTargets evaluates targets with Salt's own matchers, of the
// master and of minions: the requested, the allowed and the narrowed ones.
func TestSaltReadsNarrowedTargets(t *testing.T) {
	t.Parallel()
	var all []saltTarget
	var sizes []int // of the parts of all: the narrowed target, the requested one, and the allowed ones
	calls, limits := asks(150)
	for i, c := range calls {
		d := limited(limits[i]).Allows(c)
		if d.Verdict != Narrowed {
			continue
		}
		all = append(all, saltTarget{d.Tgt, d.TgtType, ""}, saltTarget{c.Tgt, c.TgtType, c.Delimiter})
		for _, l := range limits[i] {
			all = append(all, saltTarget{l, "compound", ""})
		}
		sizes = append(sizes, 2+len(limits[i]))
	}
	for version, dir := range sandboxtest.Salts(t) {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			answers := ask(t, dir, all)
			require.Len(t, answers, len(all))
			at, resources, matched := 0, 0, 0
			for _, n := range sizes {
				a := answers[at : at+n]
				require.Equal(t, inBoth(a, func(m meant) []string { return m.Minions }), a[0].Minions, "minions: %v", all[at:at+n])
				require.Equal(t, inBoth(a, func(m meant) []string { return m.Master }), a[0].Master, "master: %v", all[at:at+n])
				require.Empty(t, a[0].Resources, "resources: %v", all[at:at+n])
				for _, m := range a[1:] {
					resources += len(m.Resources)
				}
				matched += len(a[0].Minions)
				at += n
			}
			require.Greater(t, matched, 100)
			if version >= "3008" {
				require.Positive(t, resources, "without narrowing they are meant")
			}
		})
	}
}

// inBoth returns the ids that are requested and in one of the allowed targets.
func inBoth(a []meant, ids func(meant) []string) []string {
	both := []string{}
	for _, id := range ids(a[1]) {
		if slices.ContainsFunc(a[2:], func(m meant) bool { return slices.Contains(ids(m), id) }) {
			both = append(both, id)
		}
	}
	return both
}

func ask(t *testing.T, salt string, targets []saltTarget) (answers []meant) {
	t.Helper()
	q := question{Folder: t.TempDir(), Targets: targets}
	for _, m := range fleet {
		q.Minions = append(q.Minions, saltMinion{m.id, m.grains})
	}
	sandboxtest.Python(t, salt, matchScript, q, &answers)
	return answers
}
