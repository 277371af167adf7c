package msgpack

import (
	"bytes"
	"hash/maphash"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/saltern-api/saltern/internal/budget"
)

// maxDigits is the longest integer that Python reads (sys.set_int_max_str_digits).
const maxDigits = 4300

// AppendFromJSON appends the msgpack of one JSON document to dst, as Python's
// json.loads and then Salt's packer for requests (salt.payload.dumps) make it:
//
//   - NaN, Infinity and -Infinity are numbers.
//   - 1.0 and 1e0 are floats; a float too large is infinite.
//   - An integer of more than 64 bits becomes a string of its digits.
//   - Of equal keys in an object the last value counts, at the first one's
//     place.
//
// A document that is not UTF-8 or has a lone surrogate escape is refused, as
// is one that nests deeper than [MaxDepth]. All errors are of type
// [*SyntaxError]; dst is then returned unchanged.
func AppendFromJSON(dst []byte, js []byte) ([]byte, error) {
	return AppendFromJSONWithin(nil, dst, js)
}

// AppendFromJSONWithin is AppendFromJSON that pays for each value from a
// budget: a unit, and one more for a key. Its errors are those of the
// budget, too.
func AppendFromJSONWithin(b *budget.Budget, dst []byte, js []byte) ([]byte, error) {
	r := jsonReader{src: js, dict: newDict(), budget: b}
	start, err := r.checkAll()
	if err != nil {
		return dst, err
	}
	dst, _ = r.write(slices.Grow(dst, len(js)), start)
	return dst, nil
}

// jsonReader turns the JSON in src into msgpack in two passes; see dict.
type jsonReader struct {
	src    []byte
	dict   dict
	budget *budget.Budget
	unpaid int   // units
	skim   *skim // if it is not nil, nothing is noted for a second pass
	// wide holds the number of entries of each container that has too many
	// for a one-byte header, by the offset of its bracket.
	wide map[uint32]int
	text []byte // an unescaped string
}

// literals are JSON's words and those that Python adds, as msgpack.
var literals = []struct {
	word   string
	packed []byte
}{
	{"null", AppendNil(nil)},
	{"true", AppendBool(nil, true)},
	{"false", AppendBool(nil, false)},
	{"NaN", AppendFloat(nil, math.Float64frombits(0x7ff8<<48))}, // Python's; math.NaN has one bit more
	{"Infinity", AppendFloat(nil, math.Inf(1))},
	{"-Infinity", AppendFloat(nil, math.Inf(-1))},
}

// literal returns the literal at off; its word is empty if there is none.
func (r *jsonReader) literal(off int) (word string, packed []byte) {
	for _, l := range literals {
		if bytes.HasPrefix(r.src[off:], []byte(l.word)) {
			return l.word, l.packed
		}
	}
	return "", nil
}

// checkAll is the first pass over a document. It returns the offset of its
// value.
func (r *jsonReader) checkAll() (start int, err error) {
	if uint64(len(r.src)) > math.MaxUint32 {
		return 0, syntaxError(0, "Larger than 4 GiB")
	}
	if !utf8.Valid(r.src) {
		return 0, syntaxError(validUTF8(r.src), "Invalid UTF-8")
	}
	start = skipSpace(r.src, 0)
	end, err := r.check(start, 0)
	if err != nil {
		return start, err
	}
	if end = skipSpace(r.src, end); end != len(r.src) {
		return start, syntaxError(end, "Extra data")
	}
	return start, r.budget.Spend(r.unpaid)
}

// payAfter is how many units are paid at once.
const payAfter = 256

func (r *jsonReader) spend(units int) error {
	if r.unpaid += units; r.unpaid < payAfter || r.skim != nil {
		return nil
	}
	units, r.unpaid = r.unpaid, 0
	return r.budget.Spend(units)
}

// check is the first pass: it returns the offset after the value at off.
func (r *jsonReader) check(off, depth int) (int, error) {
	if err := r.spend(1); err != nil {
		return off, err
	}
	switch c := byteAt(r.src, off); {
	case c == '"':
		return scanString(r.src, off)
	case (c == '[' || c == '{') && depth == MaxDepth:
		return off, syntaxError(off, "Nested too deep")
	case c == '[':
		return r.checkArray(off, depth+1)
	case c == '{':
		return r.checkObject(off, depth+1)
	}
	end, float := scanNumber(r.src, off)
	if end == off {
		word, _ := r.literal(off)
		end += len(word)
	}
	switch {
	case end == off:
		return off, syntaxError(off, "Expecting value")
	case !float && len(bytes.TrimPrefix(r.src[off:end], []byte("-"))) > maxDigits:
		return off, syntaxError(off, "Integer too long")
	}
	return end, nil
}

func (r *jsonReader) checkArray(start, depth int) (int, error) {
	off := skipSpace(r.src, start+1)
	if byteAt(r.src, off) == ']' {
		return off + 1, nil
	}
	for n := 1; ; n++ {
		var err error
		if r.skim != nil && depth == 1 {
			r.skim.Element(kindOf(byteAt(r.src, off)))
		}
		if off, err = r.check(off, depth); err != nil {
			return off, err
		}
		switch off = skipSpace(r.src, off); byteAt(r.src, off) {
		case ']':
			r.note(start, n)
			return off + 1, nil
		case ',':
			off = skipSpace(r.src, off+1)
		default:
			return off, syntaxError(off, "Expecting ',' delimiter")
		}
	}
}

func (r *jsonReader) checkObject(start, depth int) (int, error) {
	off := skipSpace(r.src, start+1)
	if byteAt(r.src, off) == '}' {
		return off + 1, nil
	}
	mark := len(r.dict.open)
	for n := 1; ; n++ {
		if byteAt(r.src, off) != '"' {
			return off, syntaxError(off, "Expecting property name enclosed in double quotes")
		}
		key := off
		end, err := scanString(r.src, key)
		if err != nil {
			return off, err
		}
		if off = skipSpace(r.src, end); byteAt(r.src, off) != ':' {
			return off, syntaxError(off, "Expecting ':' delimiter")
		}
		value := skipSpace(r.src, off+1)
		if off, err = r.check(value, depth); err != nil {
			return off, err
		}
		if r.skim == nil {
			hash := maphash.Bytes(r.dict.seed, r.textAt(key, end))
			r.dict.add(entry{hash: hash, key: uint32(key), next: uint32(off)})
			err = r.spend(1)
		} else if depth == r.skim.depth {
			err = r.skim.Entry(r.textAt(key, end), r.src[value:off:off])
		}
		if err != nil {
			return off, err
		}
		switch off = skipSpace(r.src, off); byteAt(r.src, off) {
		case '}':
			return off + 1, r.closeObject(start, n, mark)
		case ',':
			off = skipSpace(r.src, off+1)
		default:
			return off, syntaxError(off, "Expecting ',' delimiter")
		}
	}
}

func (r *jsonReader) closeObject(start, n, mark int) error {
	if r.skim != nil {
		return nil
	}
	if entries := r.dict.close(mark); entries != nil {
		dropped, err := r.dict.merge(entries, r.sameKey, r.valueOf)
		if err != nil {
			return syntaxError(start, "Too many duplicate keys")
		}
		n -= dropped
	}
	r.note(start, n)
	return nil
}

// note keeps the size of a container if its header is not of one byte.
func (r *jsonReader) note(start, n int) {
	if n < 16 || r.skim != nil {
		return
	}
	if r.wide == nil {
		r.wide = make(map[uint32]int)
	}
	r.wide[uint32(start)] = n
}

// textAt returns the text of the string that reaches from off to end. It is
// good until the next call.
func (r *jsonReader) textAt(off, end int) []byte {
	s := r.src[off+1 : end-1]
	if bytes.IndexByte(s, '\\') < 0 {
		return s
	}
	r.text = appendUnescaped(r.text[:0], s)
	return r.text
}

func (r *jsonReader) sameKey(a, b uint32) bool {
	aEnd, _ := scanString(r.src, int(a))
	bEnd, _ := scanString(r.src, int(b))
	text := bytes.Clone(r.textAt(int(a), aEnd))
	return bytes.Equal(text, r.textAt(int(b), bEnd))
}

// valueOf returns the offset of the value of the key at key.
func (r *jsonReader) valueOf(key uint32) uint32 {
	end, _ := scanString(r.src, int(key))
	return uint32(r.afterColon(end))
}

func (r *jsonReader) afterColon(off int) int {
	return skipSpace(r.src, skipSpace(r.src, off)+1)
}

// write is the second pass: it appends the value at off, which the first pass
// found good, and returns the offset after it.
func (r *jsonReader) write(dst []byte, off int) ([]byte, int) {
	switch r.src[off] {
	case '[':
		return r.writeArray(dst, off)
	case '{':
		return r.writeObject(dst, off)
	case '"':
		end, _ := scanString(r.src, off)
		return AppendString(dst, r.textAt(off, end)), end
	}
	end, float := scanNumber(r.src, off)
	if end == off {
		word, packed := r.literal(off)
		return append(dst, packed...), off + len(word)
	}
	return appendNumber(dst, string(r.src[off:end]), float), end
}

func appendNumber(dst []byte, text string, float bool) []byte {
	if float {
		f, _ := strconv.ParseFloat(text, 64) // out of range gives infinity
		return AppendFloat(dst, f)
	}
	if i, err := strconv.ParseInt(text, 10, 64); err == nil {
		return AppendInt(dst, i)
	}
	if u, err := strconv.ParseUint(text, 10, 64); err == nil {
		return AppendUint(dst, u)
	}
	return AppendString(dst, text)
}

func (r *jsonReader) writeArray(dst []byte, start int) ([]byte, int) {
	wide := r.wide[uint32(start)]
	header := len(dst)
	dst = AppendArray(dst, wide)
	off := skipSpace(r.src, start+1)
	for r.src[off] != ']' {
		if wide == 0 {
			dst[header]++
		}
		dst, off = r.write(dst, off)
		off = r.afterComma(off)
	}
	return dst, off + 1
}

func (r *jsonReader) writeObject(dst []byte, start int) ([]byte, int) {
	wide := r.wide[uint32(start)]
	header := len(dst)
	dst = AppendMap(dst, wide)
	off := skipSpace(r.src, start+1)
	for r.src[off] != '}' {
		around, detoured := r.dict.detours[uint32(off)]
		if detoured && around.value == 0 {
			off = r.afterComma(int(around.next))
			continue
		}
		if wide == 0 {
			dst[header]++
		}
		end, _ := scanString(r.src, off)
		dst = AppendString(dst, r.textAt(off, end))
		if detoured {
			dst, _ = r.write(dst, int(around.value))
			off = int(around.next)
		} else {
			dst, off = r.write(dst, r.afterColon(end))
		}
		off = r.afterComma(off)
	}
	return dst, off + 1
}

// afterComma returns the offset of the next entry of a container, or of its
// end, from the end of an entry.
func (r *jsonReader) afterComma(off int) int {
	off = skipSpace(r.src, off)
	if r.src[off] == ',' {
		off = skipSpace(r.src, off+1)
	}
	return off
}
