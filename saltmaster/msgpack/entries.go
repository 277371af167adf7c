package msgpack

import (
	"io"
	"sort"
)

// Entries are the entries of a map that is being made, whose values may be sections
// that are not in memory. The zero value has none.
type Entries struct {
	n     int
	size  int64     // of parts
	parts []Section // what is before b
	ends  []int64   // of the parts
	b     []byte
}

// Add adds an entry.
func (e *Entries) Add(key string, v Section) {
	e.b = AppendString(e.b, key)
	e.value(v)
}

// AddRaw is Add for a key of any kind, which is copied.
func (e *Entries) AddRaw(key Raw, v Section) {
	e.b = append(e.b, key...)
	e.value(v)
}

func (e *Entries) value(v Section) {
	e.n++
	if v.IsInMemory() {
		e.b = append(e.b, v.raw...)
		return
	}
	e.cut()
	e.part(v)
}

// cut makes a part of what is in memory.
func (e *Entries) cut() {
	if len(e.b) > 0 {
		e.part(InMemory(e.b))
		e.b = nil
	}
}

func (e *Entries) part(v Section) {
	e.size += v.size
	e.parts, e.ends = append(e.parts, v), append(e.ends, e.size)
}

// Append adds the entries of others.
func (e *Entries) Append(others Entries) {
	n := e.n + others.n
	for _, part := range others.parts {
		e.value(part)
	}
	e.b = append(e.b, others.b...)
	e.n = n
}

// Section returns the map. Nothing is added after that.
func (e *Entries) Section() Section {
	head := AppendMap(nil, e.n)
	if len(e.parts) == 0 {
		return InMemory(append(head, e.b...))
	}
	whole := Entries{b: head}
	whole.Append(*e)
	whole.cut()
	return NewSection(&joined{whole.parts, whole.ends}, 0, whole.size)
}

// joined is the bytes of sections, one after the other.
type joined struct {
	parts []Section
	ends  []int64
}

// ReadAt implements io.ReaderAt.
func (j *joined) ReadAt(p []byte, off int64) (n int, err error) {
	i := sort.Search(len(j.ends), func(i int) bool { return j.ends[i] > off })
	for ; n < len(p); i++ {
		if i == len(j.parts) {
			return n, io.EOF
		}
		part, end := j.parts[i], j.ends[i]
		from := off + int64(n) - (end - part.size)
		m := int(min(part.size-from, int64(len(p)-n)))
		if err := part.readAt(p[n:n+m], from); err != nil {
			return n, err
		}
		n += m
	}
	return n, nil
}
