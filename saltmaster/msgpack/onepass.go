package msgpack

import (
	"hash/maphash"
	"math/bits"
	"slices"
)

// onePass turns src into JSON while it checks it. It gives up where twoPass is
// needed: at malformed bytes, at keys that may be equal, and at keys that are
// rare.
type onePass struct {
	src    []byte
	to     *pieces
	values int // that were announced

	// The hashes of the keys of all open maps, innermost last: those of small maps
	// are in keys, those of large ones in tables.
	seed   maphash.Seed
	keys   []uint64
	tables []uint32
}

const (
	// smallMap is the number of entries up to which each key is compared with all
	// before it.
	smallMap = 16

	// maxTables bounds the memory for the keys of large maps: 16 MiB.
	maxTables = 1 << 22
)

// appendOnePass appends v to dst as JSON. ok is false if that needs two passes,
// or if the sink has failed; out is then of no use.
func appendOnePass(dst []byte, v Raw, to *pieces) (out []byte, ok bool) {
	w := onePass{src: v, to: to, values: 1, seed: maphash.MakeSeed()}
	out, end := w.value(dst, 0, 0)
	return out, end == len(v) && (to == nil || to.err == nil)
}

// value appends the value at off, in depth containers, and returns the offset
// after it.
func (w *onePass) value(dst []byte, off, depth int) ([]byte, int) {
	if uint(off) >= uint(len(w.src)) {
		return dst, gaveUp
	}
	if len(dst) >= piece && w.to != nil {
		if dst = w.to.next(dst); w.to.err != nil {
			return dst, gaveUp
		}
	}
	switch c := w.src[off]; {
	case c < 0x80:
		return appendSmall(dst, c), off + 1
	case c < 0x90:
		return w.object(dst, off+1, int(c&0x0f), depth)
	case c < 0xa0:
		return w.array(dst, off+1, int(c&0x0f), depth)
	case c < 0xc0:
		return w.text(dst, off+1, int(c&0x1f))
	case c >= 0xd9 && c <= 0xdf:
		return w.long(dst, off, c, depth)
	case c == 0xc0:
		return append(dst, "null"...), off + 1
	case c == 0xc2:
		return append(dst, "false"...), off + 1
	case c == 0xc3:
		return append(dst, "true"...), off + 1
	}
	t, err := next(w.src[off:])
	if err != nil {
		return dst, gaveUp
	}
	if t.kind == Bin {
		return w.text(dst, off+t.head, t.size-t.head)
	}
	return appendScalar(dst, t, w.src[off:]), off + t.size
}

// long is value for a text or a container whose type byte c is followed by its
// length.
func (w *onePass) long(dst []byte, off int, c byte, depth int) ([]byte, int) {
	n, off := length(w.src, off+1, c)
	switch {
	case off == gaveUp:
		return dst, gaveUp
	case c <= 0xdb:
		return w.text(dst, off, n)
	case c <= 0xdd:
		return w.array(dst, off, n, depth)
	}
	return w.object(dst, off, n, depth)
}

// text appends the text of n bytes at off.
func (w *onePass) text(dst []byte, off, n int) ([]byte, int) {
	if n > len(w.src)-off {
		return dst, gaveUp
	}
	return w.to.quoted(dst, w.src[off:off+n]), off + n
}

// enter opens a container. It reports whether its values may all be there: each
// value has a byte at least.
func (w *onePass) enter(values, depth int) bool {
	w.values += values
	return depth < MaxDepth && w.values <= len(w.src)
}

func (w *onePass) array(dst []byte, off, n, depth int) ([]byte, int) {
	if !w.enter(n, depth) {
		return dst, gaveUp
	}
	dst = append(dst, '[')
	for i := range n {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		if dst, off = w.value(dst, off, depth+1); off == gaveUp {
			return dst, gaveUp
		}
	}
	return append(dst, ']'), off
}

func (w *onePass) object(dst []byte, off, n, depth int) ([]byte, int) {
	if n > len(w.src) || !w.enter(2*n, depth) {
		return dst, gaveUp
	}
	keys, ok := w.newKeys(n)
	if !ok {
		return dst, gaveUp
	}
	dst = append(dst, '{')
	for i := range n {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		var hash uint64
		if dst, off, hash = w.key(dst, off); off == gaveUp || !w.add(&keys, hash) {
			return dst, gaveUp
		}
		dst = append(dst, ": "...)
		if dst, off = w.value(dst, off, depth+1); off == gaveUp {
			return dst, gaveUp
		}
	}
	w.keys, w.tables = w.keys[:keys.mark], w.tables[:keys.tableMark]
	return append(dst, '}'), off
}

// key appends a key and returns the offset after it, and its hash: equal keys
// have equal ones. It gives up at keys that twoPass has rules for.
func (w *onePass) key(dst []byte, off int) ([]byte, int, uint64) {
	if off < len(w.src) && w.src[off]&0xe0 == 0xa0 { // a short text, as most keys are
		from := off + 1
		dst, off = w.text(dst, from, int(w.src[off]&0x1f))
		if off == gaveUp {
			return dst, gaveUp, 0
		}
		return dst, off, maphash.Bytes(w.seed, w.src[from:off])
	}
	t, err := next(w.src[off:])
	if err != nil {
		return dst, gaveUp, 0
	}
	end := off + t.size
	switch t.kind {
	case Str, Bin:
		s := w.src[off+t.head : end]
		return w.to.quoted(dst, s), end, maphash.Bytes(w.seed, s)
	case Nil, Bool, Int: // that nil and false have one hash costs a second pass
		return appendKey(dst, t, w.src[off:]), end, maphash.Comparable(w.seed, t.num)
	}
	return dst, gaveUp, 0
}

// keySet are the hashes of the keys of a map: in onePass.keys from mark on, or
// in table.
type keySet struct {
	mark, tableMark int
	table           []uint32
}

// newKeys returns a set for n keys.
func (w *onePass) newKeys(n int) (s keySet, ok bool) {
	s = keySet{mark: len(w.keys), tableMark: len(w.tables)}
	if n <= smallMap {
		return s, true
	}
	size := 2 << bits.Len(uint(n-1)) // a power of two, half of which stays free
	if s.tableMark+size > maxTables {
		return s, false
	}
	w.tables = slices.Grow(w.tables, size)[:s.tableMark+size]
	s.table = w.tables[s.tableMark:]
	clear(s.table)
	return s, true
}

// add adds a hash, and reports whether it is new.
func (w *onePass) add(s *keySet, hash uint64) bool {
	if s.table == nil {
		if slices.Contains(w.keys[s.mark:], hash) {
			return false
		}
		if w.keys == nil {
			w.keys = make([]uint64, 0, 4*smallMap)
		}
		w.keys = append(w.keys, hash)
		return true
	}
	mask := uint64(len(s.table) - 1)
	rest := uint32(hash>>32) | 1 // 0 stands for a free place
	for i := hash & mask; ; i = (i + 1) & mask {
		switch s.table[i] {
		case 0:
			s.table[i] = rest
			return true
		case rest:
			return false
		}
	}
}
