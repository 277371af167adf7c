package yaml11

import (
	"errors"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxDigits is Python's own limit on the length of an integer in text.
const maxDigits = 4300

// integer returns an int64, or a *big.Int for what is larger.
func integer(n *yaml.Node) (any, *Error) {
	s := n.Value
	// Salt drops leading zeros, so 0750 is seven hundred and fifty; behind a sign they escape that, and -010 is octal.
	if strings.HasPrefix(s, "0") && !strings.HasPrefix(s, "0b") && !strings.HasPrefix(s, "0x") {
		if s = strings.TrimLeft(s, "0"); s == "" {
			s = "0"
		}
	}
	i, ok := parseInt(strings.ReplaceAll(s, "_", ""))
	switch {
	case !ok:
		return nil, fatalAt(n.Line, "not an integer")
	case i.IsInt64():
		return i.Int64(), nil
	default:
		return i, nil
	}
}

func parseInt(s string) (*big.Int, bool) {
	if len(s) > maxDigits {
		return nil, false
	}
	negative := strings.HasPrefix(s, "-")
	s = strings.TrimPrefix(strings.TrimPrefix(s, "-"), "+")
	var i *big.Int
	ok := false
	switch {
	case s == "0":
		i, ok = new(big.Int), true
	case strings.HasPrefix(s, "0b"):
		i, ok = digits(s[2:], 2)
	case strings.HasPrefix(s, "0x"):
		i, ok = digits(s[2:], 16)
	case strings.HasPrefix(s, "0"):
		i, ok = digits(s, 8)
	case strings.Contains(s, ":"):
		i, ok = sexagesimal(s)
	default:
		i, ok = digits(s, 10)
	}
	if ok && negative {
		i.Neg(i)
	}
	return i, ok
}

// digits refuses the second sign that big.Int would take.
func digits(s string, base int) (*big.Int, bool) {
	if s == "" || s[0] == '-' || s[0] == '+' {
		return nil, false
	}
	return new(big.Int).SetString(s, base)
}

func sexagesimal(s string) (*big.Int, bool) {
	sum, sixty := new(big.Int), big.NewInt(60)
	for part := range strings.SplitSeq(s, ":") {
		i, ok := digits(part, 10)
		if !ok {
			return nil, false
		}
		sum.Add(sum.Mul(sum, sixty), i)
	}
	return sum, true
}

func float(n *yaml.Node) (any, *Error) {
	s := strings.ToLower(strings.ReplaceAll(n.Value, "_", ""))
	sign := 1.0
	if strings.HasPrefix(s, "-") {
		sign = -1
	}
	s = strings.TrimPrefix(strings.TrimPrefix(s, "-"), "+")
	switch s {
	case ".inf":
		return math.Inf(int(sign)), nil
	case ".nan":
		return math.NaN(), nil
	}
	sum, base := 0.0, 1.0
	parts := strings.Split(s, ":")
	for _, part := range slices.Backward(parts) {
		f, ok := parseFloat(part)
		if !ok {
			return nil, fatalAt(n.Line, "not a number")
		}
		sum += f * base
		base *= 60
	}
	return sign * sum, nil
}

// parseFloat reads what Python's float() reads; too large is infinite there, too.
func parseFloat(s string) (float64, bool) {
	if strings.Contains(s, "x") { // hexadecimal floats are Go's
		return 0, false
	}
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil || errors.Is(err, strconv.ErrRange)
}
