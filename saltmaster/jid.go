package saltmaster

import (
	"sync"
	"time"
)

// JIDs hands out job ids as Salt makes them: the UTC time to the microsecond,
// 20 digits. Two of one process are never equal, however fast they are requested
// for. The zero value is ready.
type JIDs struct {
	mu   sync.Mutex
	last int64 // microseconds
}

// Next returns the next job id.
func (j *JIDs) Next() string {
	j.mu.Lock()
	now := time.Now().UnixMicro()
	if now <= j.last {
		now = j.last + 1
	}
	j.last = now
	j.mu.Unlock()
	t := time.UnixMicro(now).UTC()
	b := t.AppendFormat(make([]byte, 0, 21), "20060102150405.000000")
	return string(append(b[:14], b[15:]...))
}

// IsJID reports whether s has the form of a job id: 20 digits.
func IsJID(s string) bool {
	if len(s) != 20 {
		return false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
