package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Errors of a function that reads a parameter; see [EachParam].
var (
	ErrUnknownParam = errors.New("there is no such parameter")
	ErrEmptyParam   = errors.New("it is empty")
)

// InvalidParam returns the [*Error] for a parameter of a query. why is for the client.
func InvalidParam(name, why string) error {
	return &Error{Status: http.StatusBadRequest, Text: fmt.Sprintf("Parameter %.80q: %s", name, why)}
}

// EachParam calls f with the parameters of a query, each of which is there once, in the
// order of their names: the first of several errors is always the same. An error of f is
// for the client, and is returned as an [InvalidParam].
func EachParam(raw string, f func(name, value string) error) error {
	all, err := url.ParseQuery(raw)
	if err != nil {
		return InvalidParam("?", "the query string is malformed")
	}
	names := make([]string, 0, len(all))
	for name := range all {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		err := errors.New("it is there twice")
		if len(all[name]) == 1 {
			err = f(name, all[name][0])
		}
		if err != nil {
			return InvalidParam(name, err.Error())
		}
	}
	return nil
}

// NoParams refuses every parameter.
func NoParams(raw string) error {
	return EachParam(raw, func(string, string) error { return ErrUnknownParam })
}

// OneOf returns a value that is among others. The error is for the client.
func OneOf[T ~string](all []T, value string) (T, error) {
	if slices.Contains(all, T(value)) {
		return T(value), nil
	}
	names := make([]string, len(all))
	for i, name := range all {
		names[i] = string(name)
	}
	return "", fmt.Errorf("%.40q is none of %s", value, strings.Join(names, ", "))
}

// ParseLimit reads the rows of a page, of which there are most at most. The error is for
// the client.
func ParseLimit(value string, most int) (int, error) {
	n, err := strconv.Atoi(value)
	if err != nil || n < 1 || n > most {
		return 0, fmt.Errorf("it is no number from 1 to %d", most)
	}
	return n, nil
}
