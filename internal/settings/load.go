package settings

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxFileSize is far more than any real file needs.
const maxFileSize = 1 << 20

// Load reads the file at path. The error wraps fs.ErrNotExist if there is none,
// and is [Problems] if the file is invalid.
func Load(path string) (*Settings, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read settings: %w", err)
	}
	defer func() { _ = f.Close() }()

	data, err := io.ReadAll(io.LimitReader(f, maxFileSize+1))
	if err != nil {
		return nil, fmt.Errorf("read settings: %w", err)
	}
	return Parse(path, data)
}

// Parse parses a file's content. The name is for the errors, which are
// [Problems].
func Parse(name string, data []byte) (*Settings, error) {
	d := decoder{name: name}
	s := Default()
	s.Limits.ConnectionsPerAddress = 0 // it depends on another setting
	if root := d.document(data); root != nil {
		d.mapping(root, "", d.schema(s))
	}
	if len(d.problems) > 0 {
		return nil, d.problems
	}
	s.Limits.ConnectionsPerAddress = cmp.Or(s.Limits.ConnectionsPerAddress, ShareOf(s.Limits.Connections))
	return s, nil
}

// document returns the root of the file's only document, or nil if the file is
// empty.
func (d *decoder) document(data []byte) *yaml.Node {
	if len(data) > maxFileSize {
		d.problem(0, "", "is larger than %d bytes", maxFileSize)
		return nil
	}
	in := yaml.NewDecoder(bytes.NewReader(data))

	var doc yaml.Node
	err := in.Decode(&doc)
	if errors.Is(err, io.EOF) {
		return nil
	}
	if err != nil {
		d.problem(0, "", "%s", strings.TrimPrefix(err.Error(), "yaml: "))
		return nil
	}

	var next yaml.Node
	err = in.Decode(&next)
	if !errors.Is(err, io.EOF) {
		d.problem(next.Line, "", "only one YAML document may be in the file")
	}
	if len(doc.Content) == 0 {
		return nil
	}
	return doc.Content[0]
}
