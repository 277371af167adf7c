package method

import (
	"slices"
	"strings"
)

// Page is a page of rows.
type Page[T any] struct {
	Count   int `json:"count"`
	Results []T `json:"results"`
}

// TextOr returns a text, "" for nil.
func TextOr(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// Pointer returns a text that is null in JSON if it is empty.
func Pointer(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// CompareBools compares two booleans: false is less than true.
func CompareBools(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// Span returns the rows of a page: from inclusive, to exclusive.
func Span(page, limit int) (from, to int) {
	if limit <= 0 {
		if page > 0 {
			return largest, largest
		}
		return 0, largest
	}
	from = min(page, largest/limit) * limit
	return from, min(from+limit, largest)
}

// Slice returns the rows of a page.
func Slice[T any](rows []T, from, to int) []T {
	return append([]T{}, rows[min(from, len(rows)):min(to, len(rows))]...)
}

// PageOf returns a page of rows.
func PageOf[T any](rows []T, number, limit int) Page[T] {
	from, to := Span(number, limit)
	return Page[T]{len(rows), Slice(rows, from, to)}
}

// Sorted returns a page of rows in the order of a column.
func Sorted[T any](rows []T, column func(T) string, reverse bool, number, limit int) Page[T] {
	slices.SortStableFunc(rows, func(a, b T) int {
		n := strings.Compare(column(a), column(b))
		if reverse {
			return -n
		}
		return n
	})
	return PageOf(rows, number, limit)
}

// Among reports whether a name is in a list. Everything is in an empty one.
func Among(list []string, name string) bool { return len(list) == 0 || slices.Contains(list, name) }

// Holds reports whether a text has a part, in upper or lower case.
func Holds(text, part string) bool {
	return strings.Contains(strings.ToLower(text), strings.ToLower(part))
}
