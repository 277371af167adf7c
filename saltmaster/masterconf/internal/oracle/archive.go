package oracle

import (
	"bytes"
	"os"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

// File is one file of an archive.
type File struct {
	Name string
	Data []byte
}

var marker = regexp.MustCompile(`(?m)^-- (.+) --\n`)

// ReadArchive reads a txtar archive: a comment, then files that each start with a line "-- name --".
func ReadArchive(t *testing.T, path string) (comment []byte, files []File) {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	marks := marker.FindAllSubmatchIndex(data, -1)
	require.NotEmpty(t, marks, "%s has no files", path)
	for i, m := range marks {
		end := len(data)
		if i+1 < len(marks) {
			end = marks[i+1][0]
		}
		files = append(files, File{Name: string(data[m[2]:m[3]]), Data: data[m[1]:end]})
	}
	return data[:marks[0][0]], files
}

// WriteArchive is the reverse of ReadArchive.
func WriteArchive(t *testing.T, path string, comment []byte, files []File) {
	t.Helper()
	var b bytes.Buffer
	b.Write(comment)
	for _, f := range files {
		b.WriteString("-- " + f.Name + " --\n")
		b.Write(f.Data)
		if len(f.Data) > 0 && f.Data[len(f.Data)-1] != '\n' {
			b.WriteByte('\n')
		}
	}
	require.NoError(t, os.WriteFile(path, b.Bytes(), 0o644))
}
