package web

import (
	"net/http"
	"strings"
)

// The parts of a traceparent (W3C Trace Context, section 3.2): version-trace-parent-flags, all of them in lower-case
// hexadecimal digits.
const (
	traceVersion = len("00")
	traceID      = traceVersion + 1 + len("0123456789abcdef0123456789abcdef")
	traceParent  = traceID + 1 + len("0123456789abcdef")
	traceFlags   = traceParent + 1 + len("00")
)

// traceparent returns the request's traceparent, if it has one that is well-formed, and else "". Of one of a version
// that is newer than 00, it is the part that all versions have.
func traceparent(r *http.Request) string {
	sent := r.Header["Traceparent"]
	if len(sent) != 1 || len(sent[0]) < traceFlags {
		return ""
	}
	text, more := sent[0][:traceFlags], sent[0][traceFlags:]
	version, trace, parent := text[:traceVersion], text[traceVersion+1:traceID], text[traceID+1:traceParent]
	for i := range len(text) {
		c := text[i]
		switch i {
		case traceVersion, traceID, traceParent:
			if c != '-' {
				return ""
			}
		default:
			if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
				return ""
			}
		}
	}
	switch {
	case version == "ff", strings.Trim(trace, "0") == "", strings.Trim(parent, "0") == "":
		return ""
	case more != "" && (version == "00" || more[0] != '-'):
		return ""
	}
	return text
}
