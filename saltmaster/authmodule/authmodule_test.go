package authmodule_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/saltmaster/authmodule"
)

func TestSays(t *testing.T) {
	t.Parallel()
	const plain = "def auth(username, password):\n    return False\n"
	for name, c := range map[string]struct {
		files       map[string]string // in the one folder
		modules     authmodule.Modules
		module      string
		acl, change bool
	}{
		"Salt's own":                    {module: "pam"},
		"of both releases":              {module: "sharedsecret"},
		"another one of Salt's":         {module: "rest", acl: true, change: true},
		"one that 3008 has lost":        {module: "mysql", acl: true, change: true},
		"nobody's":                      {module: "demo", acl: true, change: true},
		"ldap":                          {module: "ldap"},
		"ldap with OUs":                 {module: "ldap", modules: authmodule.Modules{OUs: true}, change: true},
		"OUs of others":                 {module: "pam", modules: authmodule.Modules{OUs: true}},
		"eauth_acl_module":              {module: "pam", modules: authmodule.Modules{ACLModule: "demo"}, acl: true},
		"beside it":                     {module: "pam", files: map[string]string{"demo.py": plain}},
		"in its place":                  {module: "pam", files: map[string]string{"pam.py": plain}, acl: true, change: true},
		"compiled":                      {module: "pam", files: map[string]string{"pam.cpython-311.pyc": "x"}, acl: true, change: true},
		"a package":                     {module: "pam", files: map[string]string{"pam/__init__.py": plain}, acl: true, change: true},
		"under another name":            {module: "pam", files: map[string]string{"x.py": "__virtualname__ = 'pam'"}, acl: true, change: true},
		"a package under another name":  {module: "pam", files: map[string]string{"x/__init__.py": "__virtualname__ = 'pam'"}, acl: true, change: true},
		"by a function":                 {module: "pam", files: map[string]string{"x.py": "def __virtual__(): ..."}, acl: true, change: true},
		"a library under another name":  {module: "pam", files: map[string]string{"x.so": "\x7fELF __virtualname__"}, acl: true, change: true},
		"no module":                     {module: "pam", files: map[string]string{"README.md": "__virtualname__", "__init__.py": "__virtual"}},
		"what the interpreter leaves":   {module: "pam", files: map[string]string{"__pycache__/pam.pyc": "x"}},
		"a folder that is not there":    {module: "pam", modules: authmodule.Modules{Dirs: []string{"/nowhere/at/all"}}},
		"a folder that cannot be read":  {module: "pam", modules: authmodule.Modules{Dirs: []string{"/dev/null"}}, acl: true, change: true},
		"a folder of the master's own":  {module: "pam", modules: authmodule.Modules{Dirs: []string{"auth"}}, acl: true, change: true},
		"as the operator says":          {module: "pam", modules: authmodule.Modules{Deciding: []string{"pam"}}, acl: true, change: true},
		"eauth_acl_module and a module": {module: "demo", modules: authmodule.Modules{ACLModule: "rest"}, acl: true, change: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for file, text := range c.files {
				path := filepath.Join(dir, file)
				require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
				require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
			}
			c.modules.Dirs = append(c.modules.Dirs, dir)
			says := c.modules.Says(c.module)
			require.Equal(t, c.acl, says.ACL)
			require.Equal(t, c.change, says.Process)
			require.Equal(t, c.acl || c.change, says.Why != "")
		})
	}
}
