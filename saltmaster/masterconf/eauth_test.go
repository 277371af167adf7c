package masterconf

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMayChooseTokenExpire(t *testing.T) {
	t.Parallel()
	for override, allowed := range map[string][]string{
		"":                                    {},
		"token_expire_user_override: true":    {"pam/alice", "pam/bob", "ldap/alice", "file/alice"},
		"token_expire_user_override: false":   {},
		"token_expire_user_override: 1":       {},
		"token_expire_user_override: [alice]": {},
		"token_expire_user_override: {pam: [alice, [bob]]}":                {"pam/alice"},
		"token_expire_user_override: {ldap: {alice: 1}, pam: bob}":         {"ldap/alice", "pam/bob"},
		"token_expire_user_override: {pam: 'alice, bob', ldap: , file: 5}": {},
	} {
		c := read(t, override)
		got := []string{}
		for _, who := range [][2]string{{"pam", "alice"}, {"pam", "bob"}, {"ldap", "alice"}, {"file", "alice"}} {
			if c.MayChooseTokenExpire(who[0], who[1]) {
				got = append(got, who[0]+"/"+who[1])
			}
		}
		require.ElementsMatch(t, allowed, got, override)
	}
}
