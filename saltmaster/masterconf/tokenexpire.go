package masterconf

import (
	"slices"

	"github.com/saltern-api/saltern/saltmaster/masterconf/yaml11"
)

// MayChooseTokenExpire reports whether a user may choose another lifetime of a token than TokenExpire, by
// token_expire_user_override: true lets everybody, a mapping from an eauth module lets the users that it lists.
func (c *Config) MayChooseTokenExpire(eauth, user string) bool {
	switch override := c.TokenExpireUserOverride.(type) {
	case bool:
		return override
	case *yaml11.Map:
		users, _ := override.Get(eauth)
		return lists(users, user)
	}
	return false
}

// lists reports whether a list, or the keys of a mapping, hold a name. Salt would find it inside of longer text too, where
// there is text in place of a list; that is never meant.
func lists(v any, name string) bool {
	switch v := v.(type) {
	case string:
		return v == name
	case []any:
		return slices.Contains(v, any(name))
	case *yaml11.Map:
		_, ok := v.Get(name)
		return ok
	}
	return false
}
