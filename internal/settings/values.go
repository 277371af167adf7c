package settings

import (
	"errors"
	"log/slog"
	"math"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// isA tells whether n is a scalar that YAML takes for the given tag.
func isA(n *yaml.Node, tag string) bool {
	return n.Kind == yaml.ScalarNode && n.ShortTag() == tag
}

func (d *decoder) text(to *string) reader {
	return func(n *yaml.Node, key string) {
		if !isA(n, "!!str") || n.Value == "" || strings.ContainsRune(n.Value, 0) {
			d.problem(n.Line, key, "must be text")
			return
		}
		*to = n.Value
	}
}

// eachText adds one text.
func (d *decoder) eachText(to *[]string) reader {
	return func(n *yaml.Node, key string) {
		var v string
		d.text(&v)(n, key)
		*to = append(*to, v)
	}
}

// oneOf adds one of the words that there are.
func (d *decoder) oneOf(to *[]string, words []string) reader {
	return func(n *yaml.Node, key string) {
		if !isA(n, "!!str") || !slices.Contains(words, n.Value) {
			d.problem(n.Line, key, "must be one of %s", strings.Join(words, ", "))
			return
		}
		*to = append(*to, n.Value)
	}
}

func (d *decoder) boolean(to *bool) reader {
	return func(n *yaml.Node, key string) {
		if !isA(n, "!!bool") || n.Decode(to) != nil {
			d.problem(n.Line, key, "must be true or false")
		}
	}
}

// count reads a positive number.
func (d *decoder) count(to *int) reader {
	return func(n *yaml.Node, key string) {
		var v int
		if !isA(n, "!!int") || n.Decode(&v) != nil || v < 1 || v > math.MaxInt32 {
			d.problem(n.Line, key, "must be a whole number above 0")
			return
		}
		*to = v
	}
}

// duration reads text such as 30s; a bare number would leave the unit open.
func (d *decoder) duration(to *time.Duration) reader {
	return func(n *yaml.Node, key string) {
		v, err := time.ParseDuration(n.Value)
		if !isA(n, "!!str") || err != nil || v <= 0 {
			d.problem(n.Line, key, "must be a duration above 0, such as 30s or 2m")
			return
		}
		*to = v
	}
}

// size reads a number of bytes, or text such as 100MiB.
func (d *decoder) size(to *int64) reader {
	return func(n *yaml.Node, key string) {
		v, err := parseSize(n.Value)
		if !isA(n, "!!str") && !isA(n, "!!int") || err != nil {
			d.problem(n.Line, key, "must be a number of bytes above 0, such as 1048576 or 100MiB")
			return
		}
		*to = v
	}
}

var errSize = errors.New("not a size")

func parseSize(text string) (int64, error) {
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
func (d *decoder) address(to *string) reader {
	return func(n *yaml.Node, key string) {
		if !isA(n, "!!str") || !isAddress(n.Value) {
			d.problem(n.Line, key, "must be host:port, such as 127.0.0.1:8000")
			return
		}
		*to = n.Value
	}
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
func (d *decoder) adminListen(to *string) reader {
	return func(n *yaml.Node, key string) {
		switch {
		case isA(n, "!!str") && n.Value == "off":
			*to = ""
		case isA(n, "!!str") && isAddress(n.Value):
			*to = n.Value
		default:
			d.problem(n.Line, key, "must be host:port, such as 127.0.0.1:9377, or off")
		}
	}
}

// prefix adds an address, or a network such as 10.0.0.0/8.
func (d *decoder) prefix(to *[]netip.Prefix) reader {
	return func(n *yaml.Node, key string) {
		v, err := netip.ParsePrefix(n.Value)
		if addr, aerr := netip.ParseAddr(n.Value); aerr == nil && addr.Zone() == "" {
			v, err = netip.PrefixFrom(addr, addr.BitLen()), nil
		}
		if !isA(n, "!!str") || err != nil {
			d.problem(n.Line, key, "must be an address or a network, such as 127.0.0.1 or 10.0.0.0/8")
			return
		}
		*to = append(*to, v.Masked())
	}
}

func (d *decoder) level(to *slog.Level) reader {
	return func(n *yaml.Node, key string) {
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
	}
}
