package apitoken

import (
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func kinds() []Kind { return []Kind{KindAPI, KindAccess, KindRefresh, KindDevice} }

func TestSecrets(t *testing.T) {
	t.Parallel()
	pattern := regexp.MustCompile(Pattern)
	seen := make(map[string]bool)
	for _, kind := range kinds() {
		require.Len(t, prefixes[kind], prefixLen)
		for range 200 {
			s := NewSecret(kind)
			text := s.Reveal()
			require.Len(t, text, SecretLen)
			require.Greater(t, len(text), 32, "clients of Cloud Director send no shorter ones as a bearer")
			require.False(t, seen[text])
			seen[text] = true
			require.Equal(t, text, pattern.FindString("token="+text+"\n"))

			got, err := Parse(text)
			require.NoError(t, err)
			require.Equal(t, s, got)
			require.Equal(t, kind, got.Kind())
			require.True(t, LooksLike(text))
		}
	}
}

// All characters are equally frequent.
func TestEvenCharacters(t *testing.T) {
	t.Parallel()
	counts := make(map[byte]int)
	for b := range 256 {
		for _, c := range appendEven(nil, []byte{byte(b)}) {
			counts[c]++
		}
	}
	require.Len(t, counts, len(alphabet))
	for c, n := range counts {
		require.Equal(t, 4, n, "%c", c)
	}
}

func TestTypos(t *testing.T) {
	t.Parallel()
	s := NewSecret(KindAPI).Reveal()
	for at := range s {
		for _, c := range []byte(alphabet + "_-+ \x00") {
			if typo := s[:at] + string(c) + s[at+1:]; typo != s {
				_, err := Parse(typo)
				require.ErrorIs(t, err, ErrMalformed, typo)
			}
		}
	}
	for name, text := range map[string]string{
		"empty": "", "cut": s[:len(s)-1], "longer": s + "0", "a space": s + " ", "upper case": strings.ToUpper(s),
		"a Salt token": strings.Repeat("0f", 32), "another kind": strings.Replace(s, "_api_", "_acc_", 1),
	} {
		_, err := Parse(text)
		require.ErrorIs(t, err, ErrMalformed, name)
	}
	require.False(t, LooksLike(strings.Repeat("0f", 32)))
}

// Secret scanners rely on the format. This secret was made with another
// program.
const fixedSecret = "saltern_api_0123456789ABCDEFGHIJKLMNOPQRST1Ip6X7"

func TestFixedSecret(t *testing.T) {
	t.Parallel()
	text := string(appendSum([]byte("saltern_api_0123456789ABCDEFGHIJKLMNOPQRST")))
	require.Equal(t, fixedSecret, text)
	_, err := Parse(text)
	require.NoError(t, err)
}

func TestASecretPrintsWithoutItself(t *testing.T) {
	t.Parallel()
	s := NewSecret(KindRefresh)
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", slog.Any("secret", s))
	for _, text := range []string{fmt.Sprint(s), fmt.Sprintf("%+v %#v %q", s, s, s), log.String()} {
		require.NotContains(t, text, s.Reveal()[prefixLen:])
		require.Contains(t, text, "saltern_svc_...")
	}
}

func TestIDs(t *testing.T) {
	t.Parallel()
	seen := make(map[string]bool)
	for range 1000 {
		id := NewID()
		require.Regexp(t, `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, id)
		require.True(t, ValidID(id))
		require.False(t, seen[id])
		seen[id] = true
	}
	good := NewID()
	for _, bad := range []string{
		"", "x", good[1:], good + "0", strings.ReplaceAll(good, "-", ""), strings.ReplaceAll(good, "-", "0"),
		"A" + good[1:], "-" + good[1:], "{" + good[1:], strings.Repeat("0", 36),
	} {
		require.False(t, ValidID(bad), bad)
	}
}

func FuzzParse(f *testing.F) {
	for _, kind := range kinds() {
		f.Add(prefixes[kind] + strings.Repeat("0", randomLen+sumLen))
	}
	f.Add(fixedSecret)
	f.Add("")
	pattern := regexp.MustCompile("^(?:" + Pattern + ")$")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := Parse(text)
		if err != nil {
			require.Equal(t, ErrMalformed, err)
			require.Equal(t, Secret{}, s)
			return
		}
		require.Equal(t, text, s.Reveal())
		require.Regexp(t, pattern, text)
		require.True(t, s.Kind().Known())
	})
}

func FuzzValidID(f *testing.F) {
	f.Add(NewID())
	f.Add("urn:vcloud:token:")
	pattern := regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	f.Fuzz(func(t *testing.T, text string) {
		require.Equal(t, pattern.MatchString(text) && !strings.HasSuffix(text, "\n"), ValidID(text))
	})
}

func BenchmarkParseAndHash(b *testing.B) {
	p := &Pepper{make([]byte, pepperSize)}
	text := NewSecret(KindAccess).Reveal()
	b.ReportAllocs()
	for b.Loop() {
		s, err := Parse(text)
		if err != nil {
			b.Fatal(err)
		}
		_ = p.Hash(s)
	}
}
