package mastertest

import (
	"encoding/binary"

	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// JSON makes msgpack of a JSON document, for returns written in tests. It panics when js is not JSON.
func JSON(js string) msgpack.Raw {
	b, err := msgpack.AppendFromJSON(nil, []byte(js))
	if err != nil {
		panic(err)
	}
	return b
}

type pair struct {
	key string
	val msgpack.Raw
}

func object(pairs ...pair) msgpack.Raw {
	b := msgpack.AppendMap(nil, len(pairs))
	for _, p := range pairs {
		b = msgpack.AppendString(b, p.key)
		if p.val == nil {
			b = msgpack.AppendNil(b)
		}
		b = append(b, p.val...)
	}
	return b
}

func text(s string) msgpack.Raw   { return msgpack.AppendString(nil, s) }
func number(n int64) msgpack.Raw  { return msgpack.AppendInt(nil, n) }
func float(f float64) msgpack.Raw { return msgpack.AppendFloat(nil, f) }
func boolean(b bool) msgpack.Raw  { return msgpack.AppendBool(nil, b) }
func array(l ...msgpack.Raw) msgpack.Raw {
	b := msgpack.AppendArray(nil, len(l))
	for _, v := range l {
		b = append(b, v...)
	}
	return b
}

func texts(list []string) msgpack.Raw {
	b := msgpack.AppendArray(nil, len(list))
	for _, s := range list {
		b = msgpack.AppendString(b, s)
	}
	return b
}

func elements(v msgpack.Raw) []msgpack.Raw {
	var list []msgpack.Raw
	_ = v.Elems(func(e msgpack.Raw) error {
		list = append(list, e)
		return nil
	})
	return list
}

func lookupText(m msgpack.Raw, key string) string {
	v, _ := m.Lookup(key)
	s, _ := v.Str()
	return s
}

// repack appends v with or without msgpack's str8: Salt's events and cache files have it, its replies do not.
func repack(dst []byte, v msgpack.Raw, str8 bool) []byte {
	switch v.Kind() {
	case msgpack.Str:
		s, _ := v.Str()
		if str8 && len(s) > 31 && len(s) < 256 {
			return append(append(dst, 0xd9, byte(len(s))), s...)
		}
		return msgpack.AppendString(dst, s)
	case msgpack.Array:
		dst = msgpack.AppendArray(dst, v.Len())
		_ = v.Elems(func(e msgpack.Raw) error {
			dst = repack(dst, e, str8)
			return nil
		})
		return dst
	case msgpack.Map:
		dst = msgpack.AppendMap(dst, v.Len())
		_ = v.Each(func(key, val msgpack.Raw) error {
			dst = repack(repack(dst, key, str8), val, str8)
			return nil
		})
		return dst
	default:
	}
	return append(dst, v...)
}

// appendEvent appends one message of the bus.
func appendEvent(dst []byte, prefixed bool, tag string, data msgpack.Raw) []byte {
	return appendMessage(dst, prefixed, repack(append([]byte(tag), "\n\n"...), data, true))
}

// appendMessage appends one message of the bus with the given body.
func appendMessage(dst []byte, prefixed bool, body []byte) []byte {
	begin := len(dst)
	if prefixed {
		dst = append(dst, 0, 0, 0, 0)
	}
	dst = append(dst, "\x82\xa4head\x80\xa4body"...)
	switch n := len(body); {
	case n < 1<<8:
		dst = append(dst, 0xc4, byte(n))
	case n < 1<<16:
		dst = binary.BigEndian.AppendUint16(append(dst, 0xc5), uint16(n))
	default:
		dst = binary.BigEndian.AppendUint32(append(dst, 0xc6), uint32(n))
	}
	dst = append(dst, body...)
	if prefixed {
		binary.BigEndian.PutUint32(dst[begin:], uint32(len(dst)-begin-4))
	}
	return dst
}
