package method

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // a UUID of version 5 (RFC 9562) is made with it; nothing depends on its strength
	"encoding/json"
	"fmt"
	"time"

	"github.com/saltern-api/saltern/internal/timetable"
)

// TimeText returns a time as programs read it.
func TimeText(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.999999Z07:00") }

// Canonical returns an object as JSON without blanks, in its order.
func Canonical(o Object) json.RawMessage {
	var b bytes.Buffer
	if json.Compact(&b, o) != nil {
		return json.RawMessage(o)
	}
	return b.Bytes()
}

// nameSpace is the name space of the UUIDs of what has a name and no UUID: users,
// roles and the master.
var nameSpace = [16]byte{0x5a, 0x17, 0x3e, 0x90, 0x0c, 0x4b, 0x4f, 0x6e, 0x9a, 0x52, 0x3d, 0x11, 0x7e, 0x60, 0x2c, 0x88}

// UUIDOf returns the UUID of something with a name. It is always the same.
func UUIDOf(kind, name string) string {
	h := sha1.New() //nolint:gosec // see the import
	h.Write(nameSpace[:])
	h.Write([]byte(kind + "\x00" + name))
	u := h.Sum(nil)[:16]
	u[6] = u[6]&0x0f | 0x50 // version 5
	u[8] = u[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:])
}

// UserUUID returns the UUID of a user.
func UserUUID(eauth, user string) string { return UUIDOf("user", eauth+"\x00"+user) }

// ParseTime reads a time in one of the usual forms, or in one of strptime's. A time
// without a zone is one of UTC.
func ParseTime(text, form string) (time.Time, error) {
	return timetable.ParseTime(text, form, time.UTC)
}

// DateRange reads the two ends of a period; none is no bound.
func DateRange(ends []string, form string) (from, to time.Time, err error) {
	switch len(ends) {
	case 0:
		return from, to, nil
	case 2:
	default:
		return from, to, InvalidParameter("daterange", "it has two times, the first and the last")
	}
	if from, err = ParseTime(ends[0], form); err != nil {
		return from, to, InvalidParameter("daterange", err.Error())
	}
	if to, err = ParseTime(ends[1], form); err != nil {
		return from, to, InvalidParameter("daterange", err.Error())
	}
	if to.Before(from) {
		return from, to, InvalidParameter("daterange", "the second time is before the first")
	}
	return from, to, nil
}
