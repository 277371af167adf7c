package settings

import (
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"
)

// The functions here write a value in the form of saltern.yaml.

func shown(v *string) func() string { return func() string { return *v } }

func shownBool(v *bool) func() string { return func() string { return strconv.FormatBool(*v) } }

func shownOpposite(v *bool) func() string { return func() string { return strconv.FormatBool(!*v) } }

func shownInt(v *int) func() string { return func() string { return strconv.Itoa(*v) } }

func shownLevel(v *slog.Level) func() string {
	return func() string { return strings.ToLower(v.String()) }
}

func shownList[T any](v *[]T) func() string {
	return func() string {
		words := make([]string, len(*v))
		for i, e := range *v {
			words[i] = fmt.Sprint(e)
		}
		return "[" + strings.Join(words, ", ") + "]"
	}
}

// shownAdmin shows an address or off.
func shownAdmin(v *string) func() string {
	return func() string {
		if *v == "" {
			return "off"
		}
		return *v
	}
}

// shownSize shows bytes in the largest unit that is whole.
func shownSize(v *int64) func() string {
	return func() string {
		for _, unit := range []struct {
			name  string
			shift int
		}{{"GiB", 30}, {"MiB", 20}, {"KiB", 10}} {
			if n := *v >> unit.shift; n > 0 && n<<unit.shift == *v {
				return strconv.FormatInt(n, 10) + unit.name
			}
		}
		return strconv.FormatInt(*v, 10)
	}
}

// shownDuration shows a duration without the units that are zero.
func shownDuration(v *time.Duration) func() string {
	return func() string {
		text := v.String()
		if strings.HasSuffix(text, "m0s") {
			text = strings.TrimSuffix(text, "0s")
		}
		if strings.HasSuffix(text, "h0m") {
			text = strings.TrimSuffix(text, "0m")
		}
		if text == "0s" {
			return ""
		}
		return text
	}
}

// shownSpan shows a lifetime in the largest unit that is whole.
func shownSpan(v *time.Duration) func() string {
	return func() string {
		for _, unit := range []byte("ywdhms") {
			if u := lifeUnits[unit]; *v > 0 && *v%u == 0 {
				return strconv.FormatInt(int64(*v/u), 10) + string(rune(unit))
			}
		}
		return ""
	}
}

// shownAtMost shows a limit, where 0 is none.
func shownAtMost(v *time.Duration) func() string {
	return func() string {
		if *v == 0 {
			return "never"
		}
		return shownSpan(v)()
	}
}

// shownLife shows a lifetime, which may be infinite.
func shownLife(v *Life) func() string {
	return func() string {
		if v.Never {
			return "never"
		}
		return shownSpan(&v.For)()
	}
}
