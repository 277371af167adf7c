package rpc

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
