package pam

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/eauthtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// paper grants authority without a master.
type paper struct{ groups []string }

func (p *paper) Grant(_ context.Context, user, module string, groups []string) (eauth.Grant, error) {
	if user == "unlucky" {
		return nil, eauth.ErrUnavailable
	}
	p.groups = groups
	return grant(user + "/" + module), nil
}

type grant string

func (g grant) Token(context.Context) (string, error)       { return string(g), nil }
func (grant) Renew(context.Context, string) (string, error) { return "", eauth.ErrNoToken }
func (grant) Exposed(string)                                {}
func (grant) Release(context.Context)                       {}

var alice = eauth.Credentials{
	Eauth: "pam", Username: "alice", Password: "wonderland",
	RemoteAddr: netip.MustParseAddr("::ffff:192.0.2.7"),
}

// ids returns the ids of the existing users.
func ids(_ context.Context, user string) (id string, ok bool, err error) {
	switch user {
	case "root", "toor":
		return "0", true, nil
	case "alice":
		return "1000", true, nil
	case "away":
		return "", false, errors.New("the directory is away")
	}
	return "", false, nil
}

// The tests of this file replace libpam's results.

func TestWhoIsLetIn(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		user      string // the user name of the login
		says      answer
		allowRoot bool
		want      string // the user name of the identity; empty is refused
		asked     bool
	}{
		"right":                 {"alice", answer{verdict: right, user: "alice"}, false, "alice", true},
		"wrong":                 {"alice", answer{verdict: wrong, class: "AUTH_ERR"}, false, "", true},
		"mapped to another":     {"Alice", answer{verdict: right, user: "alice"}, false, "alice", true},
		"mapped to nobody":      {"alice", answer{verdict: right}, false, "", true},
		"mapped to rubbish":     {"alice", answer{verdict: right, user: "a\nb"}, false, "", true},
		"root":                  {"root", answer{verdict: right, user: "root"}, false, "", false},
		"root allowed":          {"root", answer{verdict: right, user: "root"}, true, "root", true},
		"mapped to root":        {"superman", answer{verdict: right, user: "root"}, false, "", true},
		"mapped, root allowed":  {"superman", answer{verdict: right, user: "root"}, true, "root", true},
		"id 0":                  {"toor", answer{verdict: right, user: "toor"}, false, "", false},
		"id 0 allowed":          {"toor", answer{verdict: right, user: "toor"}, true, "toor", true},
		"mapped to id 0":        {"alice", answer{verdict: right, user: "toor"}, false, "", true},
		"no such id":            {"alice", answer{verdict: right, user: "only-pam-knows"}, false, "only-pam-knows", true},
		"a right that is wrong": {"alice", answer{verdict: wrong, user: "alice"}, false, "", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			log := &eauthtest.Log{}
			b := New(Options{Mint: &paper{}, AllowRoot: tc.allowRoot, UserID: ids, Logger: log.Logger()})
			asked := false
			b.login.ask = func(q *question) answer {
				asked = true
				require.Equal(t, question{DefaultService, "", tc.user, "wonderland", "192.0.2.7"}, *q)
				return tc.says
			}
			c := alice
			c.Username = tc.user
			id, ok, err := b.Authenticate(t.Context(), c)
			require.NoError(t, err)
			require.Equal(t, tc.asked, asked)
			require.Equal(t, tc.want != "", ok)
			require.Equal(t, tc.want, id.User)
			if ok {
				token, err := id.Grant.Token(t.Context())
				require.NoError(t, err)
				require.Equal(t, tc.want+"/pam", token)
			} else {
				require.NotEmpty(t, log.String(), "the log says why")
			}
			require.Contains(t, log.String(), tc.says.class)
			require.NotContains(t, log.String(), "wonderland")
		})
	}
}

func TestAnEmptyPasswordIsNotTried(t *testing.T) {
	t.Parallel()
	b := New(Options{Mint: &paper{}})
	b.login.ask = func(*question) answer { return answer{verdict: right, user: "alice"} }
	c := alice
	c.Password = ""
	_, ok, err := b.Authenticate(t.Context(), c)
	require.NoError(t, err)
	require.False(t, ok)
}

func TestWhatIsNoWrongPassword(t *testing.T) {
	t.Parallel()
	groups := func(_ context.Context, user string) ([]string, error) {
		if user == "groupless" {
			return nil, errors.New("the directory is away")
		}
		return []string{"ops"}, nil
	}
	for name, says := range map[string]answer{
		"broken PAM": {verdict: broken, class: "MODULE_UNKNOWN"},
		"no groups":  {verdict: right, user: "groupless"},
		"no grant":   {verdict: right, user: "unlucky"},
		"no id":      {verdict: right, user: "away"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := New(Options{Mint: &paper{}, Groups: groups, UserID: ids})
			b.login.ask = func(*question) answer { return says }
			_, ok, err := b.Authenticate(t.Context(), alice)
			require.False(t, ok)
			require.ErrorIs(t, err, eauth.ErrUnavailable)
			require.ErrorContains(t, err, says.class)
			require.NotContains(t, err.Error(), "wonderland")
		})
	}
}

func TestGroupsReachTheMint(t *testing.T) {
	t.Parallel()
	p := &paper{}
	b := New(Options{Mint: p, Groups: func(context.Context, string) ([]string, error) { return []string{"ops"}, nil }})
	b.login.ask = func(*question) answer { return answer{verdict: right, user: "alice"} }
	_, ok, err := b.Authenticate(t.Context(), alice)
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, []string{"ops"}, p.groups)
}

func TestConversation(t *testing.T) {
	t.Parallel()
	c := &conversation{user: "alice", password: "wonderland"}
	talk := func(s style) string {
		text, err := c.respond(s)
		require.NoError(t, err)
		return text
	}
	require.Empty(t, talk(message))
	require.Equal(t, "alice", talk(promptVisible))
	require.Equal(t, "wonderland", talk(promptHidden))
	require.Empty(t, c.password, "it is given once and not kept")

	_, err := c.respond(promptHidden)
	require.Error(t, err, "a second hidden prompt is for something else")
	_, err = c.respond(unknownStyle)
	require.Error(t, err)

	c = &conversation{user: "alice", password: "wonderland"}
	c.forget()
	require.NotContains(t, []string{c.user, c.password}, "wonderland")
	_, err = c.respond(promptHidden)
	require.Error(t, err)
}

func TestAModuleThatTalksTooMuch(t *testing.T) {
	t.Parallel()
	c := &conversation{}
	for range maxMessages {
		_, err := c.respond(message)
		require.NoError(t, err)
	}
	_, err := c.respond(message)
	require.Error(t, err)
}

func TestAPanicDoesNotLeaveTheConversation(t *testing.T) {
	t.Parallel()
	var none *conversation
	_, err := none.respond(promptHidden)
	require.Error(t, err)
}

func TestSystemGroups(t *testing.T) {
	t.Parallel()
	groups, err := SystemGroups(t.Context(), "root")
	require.NoError(t, err)
	require.Contains(t, groups, "root", "the primary group is one of them")

	groups, err = SystemGroups(t.Context(), "nobody-of-that-name")
	require.NoError(t, err)
	require.Empty(t, groups)
}

func TestCheckWantsAPlainServiceName(t *testing.T) {
	t.Parallel()
	for _, service := range []string{"../login", "/etc/passwd", "login\x00"} {
		err := New(Options{Service: service}).Check()
		require.ErrorContains(t, err, "not a plain name", strings.ToValidUTF8(service, "?"))
	}
}
