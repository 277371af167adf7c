package msgpack

import (
	"bytes"
	"hash/maphash"
	"math"
	"strconv"
)

// twoPass turns src into JSON in two passes, which any value within the bounds
// can be; see dict.
type twoPass struct {
	src   []byte
	dict  dict
	to    *pieces
	inKey bool // check is within a key that is a container
}

// appendTwoPass appends v, which is in depth containers, to dst as JSON. On an error of v dst is returned
// unchanged; one of the sink is in to.
func appendTwoPass(dst []byte, v Raw, depth int, to *pieces) ([]byte, error) {
	w := twoPass{src: v, dict: newDict(), to: to}
	off, err := w.check(0, depth)
	if err == nil && off != len(v) {
		err = at(off, ErrTrailing)
	}
	if err != nil {
		return dst, err
	}
	dst, _ = w.write(dst, 0)
	return dst, nil
}

// check is the first pass: it returns the offset after the value at off.
func (w *twoPass) check(off, depth int) (int, error) {
	t, err := next(w.src[off:])
	if err != nil {
		return off, at(off, err)
	}
	if !t.isContainer() {
		return off + t.size, nil
	}
	if depth == MaxDepth {
		return off, at(off, ErrTooDeep)
	}
	if t.kind == Map {
		return w.checkMap(off+t.size, int(t.num), depth+1)
	}
	off += t.size
	for range t.num {
		if off, err = w.check(off, depth+1); err != nil {
			return off, err
		}
	}
	return off, nil
}

func (w *twoPass) checkMap(off, n, depth int) (int, error) {
	mark := len(w.dict.open)
	for range n {
		key := off
		t, err := next(w.src[off:])
		if err == nil && t.isContainer() && w.inKey {
			err = ErrKey
		}
		if err != nil {
			return off, at(off, err)
		}
		end := off + t.size
		if t.isContainer() {
			w.inKey = true
			end, err = w.check(off, depth)
			w.inKey = false
			if err != nil {
				return off, err
			}
		}
		hash, unique := w.hash(t, off, end)
		if off, err = w.check(end, depth); err != nil {
			return off, err
		}
		if !unique {
			w.dict.add(entry{hash: hash, key: uint32(key), next: uint32(off)})
		}
	}
	if entries := w.dict.close(mark); entries != nil {
		if _, err := w.dict.merge(entries, w.sameKey, w.valueOf); err != nil {
			return off, at(off, err)
		}
	}
	return off, nil
}

// hash returns equal hashes for the keys that Python takes for equal, and for
// containers of the same bytes. A NaN is equal to nothing. end is the offset
// after the key.
func (w *twoPass) hash(t token, off, end int) (hash uint64, unique bool) {
	switch t.kind {
	case Array, Map:
		return maphash.Bytes(w.dict.seed, w.src[off:end]), false
	case Str, Bin, Ext:
		return maphash.Bytes(w.dict.seed, t.payload(w.src[off:])), false
	}
	t = asKey(t)
	if t.kind == Float && math.IsNaN(t.float()) {
		return 0, true
	}
	return maphash.Comparable(w.dict.seed, t.num), false
}

// asKey makes tokens of nil, bools and numbers alike if Python takes them for
// equal: 1 == 1.0 == True.
func asKey(t token) token {
	k := token{kind: t.kind, neg: t.neg, num: t.num}
	switch t.kind {
	case Bool:
		k.kind = Int
	case Float:
		f := t.float()
		switch {
		case f != math.Trunc(f):
		case f >= 0 && f < 1<<64:
			return token{kind: Int, num: uint64(f)}
		case f < 0 && f >= -1<<63:
			return token{kind: Int, neg: true, num: uint64(int64(f))}
		}
	}
	return k
}

func (w *twoPass) sameKey(a, b uint32) bool {
	s, _ := next(w.src[a:])
	t, _ := next(w.src[b:])
	switch {
	case s.isContainer() || t.isContainer():
		return bytes.Equal(w.src[a:w.valueOf(a)], w.src[b:w.valueOf(b)])
	case s.kind == Ext || t.kind == Ext:
		return s.kind == t.kind && s.ext == t.ext && bytes.Equal(s.payload(w.src[a:]), t.payload(w.src[b:]))
	case s.isText() && t.isText():
		return bytes.Equal(s.payload(w.src[a:]), t.payload(w.src[b:]))
	}
	return asKey(s) == asKey(t)
}

func (t token) isText() bool { return t.kind == Str || t.kind == Bin }

func (w *twoPass) valueOf(key uint32) uint32 {
	t, _ := next(w.src[key:])
	if t.isContainer() {
		end, _ := skip(w.src, int(key))
		return uint32(end)
	}
	return key + uint32(t.size)
}

// write is the second pass: it appends the value at off, which the first pass
// found good, and returns the offset after it.
func (w *twoPass) write(dst []byte, off int) ([]byte, int) {
	dst = w.to.next(dst)
	t, _ := next(w.src[off:])
	switch t.kind {
	case Str, Bin:
		return w.to.quoted(dst, t.payload(w.src[off:])), off + t.size
	case Array:
		return w.writeArray(dst, off+t.size, int(t.num))
	case Map:
		return w.writeMap(dst, off+t.size, int(t.num))
	}
	return appendScalar(dst, t, w.src[off:]), off + t.size
}

func (w *twoPass) writeArray(dst []byte, off, n int) ([]byte, int) {
	dst = append(dst, '[')
	for i := range n {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst, off = w.write(dst, off)
	}
	return append(dst, ']'), off
}

func (w *twoPass) writeMap(dst []byte, off, n int) ([]byte, int) {
	dst = append(dst, '{')
	for i := range n {
		var around detour
		detoured := false
		if w.dict.detours != nil {
			around, detoured = w.dict.detours[uint32(off)]
		}
		if detoured && around.value == 0 {
			off = int(around.next)
			continue
		}
		if i > 0 { // the first entry is never dropped
			dst = append(dst, ", "...)
		}
		dst, off = w.writeKey(dst, off)
		dst = append(dst, ": "...)
		if detoured {
			dst, _ = w.write(dst, int(around.value))
			off = int(around.next)
		} else {
			dst, off = w.write(dst, off)
		}
	}
	return append(dst, '}'), off
}

// writeKey is write for a key.
func (w *twoPass) writeKey(dst []byte, off int) ([]byte, int) {
	t, _ := next(w.src[off:])
	switch {
	case t.isText():
		return w.to.quoted(dst, t.payload(w.src[off:])), off + t.size
	case !t.isContainer():
		return appendKey(dst, t, w.src[off:]), off + t.size
	}
	to := w.to
	w.to = nil
	text, end := w.write(nil, off)
	w.to = to
	return to.quoted(dst, text), end
}

// appendKey appends a map's key, which starts b.
func appendKey(dst []byte, t token, b []byte) []byte {
	switch t.kind {
	case Str, Bin, Ext:
		return appendScalar(dst, t, b)
	}
	dst = append(dst, '"')
	return append(appendScalar(dst, t, b), '"')
}

// appendScalar appends a value that starts b and is not a container.
func appendScalar(dst []byte, t token, b []byte) []byte {
	switch t.kind {
	case Str, Bin:
		return appendQuoted(dst, t.payload(b))
	case Int:
		if t.neg {
			return strconv.AppendInt(dst, int64(t.num), 10)
		}
		return strconv.AppendUint(dst, t.num, 10)
	case Float:
		return appendFloat(dst, t.float())
	case Bool:
		return strconv.AppendBool(dst, t.num == 1)
	case Ext:
		return appendExt(dst, t.ext, t.payload(b))
	}
	return append(dst, "null"...)
}

// appendSmall appends an integer below 128.
func appendSmall(dst []byte, n byte) []byte {
	switch {
	case n < 10:
		return append(dst, '0'+n)
	case n < 100:
		return append(dst, '0'+n/10, '0'+n%10)
	}
	return append(dst, '1', '0'+n/10%10, '0'+n%10)
}

// AppendJSONString appends s as a JSON string, by the rules of [AppendJSON].
func AppendJSONString(dst []byte, s string) []byte {
	return appendQuoted(dst, []byte(s))
}
