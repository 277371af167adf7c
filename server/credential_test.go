package server

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCredentialsOf(t *testing.T) {
	t.Parallel()
	cookie := credential{text: "of-the-cookie", cookie: true}
	const (
		withCookie = "Cookie: session_id=of-the-cookie"
		own        = "saltern_api_0123456789"
	)
	for name, c := range map[string]struct {
		headers []string
		want    []credential
	}{
		"nothing":                       {nil, nil},
		"header":                        {[]string{"X-Auth-Token: a"}, []credential{{text: "a"}}},
		"header before the rest":        {[]string{withCookie, "X-Auth-Token: a", "Authorization: Bearer b"}, []credential{{text: "a"}}},
		"empty header":                  {[]string{withCookie, "X-Auth-Token:"}, []credential{cookie}},
		"header twice, the same":        {[]string{"X-Auth-Token: a", "X-Auth-Token: a"}, []credential{{text: "a"}}},
		"header twice, first empty":     {[]string{"X-Auth-Token:", "X-Auth-Token: a"}, []credential{{text: "a"}}},
		"header twice, then empty":      {[]string{"X-Auth-Token: a", "X-Auth-Token:"}, []credential{{text: "a, "}}},
		"cookies with a comma":          {[]string{"Cookie: a=b, session_id=of-the-cookie"}, []credential{cookie}},
		"a cookie within another":       {[]string{"Cookie: a=b,session_id=of-the-cookie"}, nil},
		"a cookie with blanks":          {[]string{"Cookie: session_id = of-the-cookie ; a=b"}, []credential{cookie}},
		"header twice":                  {[]string{"X-Auth-Token: a", "X-Auth-Token: b"}, []credential{{text: "a, b"}}},
		"bearer":                        {[]string{"Authorization: bearer  a"}, []credential{{text: "a"}}},
		"bearer before the cookie":      {[]string{withCookie, "Authorization: Bearer a"}, []credential{{text: "a"}, cookie}},
		"own bearer, and no cookie":     {[]string{withCookie, "Authorization: Bearer " + own}, []credential{{text: own}}},
		"basic":                         {[]string{withCookie, "Authorization: Basic YTpi"}, []credential{cookie}},
		"basic and bearer":              {[]string{withCookie, "Authorization: Basic YTpi", "Authorization: Bearer a"}, []credential{{text: "a"}, cookie}},
		"empty bearer":                  {[]string{withCookie, "Authorization: Bearer "}, []credential{cookie}},
		"bearer twice, the same":        {[]string{"Authorization: Bearer a", "Authorization: Bearer a"}, []credential{{text: "a"}}},
		"bearer twice":                  {[]string{withCookie, "Authorization: Bearer a", "Authorization: Bearer b"}, []credential{cookie}},
		"two bearers in one":            {[]string{withCookie, "Authorization: Bearer a, Bearer b"}, []credential{cookie}},
		"bearer twice, one is our own":  {[]string{withCookie, "Authorization: Bearer a", "Authorization: Bearer " + own}, []credential{{text: own + ", and another"}}},
		"two bearers in one, and ours":  {[]string{withCookie, "Authorization: Bearer a, Bearer " + own}, []credential{{text: own + ", and another"}}},
		"a cookie among others":         {[]string{"Cookie: a=b; session_id=of-the-cookie; c=d"}, []credential{cookie}},
		"a cookie twice, the last one":  {[]string{"Cookie: session_id=x; session_id=of-the-cookie"}, []credential{cookie}},
		"a cookie in two headers":       {[]string{"Cookie: session_id=x", withCookie}, []credential{cookie}},
		"a cookie that is empty":        {[]string{"Cookie: session_id="}, nil},
		"a cookie that was emptied":     {[]string{"Cookie: session_id=x; session_id="}, nil},
		"a cookie with another's name":  {[]string{"Cookie: Session_Id=x"}, nil},
		"a cookie with quotes about it": {[]string{`Cookie: session_id="of-the-cookie"`}, []credential{cookie}},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		for _, line := range c.headers {
			key, value, _ := strings.Cut(line, ":")
			r.Header.Add(key, strings.TrimSpace(value))
		}
		require.Equal(t, c.want, credentialsOf(r), name)
	}
}
