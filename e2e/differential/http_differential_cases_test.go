package differential

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/envtest"
)

// httpTopic is a file of testdata/http. Its text may hold these lines:
//
//	as: SESSION   the X-Auth-Token of requests that have no such line
//	alone: yes    no two cases at once
type httpTopic struct {
	name  string
	alone bool
	cases []httpCase
}

// httpCase is one section of such a file: one or more requests, in turn, with
// a line "then" between them.
type httpCase struct {
	name  string
	only  string // the lines of releases that it is for, when not all
	steps []httpStep
}

// httpStep is a request, as HTTP would have it: the method and the path, header
// lines, an empty line, the body. What needs saying about it stands before:
//
//	only: 3006 3007        the lines of releases that the whole case is for
//	both: STATUS ...       the answer of both, when that it is 200 says too little
//	differs: H1 H2         the rows of the list which it shows, and
//	salt-api: STATUS ...   what each of the two answers
//	saltern: STATUS ...
//	body: "\xff"           the body, as Go would write it
//	encode: gzip           the body is compressed before it is sent
//	encode: chunked        it is sent in chunks, without a length
//	event: TAG             the event that the request fires is part of its answer
//	stream: TAG            the answer never ends: it is read up to this event
//	entries: KEY KEY       of the entries of return[0] only these are compared
//	unordered: yes         so is the list return, in any order
//
// A body has Content-Type application/json, and any POST a Content-Length,
// unless a line says otherwise; "-" in place of a value is no such line.
// $NAMES are replaced, see httpWorld. In an answer ... stands for anything.
type httpStep struct {
	method, path string
	headers      []string
	body         string

	both, saltAPI, saltern string
	differs                []string

	encode, event, stream string
	entries               []string
	unordered             bool
}

func (c *httpCase) runsOn(line string) bool { return isOf(c.only, line) }

func readHTTPTopics(t *testing.T) []httpTopic {
	t.Helper()
	files, err := filepath.Glob("testdata/http/*.txtar")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	topics := make([]httpTopic, len(files))
	for i, file := range files {
		topics[i] = readHTTPTopic(t, file)
	}
	return topics
}

func readHTTPTopic(t *testing.T, file string) httpTopic {
	t.Helper()
	ar, err := txtar.ParseFile(file)
	require.NoError(t, err)
	topic := httpTopic{name: strings.TrimSuffix(filepath.Base(file), ".txtar")}
	var alone, session string
	readLines(t, ar.Comment, map[string]*string{"alone": &alone, "as": &session})
	topic.alone = alone == "yes"
	names := make(map[string]bool)
	for _, section := range ar.Files {
		c := httpCase{name: section.Name}
		require.False(t, names[c.name], "%s: there are two of %s", file, c.name)
		names[c.name] = true
		for part := range strings.SplitSeq(string(section.Data), "\nthen\n") {
			c.steps = append(c.steps, c.step(t, part, session))
		}
		topic.cases = append(topic.cases, c)
	}
	return topic
}

var requestLine = regexp.MustCompile(`(?m)^([A-Z]+) (/.*)\n?`)

// step reads one request of a case.
func (c *httpCase) step(t *testing.T, text, session string) httpStep {
	t.Helper()
	at := requestLine.FindStringSubmatchIndex(text)
	require.NotNil(t, at, "%s: no request in %q", c.name, text)
	s := httpStep{method: text[at[2]:at[3]], path: text[at[4]:at[5]]}
	var differs, body, entries, unordered string
	others := readLines(t, []byte(text[:at[0]]), map[string]*string{
		"only": &c.only, "both": &s.both, "differs": &differs, "salt-api": &s.saltAPI, "saltern": &s.saltern,
		"body": &body, "encode": &s.encode, "event": &s.event, "stream": &s.stream, "entries": &entries, "unordered": &unordered,
	})
	require.Empty(t, others, c.name)
	s.differs, s.entries, s.unordered = strings.Fields(differs), strings.Fields(entries), unordered == "yes"
	head, rest, _ := strings.Cut("\n"+text[at[1]:], "\n\n")
	s.body = strings.TrimRight(rest, "\n")
	if body != "" {
		require.Empty(t, s.body, c.name)
		s.body = unquoted(t, body)
	}
	s.headers = strings.Split(strings.Trim(head, "\n"), "\n")
	if s.headers[0] == "" {
		s.headers = nil
	}
	if session != "" {
		s.headers = s.withDefault("X-Auth-Token", session)
	}
	if s.body != "" {
		s.headers = s.withDefault("Content-Type", envtest.JSON)
	}
	c.verify(t, s)
	return s
}

// withDefault are the headers with one more, if it is not among them.
func (s *httpStep) withDefault(name, value string) []string {
	for _, line := range s.headers {
		if strings.HasPrefix(line, name+":") {
			return s.headers
		}
	}
	return append(s.headers, name+": "+value)
}

func (c *httpCase) verify(t *testing.T, s httpStep) {
	t.Helper()
	require.Regexp(t, linesOnly, c.only, c.name)
	require.Contains(t, []string{"", "gzip", "chunked"}, s.encode, c.name)
	for _, line := range s.headers {
		require.Regexp(t, `^[A-Z][A-Za-z0-9-]*:( .*)?$`, line, c.name)
	}
	if len(s.differs) == 0 {
		require.Empty(t, s.saltAPI+s.saltern, "%s names no difference", c.name)
		return
	}
	require.Empty(t, s.both, c.name)
	require.NotEmpty(t, s.saltAPI, c.name)
	require.NotEmpty(t, s.saltern, c.name)
	require.NotEqual(t, s.saltAPI, s.saltern, "%s: nothing differs", c.name)
}
