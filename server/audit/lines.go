package audit

import (
	"bytes"
	"errors"
	"io"
)

// lines reads a file line by line, in either direction.
type lines struct {
	r     io.ReaderAt
	block int // bytes per read
	most  int // longer lines are not kept
}

// span is one step through the file: a line, or something to skip.
type span struct {
	line    []byte // without its newline; valid until the next span
	damaged bool   // the line was too long

	// next is where to continue in the same direction: between two lines, or
	// within one that is too long.
	next int64
}

// forward visits the lines from an offset on, until visit returns false. A last
// line without a newline is left for the next time.
func (l lines) forward(from int64, visit func(span) bool) error {
	var line []byte
	tooLong := false
	buf := make([]byte, l.block)
	for {
		n, err := l.r.ReadAt(buf, from)
		for rest := buf[:n]; len(rest) > 0; {
			part, after, found := bytes.Cut(rest, []byte{'\n'})
			from += int64(len(rest) - len(after))
			rest = after
			if tooLong = tooLong || len(line)+len(part) > l.most; !tooLong {
				line = append(line, part...)
			}
			s := span{next: from, damaged: tooLong && found}
			if !tooLong {
				s.line = line
			}
			if (found || tooLong) && !visit(s) {
				return nil
			}
			if found {
				line, tooLong = line[:0], false
			}
		}
		if err != nil || n == 0 {
			return notEOF(err)
		}
	}
}

// backward visits the lines before an offset, the last one first, until visit
// returns false. Bytes before the offset without a newline are skipped.
func (l lines) backward(from int64, visit func(span) bool) error {
	var tail []byte // of a line whose beginning was not read yet
	ended := false  // whether a newline follows tail
	buf := make([]byte, l.block)
	for from > 0 {
		n := min(int64(l.block), from)
		if _, err := io.ReadFull(io.NewSectionReader(l.r, from-n, n), buf[:n]); err != nil {
			return notEOF(err)
		}
		from -= n
		for rest := buf[:n]; ; {
			i := bytes.LastIndexByte(rest, '\n')
			part, begin := rest[i+1:], from+int64(i)+1
			switch {
			case !ended: // nothing of it is kept
			case len(part)+len(tail) > l.most:
				ended, tail = false, nil
				if !visit(span{damaged: true, next: begin}) {
					return nil
				}
			default:
				tail = append(append(make([]byte, 0, len(part)+len(tail)), part...), tail...)
			}
			if i < 0 {
				break
			}
			if ended && !visit(span{line: tail, next: begin}) {
				return nil
			}
			ended, tail, rest = true, nil, rest[:i]
		}
		if !ended && !visit(span{next: from}) {
			return nil
		}
	}
	if ended {
		visit(span{line: tail})
	}
	return nil
}

func notEOF(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return err
}
