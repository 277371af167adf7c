package commands

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/e2e/envtest"
)

// shownCommand is a command of a page, and what the page says that it prints.
type shownCommand struct{ line, prints string }

// shownCommands returns the commands of the sections of a page.
func shownCommands(t *testing.T, page string, sections ...string) (all []shownCommand) {
	t.Helper()
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	for _, section := range sections {
		_, rest, ok := strings.Cut(string(text), "\n## "+section+"\n")
		require.True(t, ok, section)
		rest, _, _ = strings.Cut(rest, "\n## ")
		_, block, ok := strings.Cut(rest, "```console\n")
		require.True(t, ok, section)
		block, _, _ = strings.Cut(block, "```")
		for _, command := range strings.Split("\n"+block, "\n$ ")[1:] {
			line, prints, _ := strings.Cut(command, "\n")
			all = append(all, shownCommand{line, strings.TrimSpace(prints)})
		}
	}
	return all
}

// TestJobsPage runs the commands of docs/jobs.md: what they print has the form that
// the page shows.
func TestJobsPage(t *testing.T) {
	suite.EachRelease(t, func(t *testing.T, r *env.Env) {
		d := described{envtest.NewDescribed(t, r)}
		session := d.login(t)
		var script strings.Builder
		commands := shownCommands(t, "../../docs/jobs.md", "Start, wait, and run again where it failed", "Follow", "Minions")
		require.Len(t, commands, 8)
		for _, c := range commands {
			line := strings.NewReplacer("web*", "ms--*", "minions/web1", "minions/ms--1").Replace(c.line)
			script.WriteString(line + "\necho; echo END OF COMMAND\n")
		}
		cmd := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", script.String())
		home := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(home, ".curlrc"), []byte("insecure\n"), 0o600)) // the pair is self-signed
		cmd.Env = append(os.Environ(), "SALT="+r.Main, "SESSION="+session, "HOME="+home)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		require.NoError(t, err, "%s\n%s", out, stderr.String())
		printed := strings.Split(string(out), "END OF COMMAND\n")
		for i, c := range commands {
			require.Equal(t, form(t, c.prints), form(t, strings.TrimSpace(printed[i])), "%s\n%s", c.line, printed[i])
		}
	})
}

// isID matches what is another one each time.
var isID = regexp.MustCompile(`(?m)^id: [A-Za-z0-9_-]{20,}$`)

// form returns what is the same in two runs: the lines, and of those in JSON the
// types of their values. Events of progress are more or fewer, as are those of
// returns.
func form(t *testing.T, text string) string {
	t.Helper()
	blocks := strings.Split(isID.ReplaceAllString(text, "id: ID"), "\n\n")
	for i, block := range blocks {
		lines := strings.Split(block, "\n")
		for j, line := range lines {
			name, value := "", line
			if rest, ok := strings.CutPrefix(line, "data: "); ok {
				name, value = "data: ", rest
			}
			var v any
			if json.Unmarshal([]byte(value), &v) == nil {
				lines[j] = name + typeOf(v)
			}
		}
		blocks[i] = strings.Join(lines, "\n")
	}
	blocks = slices.DeleteFunc(blocks, func(b string) bool { return strings.HasPrefix(b, "event: progress") })
	return strings.Join(slices.Compact(blocks), "\n\n")
}

// typeOf returns the type of a value: of a list that of its elements, which are the
// same, and of an object that of its members, whose names may be those of minions.
func typeOf(v any) string {
	switch v := v.(type) {
	case []any:
		var all []string
		for _, e := range v {
			all = append(all, typeOf(e))
		}
		return "[" + strings.Join(slices.Compact(all), " or ") + "]"
	case map[string]any:
		var all []string
		for name, e := range v {
			if strings.HasPrefix(name, "ms--") || strings.HasPrefix(name, "web") {
				name = "minion"
			}
			all = append(all, name+": "+typeOf(e))
		}
		slices.Sort(all)
		return "{" + strings.Join(slices.Compact(all), ", ") + "}"
	}
	return fmt.Sprintf("%T", v)
}
