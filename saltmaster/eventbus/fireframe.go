package eventbus

import (
	"encoding/binary"

	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// stampKey is where an event has its time.
const stampKey = "_stamp"

// withStamp returns the map data with a _stamp in place of any that it has.
func withStamp(data msgpack.Raw, at string) msgpack.Raw {
	kept := 0
	pairs := make([]byte, 0, len(data)+64)
	_ = data.Each(func(key, val msgpack.Raw) error { // a map that was checked
		if name, _ := key.Str(); name != stampKey {
			pairs = append(append(pairs, key...), val...)
			kept++
		}
		return nil
	})
	stamped := msgpack.AppendMap(make([]byte, 0, len(pairs)+64), kept+1)
	stamped = append(stamped, pairs...)
	stamped = msgpack.AppendString(stamped, stampKey)
	return msgpack.AppendString(stamped, at)
}

// appendFired appends an event as the master's pull socket reads it. The body is of msgpack's bin family in either
// framing; of the other one masters 3006.26 and later of 3006 would take only UTF-8.
func appendFired(dst []byte, framing Framing, tag string, data msgpack.Raw) []byte {
	const prefix = 4
	begin := len(dst)
	if framing == FramingPrefixed {
		dst = append(dst, 0, 0, 0, 0)
	}
	dst = msgpack.AppendMap(dst, 2)
	dst = msgpack.AppendString(dst, "head")
	dst = msgpack.AppendMap(dst, 0)
	dst = msgpack.AppendString(dst, "body")
	dst = binary.BigEndian.AppendUint32(append(dst, 0xc6), uint32(len(tag)+len(separator)+len(data)))
	dst = append(append(append(dst, tag...), separator...), data...)
	if framing == FramingPrefixed {
		binary.BigEndian.PutUint32(dst[begin:], uint32(len(dst)-begin-prefix))
	}
	return dst
}
