package masterconf

import (
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/saltern-api/saltern/saltmaster/masterconf/yaml11"
)

// truthy reports whether Python takes a value for true.
func truthy(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case bool:
		return v
	case int64:
		return v != 0
	case float64:
		return v != 0
	case string:
		return v != ""
	case []byte:
		return len(v) > 0
	case []any:
		return len(v) > 0
	case *yaml11.Map:
		return v.Len() > 0
	default: // *big.Int is never zero
		return true
	}
}

// kind names a value's type for a message.
func kind(v any) string {
	switch v.(type) {
	case nil:
		return "nothing"
	case bool:
		return "a boolean"
	case int64, *big.Int:
		return "an integer"
	case float64:
		return "a fraction"
	case string:
		return "text"
	case []byte:
		return "binary data"
	case []any:
		return "a list"
	default:
		return "a mapping"
	}
}

// keyText is a key as text, which for a scalar that is not text is what Python's str() makes of it.
func keyText(v any) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case bool:
		if v {
			return "True"
		}
		return "False"
	case []byte:
		return string(v)
	case float64:
		if v == math.Trunc(v) && math.Abs(v) < 1e16 {
			return strconv.FormatFloat(v, 'f', 1, 64)
		}
		if math.IsInf(v, 0) || math.IsNaN(v) {
			return strings.ToLower(strings.TrimPrefix(strconv.FormatFloat(v, 'g', -1, 64), "+"))
		}
		return strconv.FormatFloat(v, 'g', -1, 64)
	default:
		return fmt.Sprint(v)
	}
}

// hasSDB reports whether a value is, or holds, an sdb:// address.
func hasSDB(v any) bool {
	switch v := v.(type) {
	case string:
		return strings.HasPrefix(v, "sdb://")
	case []any:
		return slices.ContainsFunc(v, hasSDB)
	case *yaml11.Map:
		for it := range v.All() {
			if hasSDB(it.Value) {
				return true
			}
		}
	}
	return false
}
