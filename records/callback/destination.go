package callback

import (
	"context"
	"errors"
	"fmt"

	"github.com/saltern-api/saltern/internal/signedpost"
)

// Poster posts documents to one URL. *signedpost.Poster is one.
type Poster interface {
	Post(ctx context.Context, d signedpost.Document) error
}

var _ Poster = (*signedpost.Poster)(nil)

// Destination is where call-backs go that name it.
type Destination struct {
	Name    string
	Post    Poster
	Results bool // whether it gets what the minions returned

	// May reports whether a caller may name it. Nil lets everybody.
	May func(c Caller) bool
}

// Caller is the user that a call-back is promised to.
type Caller struct {
	User, Eauth string
	Groups      []string
}

// DestinationError means that there is no such destination, or none for this
// caller: neither is to be known from the other.
type DestinationError struct{ Name string }

// Error returns a text for the client. It has no more of the name than any name may
// have.
func (e *DestinationError) Error() string {
	return fmt.Sprintf("there is no destination %.80q", e.Name)
}

// check checks the destinations, and returns them by name.
func check(all []Destination) (map[string]*Destination, error) {
	byName := make(map[string]*Destination, len(all))
	for i := range all {
		d := &all[i]
		switch {
		case d.Name == "" || d.Post == nil:
			return nil, errors.New("a destination has no name, or nothing that posts to it")
		case byName[d.Name] != nil:
			return nil, fmt.Errorf("there are two destinations %q", d.Name)
		}
		byName[d.Name] = d
	}
	return byName, nil
}

// destination returns the one that a caller names.
func (s *Service) destination(c Caller, name string) (*Destination, error) {
	d := s.destinations[name]
	if d == nil || c.User == "" || d.May != nil && !d.May(c) {
		return nil, &DestinationError{name}
	}
	return d, nil
}
