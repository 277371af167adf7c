package recorder

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
)

const (
	// maxJournal is how large the file of notes becomes at least before it is
	// written anew with those that are not recorded yet.
	maxJournal = 4 << 20

	// maxJournalLine is the most bytes of a line that is read.
	maxJournalLine = 64 << 10
)

// journal is a file of notes, one a line, for the next process: this one may be
// killed, or the store away when it ends. It is not safe for concurrent use.
type journal struct {
	path string   // "" for none
	file *os.File // nil as long as nothing is written
	size int64
	base int64 // the size when it was written anew
}

// read returns the notes of an earlier process. Lines that cannot be read are left
// out: the last one may be torn.
func (j *journal) read() (all []Note, err error) {
	f, err := os.Open(j.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // it was read
	lines := bufio.NewReaderSize(f, maxJournalLine)
	for {
		line, long, err := lines.ReadLine()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return all, err
		}
		var n Note
		if !long && json.Unmarshal(line, &n) == nil && n.JID != "" { // parts of a long line are no JSON either
			all = append(all, n)
		}
	}
}

// rewrite replaces the file by one with these notes, to which others are added.
func (j *journal) rewrite(all []Note) error {
	var text bytes.Buffer
	lines := json.NewEncoder(&text)
	for _, n := range all {
		if err := lines.Encode(n); err != nil {
			return err
		}
	}
	f, err := os.OpenFile(j.path+".new", os.O_CREATE|os.O_TRUNC|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if _, err = f.Write(text.Bytes()); err == nil {
		err = os.Rename(f.Name(), j.path)
	}
	if err != nil {
		return errors.Join(err, f.Close(), os.Remove(f.Name()))
	}
	err = j.close()
	j.file, j.size, j.base = f, int64(text.Len()), int64(text.Len())
	return err
}

// add adds a note, if the file is open.
func (j *journal) add(n Note) error {
	if j.file == nil {
		return nil
	}
	line, err := json.Marshal(n)
	if err != nil {
		return err
	}
	written, err := j.file.Write(append(line, '\n'))
	j.size += int64(written)
	return err
}

// isFull reports whether the file is to be written anew: when at least half of it
// is recorded since, or there again.
func (j *journal) isFull() bool { return j.file != nil && j.size >= max(maxJournal, 2*j.base) }

func (j *journal) close() error {
	if j.file == nil {
		return nil
	}
	err := j.file.Close()
	j.file = nil
	return err
}

// finish ends the file with the notes that are left, without a file if none are.
func (j *journal) finish(left []Note) error {
	if j.file == nil {
		return nil
	}
	if len(left) > 0 {
		return errors.Join(j.rewrite(left), j.close())
	}
	return errors.Join(j.close(), os.Remove(j.path))
}
