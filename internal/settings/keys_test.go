package settings_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/saltern-api/saltern/internal/settings"
)

// The page with the keys, and the marks around the generated part.
const (
	page      = "../../docs/configuration.md"
	beginKeys = "<!-- keys:begin -->\n"
	endKeys   = "<!-- keys:end -->\n"
)

var update = flag.Bool("update", false, "write the keys into docs/configuration.md")

// TestDocumentedKeys compares docs/configuration.md with the code.
func TestDocumentedKeys(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	head, rest, ok := strings.Cut(string(text), beginKeys)
	require.True(t, ok, "no %s in %s", beginKeys, page)
	documented, tail, ok := strings.Cut(rest, endKeys)
	require.True(t, ok, "no %s in %s", endKeys, page)
	want := "\n" + table(settings.Keys()) + "\n"
	if *update {
		require.NoError(t, os.WriteFile(page, []byte(head+beginKeys+want+endKeys+tail), 0o644))
		return
	}
	require.Equal(t, want, documented, "write it anew with: go generate ./internal/settings")
}

func table(keys []settings.Key) string {
	var b strings.Builder
	b.WriteString("| key | value | default | meaning |\n|---|---|---|---|\n")
	for _, k := range keys {
		standard := ""
		if k.Default != "" {
			standard = "`" + k.Default + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", k.Name, k.Type, standard, k.Meaning)
	}
	return b.String()
}

// Each key has a meaning and a type.
func TestKeysSaySomething(t *testing.T) {
	t.Parallel()
	seen := make(map[string]bool)
	for _, k := range settings.Keys() {
		require.False(t, seen[k.Name], k.Name)
		seen[k.Name] = true
		require.NotEmpty(t, k.Type, k.Name)
		require.NotEmpty(t, k.Meaning, k.Name)
		require.NotContains(t, k.Type+k.Default+k.Meaning, "|", k.Name)
		require.NotContains(t, k.Type+k.Default+k.Meaning, "\n", k.Name)
	}
}

// Each documented default is a valid value, and changes nothing.
func TestDefaultsCanBeWritten(t *testing.T) {
	t.Parallel()
	for _, k := range settings.Keys() {
		if k.Default == "" || strings.Contains(k.Name, "[]") {
			continue
		}
		parts := strings.Split(k.Name, ".")
		if in := "tokens.reminders.mail."; strings.HasPrefix(k.Name, in) {
			continue // the section has no defaults as a whole: TestParseTokens
		}
		text := strings.Join(parts, ": {") + ": " + k.Default + strings.Repeat("}", len(parts)-1)
		got, err := settings.Parse("saltern.yaml", []byte(text))
		require.NoError(t, err, text)
		want := settings.Default()
		switch parts[0] {
		case "max_request_body_size":
			want.MaxRequestBodySize = settings.DefaultBodyLimit
		case "pam", "auth": // the defaults of these are in other packages
			want.PAM, want.Auth = got.PAM, got.Auth
		case "tokens":
			want.Tokens.Throttle = got.Tokens.Throttle
			want.Tokens.Native, want.Tokens.CSP, want.Tokens.VCD = got.Tokens.Native, got.Tokens.CSP, got.Tokens.VCD
		}
		require.Equal(t, want, got, text)
	}
}

// The files of the other tests contain every key.
func TestEveryKeyIsTested(t *testing.T) {
	t.Parallel()
	given := make(map[string]bool)
	for _, text := range []string{full, fullTokens} {
		var file any
		require.NoError(t, yaml.NewDecoder(bytes.NewReader([]byte(text))).Decode(&file))
		collect(given, "", file)
	}
	for _, k := range settings.Keys() {
		require.True(t, given[k.Name], k.Name)
	}
}

func collect(to map[string]bool, path string, v any) {
	to[path] = true
	switch v := v.(type) {
	case map[string]any:
		for key, item := range v {
			collect(to, strings.TrimPrefix(path+"."+key, "."), item)
		}
	case []any:
		for _, item := range v {
			collect(to, path+"[]", item)
		}
	}
}

func ExampleParse() {
	s, err := settings.Parse("saltern.yaml", []byte("limits: {connections: 2000}\n"))
	fmt.Println(s.Limits.Connections, s.Limits.ConnectionsPerAddress, err)
	_, err = settings.Parse("saltern.yaml", []byte("limits: {conections: 2000}\n"))
	fmt.Println(err)
	// Output:
	// 2000 500 <nil>
	// saltern.yaml:1: limits.conections: unknown key
}

func ExampleKeys() {
	for _, k := range settings.Keys()[6:8] {
		fmt.Printf("%s (%s, default %s): %s\n", k.Name, k.Type, k.Default, k.Meaning)
	}
	// Output:
	// state_dir (path, default /var/lib/saltern): the folder of the self-signed pair, sessions and tokens
	// max_request_body_size (size, default 100MiB): 413 above it; without it rest_cherrypy's, if that is set
}
