package spool

import (
	"bytes"
	"io"
	"math"
	"net/netip"
	"slices"
)

const (
	// inMemory is how many bytes a spool holds in memory before it has a file.
	inMemory = 4 << 20

	// firstBlock and block are the sizes of the first and of the largest block in
	// memory, in bytes.
	firstBlock, block = 512, 64 << 10

	// free is how many bytes a spool may hold whatever the others hold: there is
	// always room for a small answer.
	free = 64 << 10
)

// Spool is a sequence of bytes that grows at its end. It is used by one
// goroutine at a time. After an error it takes nothing more.
type Spool struct {
	store *Store
	from  netip.Prefix // of the client; the zero value may take all
	size  int64
	err   error

	blocks [][]byte // all there is, or if there is a file, one with the end of it
	held   int64    // bytes of the store's memory
	file   File
	filed  int64 // bytes of the file that count; the last block follows
	used   int64 // bytes of the store's disk
}

// Size returns how many bytes were written.
func (s *Spool) Size() int64 { return s.size }

// For sets the client whose share of the files the spool takes. It is called
// before anything is written.
func (s *Spool) For(from netip.Prefix) { s.from = from }

// share is how much of the files the spool's client may take.
func (s *Spool) share() int64 {
	if !s.from.IsValid() {
		return s.store.opts.Disk
	}
	return s.store.opts.Share
}

// Unused reports whether nothing was written yet, nor anything else done that another
// request could find.
func (s *Spool) Unused() bool {
	return s.size == 0 && s.err == nil && s.blocks == nil && s.file == nil
}

// Full reports whether the files of all spools, or those of the client, are as
// large as they may be, so that a large answer would find no room.
func (s *Spool) Full() bool {
	disk, share := s.store.disk, s.share()
	return !disk.Fits(s.from, inMemory, math.MaxInt64) || !disk.Fits(s.from, min(inMemory, share), share)
}

// Err returns the first error of writing.
func (s *Spool) Err() error { return s.err }

// Write implements io.Writer.
func (s *Spool) Write(p []byte) (int, error) { return write(s, p) }

// WriteString implements io.StringWriter.
func (s *Spool) WriteString(text string) (int, error) { return write(s, text) }

func write[T string | []byte](s *Spool, p T) (int, error) {
	for rest := p; len(rest) > 0 && s.room(len(rest)); {
		last := &s.blocks[len(s.blocks)-1]
		n := min(len(rest), cap(*last)-len(*last))
		*last = append(*last, rest[:n]...)
		s.size += int64(n)
		rest = rest[n:]
	}
	if s.err != nil {
		return 0, s.err
	}
	return len(p), nil
}

// room makes sure that the last block has room for a byte. more is how many will
// be written. It reports false after an error.
func (s *Spool) room(more int) bool {
	if s.err != nil {
		return false
	}
	n := len(s.blocks)
	if n > 0 && len(s.blocks[n-1]) < cap(s.blocks[n-1]) {
		return true
	}
	if s.file != nil {
		s.flush()
		if s.err == nil && cap(s.blocks[0]) == 0 { // after Shrink
			s.hold(block)
			s.blocks[0] = make([]byte, 0, block)
		}
		return s.err == nil
	}
	size := block
	if s.held < block {
		size = int(min(block, max(firstBlock, s.held, int64(more))))
	}
	if s.hold(int64(size)) {
		s.blocks = append(s.blocks, make([]byte, 0, size))
		return true
	}
	s.toFile()
	return s.err == nil
}

// hold reports whether n more bytes may be held in memory.
func (s *Spool) hold(n int64) bool {
	create := s.store.opts.Create != nil
	switch {
	case create && s.held+n > inMemory:
		return false
	case !take(&s.store.memory, n, s.store.opts.Memory):
		if create && s.held+n > free {
			return false
		}
		s.store.memory.Add(n)
	}
	s.held += n
	return true
}

// toFile moves all blocks into a file, and keeps an empty one.
func (s *Spool) toFile() {
	file, err := s.store.opts.Create()
	if err != nil {
		s.err = fileError(err)
		return
	}
	s.file = file
	blocks := s.blocks
	for _, b := range blocks {
		if !s.append(b) {
			return
		}
	}
	s.release(s.held)
	s.hold(block)
	s.blocks = [][]byte{make([]byte, 0, block)}
}

// flush writes the last block to the file.
func (s *Spool) flush() {
	if s.file == nil || s.err != nil {
		return
	}
	last := &s.blocks[0]
	if s.append(*last) {
		*last = (*last)[:0]
	}
}

// Shrink gives the memory of a spool that has a file back. It is for spools that
// wait, with nothing more to be written for now.
func (s *Spool) Shrink() error {
	s.flush()
	if s.file == nil || s.err != nil {
		return s.err
	}
	s.release(s.held)
	s.blocks[0] = nil
	return nil
}

// append writes to the end of the file.
func (s *Spool) append(p []byte) bool {
	end := s.filed + int64(len(p))
	if grows := end - s.used; grows > 0 {
		if !s.store.disk.TakeUpTo(s.from, grows, s.share()) {
			s.err = ErrFull
			return false
		}
		s.used = end
	}
	if _, err := s.file.WriteAt(p, s.filed); err != nil {
		s.err = fileError(err)
		return false
	}
	s.filed = end
	return true
}

// Truncate removes all that was written after the first size bytes. It returns
// Err.
func (s *Spool) Truncate(size int64) error {
	if s.err != nil || size >= s.size {
		return s.err
	}
	before := s.filed // with a file, blocks begin there
	s.size = size
	if size < before {
		s.filed = size
		s.blocks[0] = s.blocks[0][:0]
		return nil
	}
	for i, b := range s.blocks {
		left := size - before
		before += int64(len(b))
		if left < int64(len(b)) {
			s.blocks[i] = b[:max(0, left)]
		}
	}
	s.trim()
	return nil
}

// trim removes the empty blocks at the end but for the first of them.
func (s *Spool) trim() {
	for n := len(s.blocks); n > 1 && len(s.blocks[n-2]) < cap(s.blocks[n-2]); n-- {
		s.release(int64(cap(s.blocks[n-1])))
		s.blocks = slices.Delete(s.blocks, n-1, n)
	}
}

func (s *Spool) release(n int64) {
	s.held -= n
	s.store.memory.Add(-n)
}

// Close frees all that the spool holds. Its sections cannot be read any more.
func (s *Spool) Close() error {
	if s == nil {
		return nil
	}
	s.release(s.held)
	s.store.disk.Give(s.from, s.used)
	file := s.file
	s.blocks, s.file, s.filed, s.used, s.size, s.err = nil, nil, 0, 0, 0, ErrClosed
	if file == nil {
		return nil
	}
	if err := file.Close(); err != nil {
		return fileError(err)
	}
	return nil
}

// Section is a part of a spool. Its zero value is empty.
type Section struct {
	spool     *Spool
	off, size int64
}

// Since returns what was written after the first mark bytes.
func (s *Spool) Since(mark int64) Section { return Section{s, mark, s.size - mark} }

// Size returns the number of bytes.
func (s Section) Size() int64 { return s.size }

// Section returns n bytes from off on.
func (s Section) Section(off, n int64) Section { return Section{s.spool, s.off + off, n} }

// Bytes returns a copy of the section.
func (s Section) Bytes() ([]byte, error) {
	var b bytes.Buffer
	b.Grow(int(s.size))
	_, err := s.WriteTo(&b)
	return b.Bytes(), err
}

// WriteTo writes the section to w. What a file was read for fails with an
// [ErrFile]; other errors are those of w.
func (s Section) WriteTo(w io.Writer) (n int64, err error) {
	if s.size == 0 {
		return 0, nil
	}
	err = s.each(make([]byte, min(s.size, block)), func(part []byte) error {
		m, err := w.Write(part)
		n += int64(m)
		return err
	})
	return n, err
}

// each calls f with the parts of the section, in order. What is in a file is
// read into buf.
func (s Section) each(buf []byte, f func(part []byte) error) error {
	if s.size == 0 {
		return nil
	}
	from := s.spool
	if from.err != nil {
		return from.err
	}
	off, end := s.off, s.off+s.size
	for off < min(end, from.filed) {
		n := min(int64(len(buf)), min(end, from.filed)-off)
		if _, err := from.file.ReadAt(buf[:n], off); err != nil {
			return fileError(err)
		}
		if err := f(buf[:n]); err != nil {
			return err
		}
		off += n
	}
	begin := from.filed
	for _, b := range from.blocks {
		after := begin + int64(len(b))
		if off < end && off < after {
			part := b[off-begin : min(end, after)-begin]
			if err := f(part); err != nil {
				return err
			}
			off += int64(len(part))
		}
		begin = after
	}
	return nil
}
