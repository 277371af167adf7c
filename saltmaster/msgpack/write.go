package msgpack

import (
	"encoding/binary"
	"math"
)

// The Append functions write one value, or the header of a container, to the
// end of dst in the shortest form, and return the extended slice. A value that
// is already packed is added with append(dst, raw...).

// AppendNil appends nil.
func AppendNil(dst []byte) []byte { return append(dst, 0xc0) }

// AppendBool appends a bool.
func AppendBool(dst []byte, v bool) []byte {
	if v {
		return append(dst, 0xc3)
	}
	return append(dst, 0xc2)
}

// AppendInt appends an integer.
func AppendInt(dst []byte, v int64) []byte {
	switch {
	case v >= 0:
		return AppendUint(dst, uint64(v))
	case v >= -32:
		return append(dst, byte(v))
	case v >= math.MinInt8:
		return append(dst, 0xd0, byte(v))
	case v >= math.MinInt16:
		return binary.BigEndian.AppendUint16(append(dst, 0xd1), uint16(v))
	case v >= math.MinInt32:
		return binary.BigEndian.AppendUint32(append(dst, 0xd2), uint32(v))
	}
	return binary.BigEndian.AppendUint64(append(dst, 0xd3), uint64(v))
}

// AppendUint appends an integer.
func AppendUint(dst []byte, v uint64) []byte {
	switch {
	case v < 0x80:
		return append(dst, byte(v))
	case v <= math.MaxUint8:
		return append(dst, 0xcc, byte(v))
	case v <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(dst, 0xcd), uint16(v))
	case v <= math.MaxUint32:
		return binary.BigEndian.AppendUint32(append(dst, 0xce), uint32(v))
	}
	return binary.BigEndian.AppendUint64(append(dst, 0xcf), v)
}

// AppendFloat appends a 64-bit float.
func AppendFloat(dst []byte, v float64) []byte {
	return binary.BigEndian.AppendUint64(append(dst, 0xcb), math.Float64bits(v))
}

// AppendString appends text or bytes in the str family, without str8: what
// Salt's packer does with use_bin_type=False. It panics above 4 GiB.
func AppendString[T string | []byte](dst []byte, s T) []byte {
	return append(appendLen(dst, len(s), 32, 0xa0, 0xda), s...)
}

// AppendArray appends the header of an array; its n values must follow.
func AppendArray(dst []byte, n int) []byte { return appendLen(dst, n, 16, 0x90, 0xdc) }

// AppendMap appends the header of a map; its n pairs of key and value must
// follow.
func AppendMap(dst []byte, n int) []byte { return appendLen(dst, n, 16, 0x80, 0xde) }

// appendLen writes a length: within the type byte below limit, otherwise
// after the type byte wide (16 bits) or wide+1 (32 bits).
func appendLen(dst []byte, n, limit int, fix, wide byte) []byte {
	switch {
	case n < 0 || uint64(n) > math.MaxUint32:
		panic("msgpack: length out of range")
	case n < limit:
		return append(dst, fix|byte(n))
	case n <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(dst, wide), uint16(n))
	}
	return binary.BigEndian.AppendUint32(append(dst, wide+1), uint32(n))
}
