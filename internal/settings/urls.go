package settings

import (
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// origin adds an origin in the form in which browsers send it, or "*".
func (d *decoder) origin(to *[]string) value {
	return value{kind: `origin, or "*"`, show: shownList(to), read: func(n *yaml.Node, key string) {
		origin, path, ok := splitURL(n.Value)
		if n.Value == "*" {
			origin, path, ok = "*", "", true
		}
		if !isA(n, "!!str") || !ok || path != "" {
			d.problem(n.Line, key, `must be an origin such as https://ui.example.com, or "*"`)
			return
		}
		*to = append(*to, origin)
	}}
}

// publicURL reads the beginning of the gateway's URLs, or nothing.
func (d *decoder) publicURL(to *string) value {
	return value{kind: "URL", show: shown(to), read: func(n *yaml.Node, key string) {
		origin, path, ok := splitURL(n.Value)
		web := strings.HasPrefix(origin, "https://") || strings.HasPrefix(origin, "http://")
		switch {
		case isA(n, "!!str") && n.Value == "":
			*to = ""
		case !isA(n, "!!str") || !ok || !web || !isPlainPath(path):
			d.problem(n.Line, key, "must be a URL such as https://salt.example.com or https://example.com/salt, without anything behind the path")
		default:
			*to = origin + path
		}
	}}
}

// splitURL splits a URL of a scheme, a host, and optionally a port and a path.
// The origin is in the form of RFC 6454, section 6.2: scheme and host in lower
// case, and no default port.
func splitURL(text string) (origin, path string, ok bool) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme == "" || u.Opaque != "" || u.User != nil || !isHost(u.Hostname()) {
		return "", "", false
	}
	rest, found := strings.CutPrefix(strings.ToLower(text), u.Scheme+"://"+strings.ToLower(u.Host))
	if !found {
		return "", "", false
	}
	path = text[len(text)-len(rest):]
	port := u.Port()
	if n, err := strconv.ParseUint(port, 10, 16); port == "" && strings.HasSuffix(u.Host, ":") ||
		port != "" && (err != nil || n == 0 || port[0] == '0') {
		return "", "", false
	}
	host := strings.ToLower(u.Host)
	switch u.Scheme + ":" + port {
	case "https:443", "http:80":
		host = strings.TrimSuffix(host, ":"+port)
	}
	return u.Scheme + "://" + host, path, true
}

// isHost reports whether a name is ASCII, as browsers send hosts; others are in
// Punycode.
func isHost(host string) bool {
	return host != "" && !strings.ContainsFunc(host, func(r rune) bool {
		return r <= ' ' || r > '~' || strings.ContainsRune(`"*'<>\\^{|}%`, r)
	})
}

// isPlainPath reports whether a path is empty, or consists of segments of
// unreserved characters.
func isPlainPath(path string) bool {
	if path == "" {
		return true
	}
	for i, segment := range strings.Split(path, "/") {
		if (segment == "") != (i == 0) || segment == "." || segment == ".." {
			return false
		}
		if strings.ContainsFunc(segment, func(r rune) bool {
			isAlphanumeric := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
			return !isAlphanumeric && !strings.ContainsRune("-._~", r)
		}) {
			return false
		}
	}
	return true
}

// webhookURL reads a URL without user information, since that would show a
// secret.
func (d *decoder) webhookURL(to *string) value {
	return value{kind: "URL", show: shown(to), read: func(n *yaml.Node, key string) {
		u, err := url.Parse(n.Value)
		switch {
		case !isA(n, "!!str") || err != nil || u.Hostname() == "" || u.Fragment != "" ||
			u.Scheme != "https" && u.Scheme != "http":
			d.problem(n.Line, key, "must be a URL such as https://alerts.example.com/saltern")
		case u.User != nil:
			d.problem(n.Line, key, "may have no user name or password in it")
		case u.Scheme == "http" && !IsLoopback(u.Host):
			d.problem(n.Line, key, "must be https, except to a loopback address")
		default:
			*to = n.Value
		}
	}}
}

// IsLoopback reports whether a host, with or without a port, is this machine.
func IsLoopback(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	addr, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return host == "localhost" || err == nil && addr.Unmap().IsLoopback()
}
