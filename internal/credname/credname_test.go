package credname_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/internal/credname"
)

func TestNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]struct{ is, inSalt bool }{
		"password": {true, true}, "Password": {true, true}, "ssh_passwd": {true, true}, "ssh-priv-passwd": {true, true},
		"passphrase": {true, true}, "client_secret": {true, true}, "sharedsecret": {true, true}, "token": {true, true},
		"api-key": {true, true}, "X-Api-Key": {true, true}, "APIKEY": {true, true}, "aws_secret_access_key": {true, true},
		"private_key": {true, true}, "Authorization": {true, true}, "Set-Cookie": {true, true}, "X-CSRF-Token": {true, true},
		"X-Xsrf": {true, true}, "auth_list": {true, true}, "minion_pem": {true, true}, "win_password": {true, true},
		"sudo_password": {true, true}, "credentials": {true, true}, "ssh_priv": {true, true},
		"key": {false, true}, "PRIV": {false, true},
		"user": {}, "pub": {}, "keys": {}, "monkey": {}, "": {}, "fun": {}, "pass": {}, "host": {}, "private": {},
	} {
		require.Equal(t, want.is, credname.Is(name), name)
		require.Equal(t, want.inSalt, credname.IsInSalt(name), name)
	}
}

func TestAssigned(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"password=x": "password", "db_password=a=b": "db_password", "token=": "token",
		"password": "", "user=token": "", "=token": "", "": "",
		strings.Repeat("x", 2000) + "token=1": "",
	} {
		name, ok := credname.Assigned(text)
		require.Equal(t, want != "", ok, text)
		if ok {
			require.Equal(t, want, name)
		}
	}
}
