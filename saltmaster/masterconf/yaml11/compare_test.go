package yaml11_test

import (
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/saltmaster/masterconf/internal/oracle"
	"github.com/saltern-api/saltern/saltmaster/masterconf/yaml11"
)

var update = flag.Bool("update", false, "write what the newest real Salt answers into testdata")

//go:embed testdata/load.py
var loadScript string

// read answers as testdata/load.py does: the value, "error" for a YAML error, "crash" for any other exception.
func read(text string) string {
	v, err := yaml11.Decode("master", []byte(text))
	var e *yaml11.Error
	switch {
	case err == nil:
		return oracle.Canon(v)
	case errors.As(err, &e) && e.Fatal:
		return "crash"
	default:
		return "error"
	}
}

// scalars returns the recorded table: one line for each scalar, quoted, and Salt's value for it in "a: <scalar>".
func scalars(t *testing.T) (inputs, wants []string) {
	t.Helper()
	data, err := os.ReadFile("testdata/scalars.txt")
	require.NoError(t, err)
	for line := range strings.Lines(string(data)) {
		quoted, want, _ := strings.Cut(strings.TrimSpace(line), "\t")
		in, err := strconv.Unquote(quoted)
		require.NoError(t, err, line)
		inputs, wants = append(inputs, "a: "+in+"\n"), append(wants, want)
	}
	return inputs, wants
}

// documents returns the recorded documents: pairs of files name.yaml and name.want.
func documents(t *testing.T) (names, inputs, wants []string) {
	t.Helper()
	_, files := oracle.ReadArchive(t, "testdata/documents.txtar")
	for _, f := range files {
		if name, ok := strings.CutSuffix(f.Name, ".yaml"); ok {
			// Control characters cannot stand in the archive.
			text := strings.NewReplacer("<CR>", "\r", "<TAB>", "\t", "<BOM>", "\ufeff", "<DEL>", "\x7f").Replace(string(f.Data))
			names, inputs = append(names, name), append(inputs, text)
			continue
		}
		require.Equal(t, names[len(names)-1]+".want", f.Name)
		wants = append(wants, strings.TrimSpace(string(f.Data)))
	}
	require.Len(t, wants, len(names))
	return names, inputs, wants
}

func TestScalars(t *testing.T) {
	t.Parallel()
	inputs, wants := scalars(t)
	require.Greater(t, len(inputs), 150)
	for i, in := range inputs {
		assert.Equal(t, expect(ours, in, wants[i]), read(in), "%q", in)
	}
}

func TestDocuments(t *testing.T) {
	t.Parallel()
	names, inputs, wants := documents(t)
	require.GreaterOrEqual(t, len(names), 30)
	for i, in := range inputs {
		assert.Equal(t, wants[i], read(in), names[i])
	}
}

// ours lists where this package differs from Salt on purpose or for want of a parser that shows it.
var ours = map[string]string{
	`a: "\/"` + "\n":   "crash",       // the parser does not know this escape: refused, never passed over
	`a: "\q"` + "\n":   "crash",       // and cannot distinguish it from one that Salt refuses, too
	"a: !\n":           `{"a": null}`, // the parser drops the non-specific tag
	`a: ! "12"` + "\n": `{"a": "12"}`, // the same
}

// olderSalts lists where Salt before 3008 differs from what is recorded, which is what 3008 answers.
var olderSalts = map[string]string{
	"a: !!binary aGVsbG8\n": "error",
}

// expect returns the recorded answer unless the table has another one for the input.
func expect(table map[string]string, input, recorded string) string {
	if other, ok := table[input]; ok {
		return other
	}
	return recorded
}

// TestSaltReadsTheSame compares every recorded answer with the real Salts.
func TestSaltReadsTheSame(t *testing.T) {
	t.Parallel()
	for _, salt := range oracle.Salts(t) {
		t.Run(salt.Version, func(t *testing.T) {
			inputs, wants := scalars(t)
			names, docs, docWants := documents(t)
			var answers []string
			salt.Ask(t, loadScript, append(inputs, docs...), &answers)
			require.Len(t, answers, len(inputs)+len(docs))
			if *update {
				record(t, answers)
				return
			}
			for i, in := range inputs {
				want := wants[i]
				if salt.Version < "3008" {
					want = expect(olderSalts, in, want)
				}
				assert.Equal(t, want, answers[i], "%q", in)
			}
			for i, name := range names {
				assert.Equal(t, docWants[i], answers[len(inputs)+i], name)
			}
		})
	}
}

// record writes the answers into testdata.
func record(t *testing.T, answers []string) {
	t.Helper()
	inputs, _ := scalars(t)
	var table strings.Builder
	for i, in := range inputs {
		in = strings.TrimSuffix(strings.TrimPrefix(in, "a: "), "\n")
		fmt.Fprintf(&table, "%q\t%s\n", in, answers[i])
	}
	require.NoError(t, os.WriteFile("testdata/scalars.txt", []byte(table.String()), 0o644))

	comment, files := oracle.ReadArchive(t, "testdata/documents.txtar")
	kept := make([]oracle.File, 0, len(files))
	for _, f := range files {
		name, ok := strings.CutSuffix(f.Name, ".yaml")
		if !ok {
			continue
		}
		answer := answers[len(inputs)+len(kept)/2]
		kept = append(kept, f, oracle.File{Name: name + ".want", Data: []byte(answer + "\n")})
	}
	oracle.WriteArchive(t, "testdata/documents.txtar", comment, kept)
}
