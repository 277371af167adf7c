package audit

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Page is one page of the entries that a query selects.
type Page struct {
	// Entries are as they were written, one JSON object each.
	Entries []json.RawMessage

	// Next is the After of the same query for the next page. More reports that
	// there may be more entries by now. Without it, and with the oldest first,
	// Next finds entries that are written later.
	Next string
	More bool

	// Damaged counts the lines seen that are not entries: the torn ones that a
	// crash or a full disk has left.
	Damaged int
}

// Bounds of one page.
const (
	readBlock = 256 << 10
	maxScan   = 64 << 20 // bytes that are read
	maxPage   = 4 << 20  // bytes that are returned, and one entry more

	// clockSlack is how wrong the clock may have been when whole files are
	// skipped by their time.
	clockSlack = time.Hour
)

// Find returns entries of the log at path, including its rotated files. The log
// may be written at the same time. A page may be empty and have a next one,
// since the bytes read for one page are bounded.
func Find(ctx context.Context, path string, q Query) (Page, error) {
	return finder{block: readBlock, scan: maxScan}.find(ctx, path, q)
}

type finder struct {
	block int
	scan  int64
}

func (f finder) find(ctx context.Context, path string, q Query) (Page, error) {
	if q.Limit == 0 {
		q.Limit = defaultLimit
	}
	if q.Limit < 0 || q.Limit > MaxLimit {
		return Page{}, fmt.Errorf("%w: limit: 1 to %d", ErrInvalid, MaxLimit)
	}
	from, err := parsePlace(q.After)
	if err != nil {
		return Page{}, err
	}
	files, err := openFileSet(path)
	if err != nil {
		return Page{}, fmt.Errorf("audit log: %w", err)
	}
	defer files.close()
	s := &search{matcher: newMatcher(q), finder: f, files: files}
	if q.Oldest {
		err = s.forward(ctx, from)
	} else {
		err = s.backward(ctx, from)
	}
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return Page{}, fmt.Errorf("audit log: %w", err)
	}
	s.page.Next = s.at.String()
	return s.page, nil
}

// place is a position in the log: the number of a file, and an offset in it.
type place struct{ file, at int64 }

func (p place) String() string { return fmt.Sprintf("%d.%d", p.file, p.at) }

// parsePlace reads a place; nil is none.
func parsePlace(text string) (*place, error) {
	if text == "" {
		return nil, nil
	}
	file, at, _ := strings.Cut(text, ".")
	n, err := strconv.ParseInt(file, 10, 64)
	i, atErr := strconv.ParseInt(at, 10, 64)
	if err != nil || atErr != nil || n < 0 || i < 0 {
		return nil, fmt.Errorf("%w: after: it is no place", ErrInvalid)
	}
	return &place{n, i}, nil
}

// search is a page being filled.
type search struct {
	*matcher
	finder
	files *fileSet

	page  Page
	at    place
	read  int64
	bytes int
}

// backward searches from the newest entry to the oldest.
func (s *search) backward(ctx context.Context, from *place) error {
	s.at = place{s.files.newest(), 0}
	for _, n := range s.files.backward() {
		if from != nil && n > from.file {
			continue
		}
		f, err := s.files.open(n)
		if err != nil {
			return err
		}
		if f == nil { // it is gone
			continue
		}
		if !s.Since.IsZero() && f.last.Before(s.Since.Add(-clockSlack)) {
			return nil // and all files before it
		}
		s.at = place{n, f.size}
		if from != nil && n == from.file {
			s.at.at = min(from.at, f.size)
		}
		if !s.Until.IsZero() && s.files.lastBefore(n).After(s.Until.Add(clockSlack)) {
			continue
		}
		if err := f.lines(s.block).backward(s.at.at, s.visitor(ctx)); err != nil || s.page.More {
			return err
		}
		s.at.at = 0
	}
	return nil
}

// forward searches from the oldest entry to the newest.
func (s *search) forward(ctx context.Context, from *place) error {
	if from != nil {
		s.at = *from
	}
	for _, n := range s.files.forward() {
		if from != nil && n < from.file {
			continue
		}
		if !s.Until.IsZero() && s.files.lastBefore(n).After(s.Until.Add(clockSlack)) {
			return nil
		}
		f, err := s.files.open(n)
		if err != nil {
			return err
		}
		if f == nil {
			continue
		}
		if s.at = (place{n, 0}); from != nil && n == from.file {
			s.at.at = from.at
		}
		if !s.Since.IsZero() && f.last.Before(s.Since.Add(-clockSlack)) {
			continue
		}
		if err := f.lines(s.block).forward(s.at.at, s.visitor(ctx)); err != nil || s.page.More {
			return err
		}
	}
	return nil
}

// visitor returns a function that adds a line to the page and reports whether
// there is room for more.
func (s *search) visitor(ctx context.Context) func(span) bool {
	return func(p span) bool {
		s.read += max(p.next-s.at.at, s.at.at-p.next)
		s.at.at = p.next
		if p.damaged {
			s.page.Damaged++
		}
		if len(p.line) > 0 && s.mayMatch(p.line) {
			s.take(p.line)
		}
		s.page.More = len(s.page.Entries) >= s.Limit || s.read >= s.scan || s.bytes >= maxPage || ctx.Err() != nil
		return !s.page.More
	}
}

func (s *search) take(line []byte) {
	match, ok := s.match(line)
	if !ok {
		s.page.Damaged++
	}
	if !match {
		return
	}
	var b bytes.Buffer
	if json.Compact(&b, line) != nil { // it was valid JSON before
		return
	}
	entry := escaped(b.Bytes()) // another process may have written it
	s.page.Entries = append(s.page.Entries, entry)
	s.bytes += len(entry)
}

// End is the place behind the newest entry, for a [Query] with the oldest first
// to begin at, or with the newest first to end at.
func End(path string) (string, error) {
	s, err := openFileSet(path)
	if err != nil {
		return "", fmt.Errorf("audit log: %w", err)
	}
	defer s.close()
	at := place{file: s.newest()}
	if s.current != nil {
		at.at = s.current.size
	}
	return at.String(), nil
}
