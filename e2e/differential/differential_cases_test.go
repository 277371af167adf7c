package differential

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/stretchr/testify/require"
)

// diffTopic is a file of testdata/differential. The text at its beginning says
// what it is about. These lines there change the master for its cases:
//
//	paused: ID   this minion does not answer
//	ghost: ID    the master knows this minion too, but it is not connected
//	alone: yes   no two requests at once
type diffTopic struct {
	name   string
	paused string
	ghost  string
	alone  bool
	cases  []diffCase
}

// diffCase is one section of such a file: a request, and then lines that say
// more of it:
//
//	as: USER                whose credentials its chunks carry, when not bench's
//	only: 3006 3007         the lines of releases that it is for, when not all
//	both: STATUS JSON       the answer of both, when that it is 200 says too little
//	difference: D1 D2       the rows of the list which it shows, and
//	salt-api: STATUS JSON   what each of the two answers
//	saltern: STATUS JSON
type diffCase struct {
	name        string
	request     string
	user        string
	only        string
	both        string
	differences []string
	saltAPI     string
	saltern     string
}

func (c *diffCase) runsOn(line string) bool { return isOf(c.only, line) }

// isOf reports whether lines of releases, where none stands for all, have one.
func isOf(lines, line string) bool {
	return lines == "" || slices.Contains(strings.Fields(lines), line)
}

// linesOnly matches the lines of releases that something is for.
const linesOnly = `^(|(3006|3007|3008)( (3006|3007|3008))*)$`

func readTopics(t *testing.T) []diffTopic {
	t.Helper()
	files, err := filepath.Glob("testdata/differential/*.txtar")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	topics := make([]diffTopic, len(files))
	for i, file := range files {
		topics[i] = readTopic(t, file)
	}
	return topics
}

func readTopic(t *testing.T, file string) diffTopic {
	t.Helper()
	ar, err := txtar.ParseFile(file)
	require.NoError(t, err)
	topic := diffTopic{name: strings.TrimSuffix(filepath.Base(file), ".txtar")}
	var alone string
	readLines(t, ar.Comment, map[string]*string{"paused": &topic.paused, "ghost": &topic.ghost, "alone": &alone})
	topic.alone = alone == "yes"
	for _, section := range ar.Files {
		c := diffCase{name: section.Name}
		var differences string
		c.request = readLines(t, section.Data, map[string]*string{
			"as": &c.user, "only": &c.only, "both": &c.both,
			"difference": &differences, "salt-api": &c.saltAPI, "saltern": &c.saltern,
		})
		c.differences = strings.Fields(differences)
		c.verify(t)
		topic.cases = append(topic.cases, c)
	}
	return topic
}

var caseLine = regexp.MustCompile(`^([a-z-]+): (.*)\n$`)

// readLines puts lines of the form name: value where known says, and returns
// the others.
func readLines(t *testing.T, text []byte, known map[string]*string) (others string) {
	t.Helper()
	for line := range strings.Lines(string(text)) {
		m := caseLine.FindStringSubmatch(line)
		if m == nil {
			others += line
			continue
		}
		require.Contains(t, known, m[1], "%s", line)
		*known[m[1]] = m[2]
	}
	return others
}

func (c *diffCase) verify(t *testing.T) {
	t.Helper()
	require.NotEmpty(t, c.request, c.name)
	require.Regexp(t, linesOnly, c.only, c.name)
	if len(c.differences) == 0 {
		require.Empty(t, c.saltAPI+c.saltern, "%s names no difference", c.name)
		return
	}
	require.Empty(t, c.both, c.name)
	require.NotEmpty(t, c.saltAPI, c.name)
	require.NotEmpty(t, c.saltern, c.name)
	require.NotEqual(t, c.saltAPI, c.saltern, "%s: nothing differs", c.name)
}

// shownElsewhere are the rows of the list that need more than a
// request: the test that shows each.
var shownElsewhere = map[string]string{
	"D10": "TestRunnerSignatureNotAllowed",
	"D12": "TestLargeReturns",
	"D13": "TestDifferentialWholeList",
	"D14": "TestMasterStopped",
	"D19": "TestBadInput",
	"D20": "TestLookupsFromFiles",
	"D21": "TestReuse",
	"D22": "TestLargeAnswersAreJSON",
	"D23": "TestCallbacks",
}

// TestDifferentialList holds the list of differences against the
// tests: each row is shown, and nothing else differs.
func TestDifferentialList(t *testing.T) {
	listed := make(map[string]bool)
	for _, id := range listedDifferences(t) {
		require.False(t, listed[id], "%s is listed twice", id)
		listed[id] = true
	}
	shown := make(map[string]bool)
	for _, topic := range readTopics(t) {
		for _, c := range topic.cases {
			for _, id := range c.differences {
				require.True(t, listed[id], "%s of %s/%s is not in docs/differences.md", id, topic.name, c.name)
				shown[id] = true
			}
		}
	}
	tests := allTests(t)
	for id, name := range shownElsewhere {
		require.True(t, listed[id], "%s of %s is not in docs/differences.md", id, name)
		require.False(t, shown[id], "%s is shown by a case", id)
		require.Contains(t, tests, "func "+name+"(t *testing.T)", "what shows %s", id)
		shown[id] = true
	}
	for id := range listed {
		require.True(t, shown[id], "no test shows %s", id)
	}
}

// listedDifferences reads the first column of the table of docs/differences.md.
func listedDifferences(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("../../docs/differences.md")
	require.NoError(t, err)
	var ids []string
	for _, m := range regexp.MustCompile(`(?m)^\| (D\d+) \|`).FindAllStringSubmatch(string(text), -1) {
		ids = append(ids, m[1])
	}
	require.NotEmpty(t, ids)
	return ids
}

// allTests is the text of every test file.
func allTests(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	require.NoError(t, fs.WalkDir(os.DirFS("../.."), ".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata"):
			return fs.SkipDir
		case !strings.HasSuffix(path, "_test.go"):
			return nil
		}
		text, err := os.ReadFile(filepath.Join("../..", path))
		all.Write(text)
		return err
	}))
	return all.String()
}
