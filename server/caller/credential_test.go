package caller

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCredentialsOf(t *testing.T) {
	t.Parallel()
	cookie := Credential{Text: "of-the-cookie", Cookie: true}
	const (
		withCookie = "Cookie: session_id=of-the-cookie"
		own        = "saltern_api_0123456789"
	)
	for name, c := range map[string]struct {
		headers []string
		want    []Credential
	}{
		"nothing":                       {nil, nil},
		"header":                        {[]string{"X-Auth-Token: a"}, []Credential{{Text: "a"}}},
		"header before the rest":        {[]string{withCookie, "X-Auth-Token: a", "Authorization: Bearer b"}, []Credential{{Text: "a"}}},
		"empty header":                  {[]string{withCookie, "X-Auth-Token:"}, []Credential{cookie}},
		"header twice, the same":        {[]string{"X-Auth-Token: a", "X-Auth-Token: a"}, []Credential{{Text: "a"}}},
		"header twice, first empty":     {[]string{"X-Auth-Token:", "X-Auth-Token: a"}, []Credential{{Text: "a"}}},
		"header twice, then empty":      {[]string{"X-Auth-Token: a", "X-Auth-Token:"}, []Credential{{Text: "a, "}}},
		"cookies with a comma":          {[]string{"Cookie: a=b, session_id=of-the-cookie"}, []Credential{cookie}},
		"a cookie within another":       {[]string{"Cookie: a=b,session_id=of-the-cookie"}, nil},
		"a cookie with blanks":          {[]string{"Cookie: session_id = of-the-cookie ; a=b"}, []Credential{cookie}},
		"header twice":                  {[]string{"X-Auth-Token: a", "X-Auth-Token: b"}, []Credential{{Text: "a, b"}}},
		"bearer":                        {[]string{"Authorization: bearer  a"}, []Credential{{Text: "a"}}},
		"bearer before the cookie":      {[]string{withCookie, "Authorization: Bearer a"}, []Credential{{Text: "a"}, cookie}},
		"own bearer, and no cookie":     {[]string{withCookie, "Authorization: Bearer " + own}, []Credential{{Text: own}}},
		"basic":                         {[]string{withCookie, "Authorization: Basic YTpi"}, []Credential{cookie}},
		"basic and bearer":              {[]string{withCookie, "Authorization: Basic YTpi", "Authorization: Bearer a"}, []Credential{{Text: "a"}, cookie}},
		"empty bearer":                  {[]string{withCookie, "Authorization: Bearer "}, []Credential{cookie}},
		"bearer twice, the same":        {[]string{"Authorization: Bearer a", "Authorization: Bearer a"}, []Credential{{Text: "a"}}},
		"bearer twice":                  {[]string{withCookie, "Authorization: Bearer a", "Authorization: Bearer b"}, []Credential{cookie}},
		"two bearers in one":            {[]string{withCookie, "Authorization: Bearer a, Bearer b"}, []Credential{cookie}},
		"bearer twice, one is our own":  {[]string{withCookie, "Authorization: Bearer a", "Authorization: Bearer " + own}, []Credential{{Text: own + ", and another"}}},
		"two bearers in one, and ours":  {[]string{withCookie, "Authorization: Bearer a, Bearer " + own}, []Credential{{Text: own + ", and another"}}},
		"a cookie among others":         {[]string{"Cookie: a=b; session_id=of-the-cookie; c=d"}, []Credential{cookie}},
		"a cookie twice, the last one":  {[]string{"Cookie: session_id=x; session_id=of-the-cookie"}, []Credential{cookie}},
		"a cookie in two headers":       {[]string{"Cookie: session_id=x", withCookie}, []Credential{cookie}},
		"a cookie that is empty":        {[]string{"Cookie: session_id="}, nil},
		"a cookie that was emptied":     {[]string{"Cookie: session_id=x; session_id="}, nil},
		"a cookie with another's name":  {[]string{"Cookie: Session_Id=x"}, nil},
		"a cookie with quotes about it": {[]string{`Cookie: session_id="of-the-cookie"`}, []Credential{cookie}},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		for _, line := range c.headers {
			key, value, _ := strings.Cut(line, ":")
			r.Header.Add(key, strings.TrimSpace(value))
		}
		require.Equal(t, c.want, CredentialsOf(r), name)
	}
}
