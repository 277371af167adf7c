package bolt

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"slices"
	"time"

	"github.com/saltern-api/saltern/eauth/session"
)

// A record is a version, the hashes of token and user, start and expire, and
// the sealed content. Its key is stored outside.
const (
	version    = 1
	hashSize   = sha256.Size
	timeSize   = 8
	headerSize = 1 + 2*hashSize + 2*timeSize
)

var errRecord = errors.New("a record is damaged or of another version")

func encode(r session.Record) []byte {
	b := make([]byte, 0, headerSize+len(r.Sealed))
	b = append(b, version)
	b = append(b, r.Token[:]...)
	b = append(b, r.User[:]...)
	b = appendTime(b, r.Start)
	b = appendTime(b, r.Expire)
	return append(b, r.Sealed...)
}

// decode copies: memory returned by bbolt is invalid after the transaction.
func decode(key, b []byte) (r session.Record, err error) {
	if len(key) != hashSize || len(b) < headerSize || b[0] != version {
		return r, errRecord
	}
	copy(r.Key[:], key)
	b = b[1:]
	b = b[copy(r.Token[:], b):]
	b = b[copy(r.User[:], b):]
	r.Start, b = readTime(b)
	r.Expire, b = readTime(b)
	r.Sealed = slices.Clone(b)
	return r, nil
}

// appendTime writes microseconds in big endian, so that earlier times sort
// first.
func appendTime(b []byte, t time.Time) []byte {
	return binary.BigEndian.AppendUint64(b, uint64(max(t.UnixMicro(), 0)))
}

func readTime(b []byte) (time.Time, []byte) {
	return time.UnixMicro(int64(binary.BigEndian.Uint64(b) & (1<<63 - 1))), b[timeSize:]
}

// join returns an index entry made of its parts.
func join(parts ...[]byte) []byte { return slices.Concat(parts...) }

func timeKey(t time.Time) []byte { return appendTime(nil, t) }
