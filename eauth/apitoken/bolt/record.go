package bolt

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/saltern-api/saltern/eauth/apitoken"
)

const (
	hashSize = sha256.Size
	timeSize = 8
	idSize   = 36 // as text
)

var errRecord = errors.New("a record is damaged")

// A record is the hash of its secret and the rest as JSON, to which fields can
// be added. Its id, which is also its key, is part of the JSON.
func encode(i apitoken.Issue) ([]byte, error) {
	text, err := json.Marshal(i.Record)
	if err != nil {
		return nil, fmt.Errorf("write a record: %w", err)
	}
	return slices.Concat(i.Hash[:], text), nil
}

func decode(b []byte) (i apitoken.Issue, err error) {
	if len(b) < hashSize {
		return i, errRecord
	}
	copy(i.Hash[:], b)
	if err := json.Unmarshal(b[hashSize:], &i.Record); err != nil {
		return i, fmt.Errorf("%w: %w", errRecord, err)
	}
	return i, nil
}

// timeKey encodes microseconds in big endian, so that earlier times sort first.
func timeKey(t time.Time) []byte {
	return binary.BigEndian.AppendUint64(nil, uint64(max(t.UnixMicro(), 0)))
}

// endKey returns nil for a token that does not end.
func endKey(r apitoken.Record) []byte {
	end := r.End()
	if end.IsZero() {
		return nil
	}
	return timeKey(end)
}

func readTime(b []byte) time.Time {
	if len(b) != timeSize {
		return time.Time{}
	}
	return time.UnixMicro(int64(binary.BigEndian.Uint64(b) & (1<<63 - 1)))
}

// ownerKey and nameKey have a fixed length, whatever the names are.
func ownerKey(o apitoken.Owner) []byte { return digest(o.Eauth, o.User, o.ServiceAccount) }

func nameKey(r apitoken.Record) []byte {
	return digest(r.Owner.Eauth, r.Owner.User, r.Owner.ServiceAccount, r.Name)
}

// digest returns a hash of texts that contain no zero byte.
func digest(texts ...string) []byte {
	h := sha256.New()
	for _, s := range texts {
		h.Write([]byte(s))
		h.Write([]byte{0})
	}
	return h.Sum(nil)
}
