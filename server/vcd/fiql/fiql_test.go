package fiql

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var fields = []string{"id", "name", "type", "owner.name"}

// ci is an object with fields.
func ci(name string) string {
	return map[string]string{"name": "ci", "owner.name": "alice", "type": "REFRESH"}[name]
}

func TestFilter(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"": true,
		"(name==ci;owner.name==alice;(type==PROXY,type==REFRESH))": true,
		"(name==ci;owner.name==bob;(type==PROXY,type==REFRESH))":   false,
		"name==ci":                          true,
		"name==CI":                          false,
		"name!=ci":                          false,
		"name!=other":                       true,
		"name==other,type==REFRESH":         true,
		"name==ci,name==a;name==b":          true, // the semicolon binds closer
		"(name==ci,name==a);name==b":        false,
		"name==c*":                          true,
		"name==*i":                          true,
		"name==*":                           true,
		"name==c*i":                         true,
		"name==c*c*i":                       false,
		"name!=x*":                          true,
		"name==%63i":                        true,
		"name==100%":                        false,
		"((((name==ci))))":                  true,
		"name==":                            false,
		"name==ci;type==REFRESH;name==c*":   true,
		"owner.name==al*ce;owner.name==a*e": true,
	} {
		f, err := Parse(text, fields...)
		require.NoError(t, err, text)
		require.Equal(t, want, f.Match(ci), text)
	}
}

func TestFilterThatIsNone(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"name", "name=ci", "name=gt=ci", "secret==x", "==ci", "(name==ci", "name==ci)", "()", ";", "name==ci;",
		",name==ci", "name==ci;;type==x", "(name==ci)(type==x)", "\xff", strings.Repeat("(", 100),
		strings.Repeat("name==a,", 100) + "name==a", "name==" + strings.Repeat("a", maxLength),
	} {
		_, err := Parse(text, fields...)
		require.Error(t, err, text)
		require.NotContains(t, err.Error(), "secret")
	}
}

func FuzzFilter(f *testing.F) {
	f.Add("(name==ci;owner.name==alice;(type==PROXY,type==REFRESH))")
	f.Add("name!=a*b,id==%2C")
	f.Add("((name==)")
	f.Fuzz(func(t *testing.T, text string) {
		parsed, err := Parse(text, fields...)
		if err != nil {
			require.Nil(t, parsed)
			return
		}
		require.LessOrEqual(t, len(text), maxLength)
		parsed.Match(ci)
		// In parentheses it is the same, unless they are one too many.
		if again, err := Parse("("+text+")", fields...); err == nil && text != "" {
			require.Equal(t, parsed.Match(ci), again.Match(ci))
		}
	})
}
