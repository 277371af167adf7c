package yaml11

import "fmt"

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
