package yaml11

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Error says where a document cannot be read, and why.
type Error struct {
	File string
	Line int // from 1; 0 when not known
	Msg  string
	// Fatal is set where Salt does not report a YAML error: either its loader dies of the value with a Python
	// exception, or it would have read the file and only a limit of this package stands in the way. Salt goes on without
	// an included file that has a YAML error; a file with a fatal one must not be passed over.
	Fatal bool
}

// Error returns "file:line: message", without the line when it is not known.
func (e *Error) Error() string {
	if e.Line == 0 {
		return e.File + ": " + e.Msg
	}
	return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Msg)
}

// errAt is an Error before its file is known.
func errAt(line int, format string, args ...any) *Error {
	return &Error{Line: line, Msg: fmt.Sprintf(format, args...)}
}

func fatalAt(line int, format string, args ...any) *Error {
	e := errAt(line, format, args...)
	e.Fatal = true
	return e
}

var (
	parserMessage = regexp.MustCompile(`^yaml: (?:line (\d+): )?(?s:(.*))$`)
	// grammarMessage distinguishes the messages of the parser from those of its scanner. It counts the lines of the former from
	// 0 and leaves out a line 0; those of the scanner are counted from 1.
	grammarMessage = regexp.MustCompile(`^did not find expected (?:key|node content|',' or|'-' ind|<)|` +
		`^found (?:duplicate|undefined|incompatible)`)
	unknownAnchor = regexp.MustCompile(`^unknown anchor '(.*)' referenced$`)
	control       = regexp.MustCompile(`[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]`)
)

// syntaxError makes an Error of what the parser says, which has the line only in its text, and not always.
func syntaxError(err error, data []byte) *Error {
	m := parserMessage.FindStringSubmatch(err.Error())
	if m == nil {
		return errAt(0, "%s", err.Error())
	}
	line, _ := strconv.Atoi(m[1])
	msg := m[2]
	switch anchor := unknownAnchor.FindStringSubmatch(msg); {
	case grammarMessage.MatchString(msg):
		line++
	case anchor != nil:
		line = lineAt(data, bytes.Index(data, []byte("*"+anchor[1])))
	case strings.HasPrefix(msg, "control characters"):
		if at := control.FindIndex(data); at != nil {
			line = lineAt(data, at[0])
		}
	}
	e := errAt(line, "%s", msg)
	// PyYAML knows one escape more, \/, so Salt may have read the file.
	e.Fatal = strings.Contains(msg, "unknown escape character")
	return e
}

// lineAt returns the line, from 1, of an offset; 0 for none.
func lineAt(data []byte, offset int) int {
	if offset < 0 {
		return 0
	}
	return 1 + bytes.Count(data[:offset], []byte("\n"))
}
