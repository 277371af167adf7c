package records

import (
	"errors"
	"fmt"
)

var (
	// ErrNotFound means that there is no such job or return.
	ErrNotFound = errors.New("no such record")

	// ErrUnavailable means that the database cannot be used now.
	ErrUnavailable = errors.New("the records cannot be reached")

	// ErrFull means that the database has no room. It is an [ErrUnavailable].
	ErrFull = fmt.Errorf("no room for records: %w", ErrUnavailable)
)

// InvalidError is a query that cannot be used.
type InvalidError struct {
	Field string // of the query, in lower case: sort, cursor, text ...
	Why   string
}

func (e *InvalidError) Error() string { return "not a valid query: " + e.Field + ": " + e.Why }
