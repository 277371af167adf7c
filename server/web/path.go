package web

import (
	"net/http"
	"net/url"
	"path"
	"strings"
	"unicode/utf8"

	"github.com/go-chi/chi/v5"
)

// cleanPath returns the path of a URL without empty segments, as CherryPy reads
// one: //login and /login/ are /login. Dots are ordinary segments. An escaped
// slash is part of its segment: if there is one, raw is the path with these
// slashes escaped, and otherwise empty, as in [url.URL]. A path that is not
// UTF-8 is read as ISO-8859-1, as in CherryPy.
func cleanPath(u *url.URL) (path, raw string) {
	var plain, escaped strings.Builder
	latin := !utf8.ValidString(u.Path)
	for part := range strings.SplitSeq(u.EscapedPath(), "/") {
		segment, err := url.PathUnescape(part)
		if err != nil { // EscapedPath never returns such a path
			segment = part
		}
		if segment == "" {
			continue
		}
		if latin {
			segment = fromLatin1(segment)
		}
		plain.WriteString("/" + segment)
		escaped.WriteString("/" + slashEscaper.Replace(segment))
	}
	path, raw = plain.String(), escaped.String()
	if path == "" {
		return "/", ""
	}
	if strings.Count(path, "/") == strings.Count(raw, "/") {
		raw = ""
	}
	return path, raw
}

func fromLatin1(s string) string {
	runes := make([]rune, len(s))
	for i := range len(s) {
		runes[i] = rune(s[i])
	}
	return string(runes)
}

// slashEscaper escapes a segment as url.PathUnescape reverses it.
var slashEscaper = strings.NewReplacer("/", "%2F", "%", "%25")

// BelowRoot strips a prefix, which [cleanPath] would not change, from the path
// of a request. It reports whether the path was below the prefix.
func BelowRoot(r *http.Request, prefix string) (*http.Request, bool) {
	path, raw := cleanPath(r.URL)
	if prefix == "" && path == r.URL.Path && raw == r.URL.RawPath && path != "/index" {
		return r, true // as most
	}
	u := *r.URL
	u.Path, u.RawPath = path, raw
	if u.RawPath == "" {
		u.Path = belowPrefix(u.Path, prefix)
	}
	var ok bool
	if u.Path, ok = cutRoot(u.Path, prefix); !ok {
		return r, false
	}
	if u.RawPath != "" {
		if u.RawPath, ok = cutRoot(u.RawPath, slashesKept(prefix)); !ok {
			return r, false
		}
	}
	inner := *r
	inner.URL = &u
	return &inner, true
}

// slashesKept returns a path with everything escaped that slashEscaper escapes
// in segments.
func slashesKept(path string) string { return strings.ReplaceAll(path, "%", "%25") }

func cutRoot(path, prefix string) (string, bool) {
	rest, ok := strings.CutPrefix(path, prefix)
	switch {
	case !ok || rest != "" && rest[0] != '/':
		return "", false
	case rest == "", rest == "/index": // CherryPy's name of the root
		return "/", true
	}
	return rest, true
}

// Param returns a parameter of the route from the path. Unlike that of
// [chi.URLParam] it may contain a slash.
func Param(r *http.Request, name string) string {
	v := chi.URLParam(r, name)
	if r.URL.RawPath == "" {
		return v
	}
	if plain, err := url.PathUnescape(v); err == nil {
		return plain
	}
	return v
}

// The well-known paths of RFC 8414 and RFC 9728.
const (
	MetadataPath = "/.well-known/oauth-authorization-server"
	ResourcePath = "/.well-known/oauth-protected-resource"
)

// belowPrefix moves the path of a well-known document below root_prefix, where
// the routes are. By the RFCs, clients put the prefix after the well-known
// part, at the root of the host; the documents are also served below the
// prefix, for proxies that forward nothing else.
func belowPrefix(path, prefix string) string {
	for _, known := range []string{MetadataPath, ResourcePath} {
		if rest, ok := strings.CutPrefix(path, known+prefix); ok && prefix != "" && (rest == "" || rest[0] == '/') {
			return prefix + known + rest
		}
	}
	return path
}

// RootPrefix returns a root_prefix in the form that BelowRoot takes: "" for
// none.
func RootPrefix(setting string) string {
	if prefix := path.Clean("/" + setting); prefix != "/" {
		return prefix
	}
	return ""
}
