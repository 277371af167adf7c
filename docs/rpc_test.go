package docs_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/server/rpc"
	"github.com/saltern-api/saltern/server/rpc/method"
)

// The page about /rpc has the methods that are declared, and the codes of errors.
func TestRPC(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("rpc.md")
	require.NoError(t, err)
	text := string(page)
	for _, part := range []struct{ name, text string }{{"codes", rpcCodes()}, {"methods", rpcMethods()}} {
		begin, end := "<!-- "+part.name+":begin -->\n", "<!-- "+part.name+":end -->"
		head, rest, ok := strings.Cut(text, begin)
		require.True(t, ok, begin)
		documented, tail, ok := strings.Cut(rest, end)
		require.True(t, ok, end)
		if *update {
			text = head + begin + part.text + end + tail
			continue
		}
		sameLines(t, part.text, documented)
	}
	if *update {
		require.NoError(t, os.WriteFile("rpc.md", []byte(text), 0o644))
	}
}

func rpcCodes() string {
	var b strings.Builder
	b.WriteString("| code | state | meaning |\n|---|---|---|\n")
	for _, c := range method.Codes() {
		fmt.Fprintf(&b, "| %d | `%s` | %s |\n", c.Code, c.State, c.Meaning)
	}
	return b.String()
}

func rpcMethods() string {
	var b strings.Builder
	resource := ""
	for _, m := range rpc.Methods() {
		if m.Resource != resource {
			resource = m.Resource
			fmt.Fprintf(&b, "\n### %s\n", resource)
		}
		fmt.Fprintf(&b, "\n**`%s`** %s Returns %s.", m, m.Doc, m.Returns)
		if len(m.Needs) > 0 {
			fmt.Fprintf(&b, " Needs `%s`.", strings.Join(asTexts(m.Needs), "` or `"))
		}
		if m.Rights != "" {
			fmt.Fprintf(&b, " Needs %s.", m.Rights)
		}
		b.WriteString("\n")
		if len(m.Params) > 0 {
			b.WriteString("\n| argument | type | default | |\n|---|---|---|---|\n")
		}
		for _, p := range m.Params {
			fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", rpcArgument(p), rpcType(p), p.Default, p.Doc)
		}
	}
	return b.String() + "\n"
}

func rpcArgument(p method.Param) string {
	switch {
	case p.Required:
		return "`" + p.Name + "` *"
	case p.Keyword:
		return "`" + p.Name + "`, by name only"
	}
	return "`" + p.Name + "`"
}

func rpcType(p method.Param) string {
	text := p.Type()
	if len(p.Enum) > 0 {
		text += ": `" + strings.Join(p.Enum, "`, `") + "`"
	}
	switch {
	case p.Min != nil && p.Max != nil:
		text += fmt.Sprintf(", %d to %d", *p.Min, *p.Max)
	case p.Min != nil:
		text += fmt.Sprintf(", %d or more", *p.Min)
	}
	return text
}

func asTexts[T ~string](all []T) []string {
	texts := make([]string, len(all))
	for i, one := range all {
		texts[i] = string(one)
	}
	return texts
}
