package format

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Media is a format of responses.
type Media int

// The formats, in the order of preference.
const (
	JSON Media = iota
	YAML
)

// emitted are the media types of all Media.
var emitted = []string{JSON: "application/json", YAML: "application/x-yaml"}

// ContentType returns the media type.
func (m Media) ContentType() string { return emitted[m] }

// Negotiate chooses the format by the Accept headers, as CherryPy does: the
// range with the highest q decides, of equals the one that sorts last, and
// other params are ignored. Without a header, or with an empty one, any format
// is accepted. It reports false if neither format is.
func Negotiate(accept []string) (Media, bool) {
	i := preferred(accept, emitted)
	return Media(max(i, 0)), i >= 0
}

// NotAcceptable returns the error for headers that accept neither format.
func NotAcceptable(accept []string) *Error {
	header := strings.Join(accept, ", ")
	if len(header) > maxEchoed {
		header = header[:maxEchoed] + "..."
	}
	if !utf8.ValidString(header) {
		header = strings.ToValidUTF8(header, "\uFFFD")
	}
	return unsupported("Your client sent this Accept header: " + header +
		". But this resource only emits these media types: " + strings.Join(emitted, ", ") + ".")
}

// maxEchoed is how many bytes of a header are repeated in a response.
const maxEchoed = 512

// PrefersHTML reports whether a request is for the page of the option app,
// rather than for data (rest_cherrypy's html_override). It is if HTML is
// accepted, even by */* among others; but */* alone is what programs send.
//
// A request without an Accept header does not prefer HTML: salt-api would send
// the page to a browser's websocket.
func PrefersHTML(accept []string) bool {
	header := strings.TrimSpace(strings.Join(accept, ", "))
	return header != "" && header != "*/*" && preferred(accept, []string{"text/html"}) == 0
}

// preferred returns the index of the best of the types, -1 if none is accepted.
func preferred(accept, types []string) int {
	ranges := acceptRanges(accept)
	if len(ranges) == 0 {
		return 0
	}
	for _, r := range ranges {
		for i, t := range types {
			if r.q > 0 && r.matches(t) {
				return i
			}
		}
	}
	return -1
}

type acceptRange struct {
	value string
	q     float64
}

func (r acceptRange) matches(mediaType string) bool {
	prefix, any := strings.CutSuffix(r.value, "/*")
	switch {
	case r.value == "*/*":
		return true
	case any:
		kind, _, _ := strings.Cut(mediaType, "/")
		return kind == prefix
	}
	return r.value == mediaType
}

// acceptRanges returns the elements of the headers, the best first.
func acceptRanges(headers []string) []acceptRange {
	var ranges []acceptRange
	for _, h := range headers {
		if h == "" {
			continue
		}
		for element := range strings.SplitSeq(h, ",") {
			ranges = append(ranges, parseRange(element))
		}
	}
	slices.SortStableFunc(ranges, func(a, b acceptRange) int {
		return cmp.Or(cmp.Compare(b.q, a.q), strings.Compare(b.value, a.value))
	})
	return ranges
}

// parseRange reads an invalid q as 0.
func parseRange(element string) acceptRange {
	value, params, _ := strings.Cut(element, ";")
	r := acceptRange{value: strings.ToLower(strings.TrimSpace(value)), q: 1}
	for param := range strings.SplitSeq(params, ";") {
		name, q, _ := strings.Cut(param, "=")
		if strings.EqualFold(strings.TrimSpace(name), "q") {
			r.q, _ = strconv.ParseFloat(strings.TrimSpace(q), 64)
			break
		}
	}
	return r
}
