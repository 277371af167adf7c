package format

import (
	"fmt"
	"net/http"
)

// Error is a body that is refused.
type Error struct {
	Status int    // of the response: 400, 406, 413, 415 or 503
	Text   string // for the client
	Err    error  // for the log; may be nil. Quotes nothing from the body
}

var _ error = (*Error)(nil)

// Error returns the text for the log.
func (e *Error) Error() string {
	if e.Err == nil {
		return e.Text
	}
	return fmt.Sprintf("%s: %v", e.Text, e.Err)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

func badRequest(text string, err error) *Error {
	return &Error{Status: http.StatusBadRequest, Text: text, Err: err}
}

func unsupported(text string) *Error {
	return &Error{Status: http.StatusNotAcceptable, Text: text}
}
