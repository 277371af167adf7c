package rpc

import (
	"slices"
	"strings"
)

// page is a page of rows.
type page[T any] struct {
	Count   int `json:"count"`
	Results []T `json:"results"`
}

func textOr(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func pointer(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

func compareBools(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// span returns the rows of a page: from inclusive, to exclusive.
func span(page, limit int) (from, to int) {
	if limit <= 0 {
		if page > 0 {
			return largest, largest
		}
		return 0, largest
	}
	from = min(page, largest/limit) * limit
	return from, min(from+limit, largest)
}

// slice returns the rows of a page.
func slice[T any](rows []T, from, to int) []T {
	return append([]T{}, rows[min(from, len(rows)):min(to, len(rows))]...)
}

// pageOf returns a page of rows.
func pageOf[T any](rows []T, number, limit int) page[T] {
	from, to := span(number, limit)
	return page[T]{len(rows), slice(rows, from, to)}
}

// sorted returns a page of rows in the order of a column.
func sorted[T any](rows []T, column func(T) string, reverse bool, number, limit int) page[T] {
	slices.SortStableFunc(rows, func(a, b T) int {
		n := strings.Compare(column(a), column(b))
		if reverse {
			return -n
		}
		return n
	})
	return pageOf(rows, number, limit)
}

// among reports whether a name is in a list. Everything is in an empty one.
func among(list []string, name string) bool { return len(list) == 0 || slices.Contains(list, name) }

// holds reports whether a text has a part, in upper or lower case.
func holds(text, part string) bool {
	return strings.Contains(strings.ToLower(text), strings.ToLower(part))
}
