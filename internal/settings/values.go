package settings

import (
	"errors"
	"log/slog"
	"math"
	"net"
	"net/mail"
	"net/netip"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// isA reports whether n is a scalar with the given YAML tag.
func isA(n *yaml.Node, tag string) bool {
	return n.Kind == yaml.ScalarNode && n.ShortTag() == tag
}

func (d *decoder) text(to *string) value {
	return value{kind: "text", show: shown(to), read: func(n *yaml.Node, key string) {
		if !isA(n, "!!str") || n.Value == "" || strings.ContainsRune(n.Value, 0) {
			d.problem(n.Line, key, "must be text")
			return
		}
		*to = n.Value
	}}
}

// eachText adds one text.
func (d *decoder) eachText(to *[]string) value {
	return value{kind: "text", show: shownList(to), read: func(n *yaml.Node, key string) {
		var v string
		d.text(&v).read(n, key)
		*to = append(*to, v)
	}}
}

// eachOf adds one of the known words.
func (d *decoder) eachOf(to *[]string, words []string) value {
	return value{kind: "word", show: shownList(to), read: func(n *yaml.Node, key string) {
		if !isA(n, "!!str") || !slices.Contains(words, n.Value) {
			d.problem(n.Line, key, "must be one of %s", strings.Join(words, ", "))
			return
		}
		*to = append(*to, n.Value)
	}}
}

func (d *decoder) boolean(to *bool) value {
	return value{kind: "true or false", show: shownBool(to), read: func(n *yaml.Node, key string) {
		if !isA(n, "!!bool") || n.Decode(to) != nil {
			d.problem(n.Line, key, "must be true or false")
		}
	}}
}

// count reads a positive number.
func (d *decoder) count(to *int) value {
	return value{kind: "whole number above 0", show: shownInt(to), read: func(n *yaml.Node, key string) {
		var v int
		if !isA(n, "!!int") || n.Decode(&v) != nil || v < 1 || v > math.MaxInt32 {
			d.problem(n.Line, key, "must be a whole number above 0")
			return
		}
		*to = v
	}}
}

// duration reads text such as 30s; a bare number would have no unit.
func (d *decoder) duration(to *time.Duration) value {
	return value{kind: "duration", show: shownDuration(to), read: func(n *yaml.Node, key string) {
		v, err := time.ParseDuration(n.Value)
		if !isA(n, "!!str") || err != nil || v <= 0 {
			d.problem(n.Line, key, "must be a duration above 0, such as 30s or 2m")
			return
		}
		*to = v
	}}
}

// durationOrOff reads a duration up to most, or off for none.
func (d *decoder) durationOrOff(to *time.Duration, most time.Duration) value {
	some := d.duration(to)
	show := func() string {
		if *to == 0 {
			return "off"
		}
		return some.show()
	}
	return value{kind: "duration, or off", show: show, read: func(n *yaml.Node, key string) {
		if isA(n, "!!str") && n.Value == "off" {
			*to = 0
			return
		}
		before := *to
		if some.read(n, key); *to > most {
			d.problem(n.Line, key, "may be %s at the most", most)
			*to = before
		}
	}}
}

// size reads a number of bytes, or text such as 100MiB.
func (d *decoder) size(to *int64) value {
	return value{kind: "size", show: shownSize(to), read: func(n *yaml.Node, key string) {
		v, err := ParseSize(n.Value)
		if !isA(n, "!!str") && !isA(n, "!!int") || err != nil {
			d.problem(n.Line, key, "must be a number of bytes above 0, such as 1048576 or 100MiB")
			return
		}
		*to = v
	}}
}

var errSize = errors.New("not a number of bytes above 0, such as 1048576 or 100MiB")

// ParseSize returns the number of bytes of a text such as 100MiB, as in
// saltern.yaml.
func ParseSize(text string) (int64, error) {
	shift := 0
	for unit, s := range map[string]int{"KiB": 10, "MiB": 20, "GiB": 30} {
		if digits, ok := strings.CutSuffix(text, unit); ok {
			text, shift = strings.TrimSpace(digits), s
			break
		}
	}
	v, err := strconv.ParseInt(text, 10, 64)
	if err != nil || v < 1 || v > math.MaxInt64>>shift {
		return 0, errSize
	}
	return v << shift, nil
}

// address reads host:port.
func (d *decoder) address(to *string) value {
	return value{kind: "host:port", show: shown(to), read: func(n *yaml.Node, key string) {
		if !isA(n, "!!str") || !isAddress(n.Value) {
			d.problem(n.Line, key, "must be host:port, such as 127.0.0.1:8000")
			return
		}
		*to = n.Value
	}}
}

func isAddress(text string) bool {
	host, port, err := net.SplitHostPort(text)
	if err != nil || strings.ContainsAny(host, " \t\n\x00") {
		return false
	}
	_, err = strconv.ParseUint(port, 10, 16)
	return err == nil
}

// adminListen reads host:port, or off.
func (d *decoder) adminListen(to *string) value {
	return value{kind: "host:port, or off", show: shownAdmin(to), read: func(n *yaml.Node, key string) {
		switch {
		case isA(n, "!!str") && n.Value == "off":
			*to = ""
		case isA(n, "!!str") && isAddress(n.Value):
			*to = n.Value
		default:
			d.problem(n.Line, key, "must be host:port, such as 127.0.0.1:9377, or off")
		}
	}}
}

// prefix adds an address, or a network such as 10.0.0.0/8.
func (d *decoder) prefix(to *[]netip.Prefix) value {
	return value{kind: "address or network", show: shownList(to), read: func(n *yaml.Node, key string) {
		v, err := netip.ParsePrefix(n.Value)
		if addr, aerr := netip.ParseAddr(n.Value); aerr == nil && addr.Zone() == "" {
			v, err = netip.PrefixFrom(addr, addr.BitLen()), nil
		}
		if !isA(n, "!!str") || err != nil {
			d.problem(n.Line, key, "must be an address or a network, such as 127.0.0.1 or 10.0.0.0/8")
			return
		}
		*to = append(*to, v.Masked())
	}}
}

func (d *decoder) level(to *slog.Level) value {
	return value{kind: "debug, info, warn or error", show: shownLevel(to), read: func(n *yaml.Node, key string) {
		levels := map[string]slog.Level{
			"debug": slog.LevelDebug, "info": slog.LevelInfo,
			"warn": slog.LevelWarn, "error": slog.LevelError,
		}
		level, ok := levels[n.Value]
		if !ok {
			d.problem(n.Line, key, "must be debug, info, warn or error")
			return
		}
		*to = level
	}}
}

// optional reads text that may be empty.
func (d *decoder) optional(to *string) value {
	return value{kind: "text", show: shown(to), read: func(n *yaml.Node, key string) {
		if isA(n, "!!str") && n.Value == "" {
			*to = ""
			return
		}
		d.text(to).read(n, key)
	}}
}

// opposite reads a boolean and stores its negation.
func (d *decoder) opposite(to *bool) value {
	return value{kind: "true or false", show: shownOpposite(to), read: func(n *yaml.Node, key string) {
		yes := !*to
		d.boolean(&yes).read(n, key)
		*to = !yes
	}}
}

// number reads a whole number within bounds.
func (d *decoder) number(to *int, least, most int) value {
	return value{kind: "whole number", show: shownInt(to), read: func(n *yaml.Node, key string) {
		var v int
		if !isA(n, "!!int") || n.Decode(&v) != nil || v < least || v > most {
			d.problem(n.Line, key, "must be a whole number from %d to %d", least, most)
			return
		}
		*to = v
	}}
}

var wordForm = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z._-]{0,63}$`)

// word reads a name of letters, digits, hyphens, dots and underscores.
func (d *decoder) word(to *string) value {
	return value{kind: "name", show: shown(to), read: func(n *yaml.Node, key string) {
		if !isA(n, "!!str") || !wordForm.MatchString(n.Value) {
			d.problem(n.Line, key, "must be a name of letters, digits, hyphens, dots and underscores")
			return
		}
		*to = n.Value
	}}
}

// oneOf reads one of some words.
func oneOf[T comparable](d *decoder, known map[string]T, words string, to *T) value {
	show := func() string {
		for word, v := range known {
			if v == *to {
				return word
			}
		}
		return ""
	}
	return value{kind: words, show: show, read: func(n *yaml.Node, key string) {
		v, ok := known[n.Value]
		if n.Kind != yaml.ScalarNode || !ok {
			d.problem(n.Line, key, "must be %s", words)
			return
		}
		*to = v
	}}
}

// mailAddress reads an address, with or without a display name.
func (d *decoder) mailAddress(to *string) value {
	return value{kind: "mail address", show: shown(to), read: func(n *yaml.Node, key string) {
		_, err := mail.ParseAddress(n.Value)
		if !isA(n, "!!str") || err != nil || strings.ContainsAny(n.Value, "\r\n") {
			d.problem(n.Line, key, "must be a mail address")
			return
		}
		*to = n.Value
	}}
}

// glob adds a pattern with *, ? and [a-z].
func (d *decoder) glob(to *[]string) value {
	return value{kind: "pattern", show: shownList(to), read: func(n *yaml.Node, key string) {
		d.eachText(to).read(n, key)
		if _, err := path.Match(n.Value, ""); err != nil {
			d.problem(n.Line, key, "is no pattern: a bracket is not closed, or there is nothing in it")
		}
	}}
}

// redisAddress adds host:port, or the path of a socket.
func (d *decoder) redisAddress(to *[]string) value {
	return value{kind: "host:port or path", show: shownList(to), read: func(n *yaml.Node, key string) {
		socket := strings.HasPrefix(n.Value, "/") && !strings.ContainsRune(n.Value, 0)
		if !isA(n, "!!str") || !socket && (!isAddress(n.Value) || strings.ContainsAny(n.Value, "@/")) {
			d.problem(n.Line, key, "must be host:port, such as 127.0.0.1:6379, or the path of a socket")
			return
		}
		*to = append(*to, n.Value)
	}}
}
