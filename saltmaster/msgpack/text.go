package msgpack

import (
	"encoding/binary"
	"math"
	"strconv"
	"time"
)

// appendFloat appends f as Python's repr does: the shortest digits that read
// back as f, a point or an exponent always, an exponent only if it is below -4
// or above 15.
func appendFloat(dst []byte, f float64) []byte {
	switch abs := math.Abs(f); {
	case math.IsNaN(f):
		return append(dst, "NaN"...)
	case math.IsInf(f, 1):
		return append(dst, "Infinity"...)
	case math.IsInf(f, -1):
		return append(dst, "-Infinity"...)
	case abs != 0 && abs < 1e-4 || abs >= 1e16:
		return strconv.AppendFloat(dst, f, 'e', -1, 64)
	}
	dst = strconv.AppendFloat(dst, f, 'f', -1, 64)
	if f == math.Trunc(f) {
		dst = append(dst, ".0"...)
	}
	return dst
}

// Extension types: two of Salt's (salt.payload), one of msgpack.
const (
	extDatetime  = 78
	extConstant  = 79
	extTimestamp = -1
)

// appendExt appends an extension value as a JSON string; see AppendJSON.
func appendExt(dst []byte, code int8, data []byte) []byte {
	switch code {
	case extDatetime:
		// Time zones are lost in Salt's packing, so none is written.
		const packed = "20060102T15:04:05.000000"
		if t, err := time.Parse(packed, string(data)); err == nil && len(data) == len(packed) {
			return append(appendTime(append(dst, '"'), t), '"')
		}
	case extTimestamp:
		if t, ok := timestamp(data); ok {
			return append(appendTime(append(dst, '"'), t), `+00:00"`...)
		}
	case extConstant:
		r := NewReader(data)
		n, err := r.ArrayLen()
		if name, nameErr := r.Bytes(); err == nil && nameErr == nil && n == 2 {
			return append(appendText(append(dst, `"<Constant.`...), name), `>"`...)
		}
	}
	return appendQuoted(dst, data)
}

// appendTime appends t without a zone. Python's isoformat leaves out a
// fraction of zero and otherwise writes microseconds.
func appendTime(dst []byte, t time.Time) []byte {
	if t.Nanosecond() < int(time.Microsecond) {
		return t.AppendFormat(dst, "2006-01-02T15:04:05")
	}
	return t.AppendFormat(dst, "2006-01-02T15:04:05.000000")
}

// timestamp reads msgpack's own extension for times: 32, 64 or 96 bits. It
// refuses what Python's datetime cannot hold.
func timestamp(data []byte) (time.Time, bool) {
	var sec, nsec int64
	switch len(data) {
	case 4:
		sec = int64(binary.BigEndian.Uint32(data))
	case 8:
		v := binary.BigEndian.Uint64(data)
		sec, nsec = int64(v&(1<<34-1)), int64(v>>34)
	case 12:
		nsec = int64(binary.BigEndian.Uint32(data))
		sec = int64(binary.BigEndian.Uint64(data[4:]))
	default:
		return time.Time{}, false
	}
	const year1, year10000 = -62135596800, 253402300800
	ok := nsec < 1e9 && sec >= year1 && sec < year10000
	return time.Unix(sec, nsec).UTC(), ok
}
