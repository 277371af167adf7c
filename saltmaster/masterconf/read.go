package masterconf

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/saltern-api/saltern/saltmaster/masterconf/yaml11"
)

// maxFileSize bounds one file in bytes; a parsed file takes a multiple of it in memory.
const maxFileSize = 4 << 20

// readFile returns what is in one file. An error that wraps fs.ErrNotExist means that there is no such file; every
// *yaml11.Error is about its content.
func readFile(f files, name string) (*yaml11.Map, error) {
	data, err := content(f, name)
	if err != nil {
		return nil, err
	}
	v, err := yaml11.Decode(name, data)
	if err != nil {
		return nil, err
	}
	if !truthy(v) { // Salt takes an empty list or a lone 0 for an empty file
		return &yaml11.Map{}, nil
	}
	m, ok := v.(*yaml11.Map)
	if !ok {
		return nil, &yaml11.Error{File: name, Msg: "the file has to hold a mapping of options, not " + kind(v)}
	}
	return m, nil
}

func content(f files, name string) ([]byte, error) {
	info, err := f.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() { // and nothing that blocks or has no end
		return nil, errors.New("not a regular file")
	}
	file, err := f.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close() //nolint:errcheck // only read from
	var b bytes.Buffer
	n, err := b.ReadFrom(io.LimitReader(file, maxFileSize+1))
	switch {
	case err != nil:
		return nil, err
	case n > maxFileSize:
		return nil, fmt.Errorf("larger than %d MiB", maxFileSize>>20)
	}
	return b.Bytes(), nil
}

// reason is an error's text without the file name, which stands before it in the report.
func reason(err error) string {
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		return path.Err.Error()
	}
	return err.Error()
}

// fileProblem places an error of readFile.
func fileProblem(name string, err error) (at where, msg string) {
	if y, ok := errors.AsType[*yaml11.Error](err); ok {
		return where{file: y.File, line: y.Line}, y.Msg
	}
	return where{file: name}, reason(err)
}
