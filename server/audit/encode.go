package audit

import (
	"encoding/json"
	"slices"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/saltern-api/saltern/server/web"
)

// Bounds of a line's parts, in bytes as written. Together they are less than
// maxLine.
const (
	maxName      = 128
	maxAgent     = 256
	maxText      = 1024
	maxSent      = 2048
	maxArguments = 8 << 10
	maxListed    = 32 // elements of a list

	// maxLine is the longest line that is read back.
	maxLine = 32 << 10
)

// timeFormat is RFC 3339 with a fixed length, so that times compare as text.
const timeFormat = "2006-01-02T15:04:05.000000Z"

// line returns the entry as it is written, with its newline.
func (e Entry) line() []byte {
	e.bound()
	type entry Entry // without methods; its time is shadowed by the field above
	return escaped(encoded(struct {
		Time string `json:"time"`
		*entry
	}{e.Time.UTC().Format(timeFormat), (*entry)(&e)}))
}

// encoded returns a value as JSON, with <, > and & unescaped, and a newline.
func encoded(v any) []byte { return append(web.JSON(v), '\n') }

// bound cuts the fields that are too long.
func (e *Entry) bound() {
	e.Clipped = nil
	for _, f := range []struct {
		name string
		text *string
		most int
	}{
		{"event", &e.Event, maxName},
		{"outcome", &e.Outcome, maxName},
		{"why", &e.Why, maxName},
		{"user", &e.User, maxName},
		{"claimed_user", &e.ClaimedUser, maxName},
		{"eauth", &e.Eauth, maxName},
		{"token_id", &e.TokenID, maxName},
		{"token_name", &e.TokenName, maxName},
		{"token_kind", (*string)(&e.TokenKind), maxName},
		{"token_profile", (*string)(&e.TokenProfile), maxName},
		{"owner", &e.Owner.Eauth, maxName},
		{"owner", &e.Owner.User, maxName},
		{"owner", &e.Owner.ServiceAccount, maxName},
		{"subject", &e.Subject, maxText},
		{"address", &e.Address, maxName},
		{"agent", &e.Agent, maxAgent},
		{"request_id", &e.RequestID, maxName},
		{"client_request_id", &e.ClientRequestID, maxName},
		{"traceparent", &e.Trace, maxName},
		{"endpoint", &e.Endpoint, maxName},
		{"client", &e.Client, maxName},
		{"fun", &e.Fun, maxText},
		{"tgt", &e.Tgt, maxText},
		{"tgt_type", &e.TgtType, maxName},
		{"sent_tgt", &e.SentTgt, maxSent},
		{"sent_tgt_type", &e.SentTgtType, maxName},
		{"jid", &e.JID, maxName},
		{"callback", &e.Callback, maxName},
	} {
		e.clip(f.name, f.text, f.most)
	}
	e.Scopes = e.clipList("scopes", e.Scopes)
	e.Others = e.clipList("others", e.Others)
	e.LeftOut = e.clipList("left_out", e.LeftOut)
	e.boundArguments()
	for key, value := range e.AdditionalProperties {
		if escapedLen(key, maxName) < len(key) || escapedLen(value, maxName) < len(value) {
			e.AdditionalProperties = nil // only ids belong there
			e.clipped("additionalProperties")
			break
		}
	}
}

func (e *Entry) clipped(name string) { e.Clipped = append(e.Clipped, name) }

func (e *Entry) clip(name string, text *string, most int) {
	if n := escapedLen(*text, most); n < len(*text) {
		*text = (*text)[:n]
		e.clipped(name)
	}
}

// clipList returns a copy of the list if it cuts something.
func (e *Entry) clipList(name string, list []string) []string {
	tooLong := func(text string) bool { return escapedLen(text, maxName) < len(text) }
	if len(list) <= maxListed && !slices.ContainsFunc(list, tooLong) {
		return list
	}
	e.clipped(name)
	list = slices.Clone(list[:min(len(list), maxListed)])
	for i, text := range list {
		list[i] = text[:escapedLen(text, maxName)]
	}
	return list
}

// boundArguments turns arguments that are too long, or not JSON, into a string.
func (e *Entry) boundArguments() {
	if len(e.Arguments) == 0 {
		e.Arguments = nil
		return
	}
	n := escapedLen(string(e.Arguments), maxArguments)
	if n == len(e.Arguments) && json.Valid(e.Arguments) {
		return
	}
	e.Arguments = encoded(string(e.Arguments[:n]))
	e.clipped("arguments")
}

// escapedLen returns how many bytes of text fit into most bytes of a line.
func escapedLen(text string, most int) int {
	if len(text) <= most/longestEscape {
		return len(text)
	}
	for i, r := range text {
		if most -= escapedSize(r); most < 0 {
			return i
		}
	}
	return len(text)
}

const longestEscape = 12 // a surrogate pair

func escapedSize(r rune) int {
	switch {
	case r == '"', r == '\\':
		return 2
	case ' ' <= r && r < 0x7f:
		return 1
	case r == utf8.RuneError || !unicode.IsPrint(r) && r <= 0xffff:
		return 6
	case !unicode.IsPrint(r):
		return longestEscape
	}
	return utf8.RuneLen(r)
}

// escaped escapes the characters that JSON allows in strings, but that a
// terminal may interpret or not show. Outside of strings, and in the output of
// package json, there are none.
func escaped(b []byte) []byte {
	i := 0
	for i < len(b) && (' ' <= b[i] && b[i] < 0x7f || b[i] == '\n') {
		i++
	}
	if i == len(b) {
		return b
	}
	out := append(make([]byte, 0, len(b)+len(b)/4), b[:i]...)
	for b = b[i:]; len(b) > 0; {
		r, size := utf8.DecodeRune(b)
		switch {
		case r == '\n' || size > 1 && unicode.IsPrint(r) && r != utf8.RuneError || ' ' <= r && r < 0x7f:
			out = append(out, b[:size]...)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			out = appendEscape(appendEscape(out, high), low)
		default:
			out = appendEscape(out, r)
		}
		b = b[size:]
	}
	return out
}

func appendEscape(b []byte, r rune) []byte {
	const hex = "0123456789abcdef"
	return append(b, '\\', 'u', hex[r>>12&15], hex[r>>8&15], hex[r>>4&15], hex[r&15])
}
