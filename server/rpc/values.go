package rpc

import (
	"crypto/sha1" //nolint:gosec // a UUID of version 5 (RFC 9562) is made with it; nothing depends on its strength
	"fmt"
	"strings"
	"time"
)

// nameSpace is the name space of the UUIDs of what has a name and no UUID: users,
// roles and the master.
var nameSpace = [16]byte{0x5a, 0x17, 0x3e, 0x90, 0x0c, 0x4b, 0x4f, 0x6e, 0x9a, 0x52, 0x3d, 0x11, 0x7e, 0x60, 0x2c, 0x88}

// uuidOf returns the UUID of something with a name. It is always the same.
func uuidOf(kind, name string) string {
	h := sha1.New() //nolint:gosec // see the import
	h.Write(nameSpace[:])
	h.Write([]byte(kind + "\x00" + name))
	u := h.Sum(nil)[:16]
	u[6] = u[6]&0x0f | 0x50 // version 5
	u[8] = u[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:])
}

func userUUID(eauth, user string) string { return uuidOf("user", eauth+"\x00"+user) }

// timeForms are the forms of times that programs send. Fractions of seconds may be in
// each; a time without a zone is one of UTC.
var timeForms = []string{
	time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05", "2006-01-02T15:04Z07:00",
	"2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02",
}

// parseTime reads a time in one of the usual forms, or in one of strptime's.
func parseTime(text, form string) (time.Time, error) {
	forms := timeForms
	if form != "" {
		layout, err := layoutOf(form)
		if err != nil {
			return time.Time{}, err
		}
		forms = []string{layout}
	}
	for _, layout := range forms {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("%.60q is not a time", text)
}

// directives are those of strptime, in Go's words. Fractions follow the seconds in
// any case.
var directives = map[byte]string{
	'Y': "2006", 'y': "06", 'm': "01", 'd': "02", 'H': "15", 'I': "03", 'M': "04", 'S': "05", 'p': "PM", 'j': "002",
	'b': "Jan", 'B': "January", 'a': "Mon", 'A': "Monday", 'z': "-0700", 'Z': "MST", 'T': "15:04:05", 'F': "2006-01-02", '%': "%",
}

func layoutOf(form string) (string, error) {
	form = strings.ReplaceAll(form, ".%f", "")
	var b strings.Builder
	for i := 0; i < len(form); i++ {
		if form[i] != '%' {
			b.WriteByte(form[i])
			continue
		}
		if i++; i == len(form) {
			return "", fmt.Errorf("the format %.60q is not complete", form)
		}
		layout, ok := directives[form[i]]
		if !ok {
			return "", fmt.Errorf("the format has an unknown directive %%%c", form[i])
		}
		b.WriteString(layout)
	}
	return b.String(), nil
}

// dateRange reads the two ends of a period; none is no bound.
func dateRange(ends []string, form string) (from, to time.Time, err error) {
	switch len(ends) {
	case 0:
		return from, to, nil
	case 2:
	default:
		return from, to, invalidParameter("daterange", "it has two times, the first and the last")
	}
	if from, err = parseTime(ends[0], form); err != nil {
		return from, to, invalidParameter("daterange", err.Error())
	}
	if to, err = parseTime(ends[1], form); err != nil {
		return from, to, invalidParameter("daterange", err.Error())
	}
	if to.Before(from) {
		return from, to, invalidParameter("daterange", "the second time is before the first")
	}
	return from, to, nil
}
