package security

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/e2e/envtest"
	"github.com/saltern-api/saltern/saltmaster"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
	"github.com/saltern-api/saltern/saltmaster/sandbox"
)

// wiretap stands between a gateway and a master's ret_port, and keeps what the
// gateway says.
type wiretap struct {
	port int
	mu   sync.Mutex
	said bytes.Buffer
}

func newWiretap(t *testing.T, port int) *wiretap {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	tap := &wiretap{port: l.Addr().(*net.TCPAddr).Port}
	var all sync.WaitGroup
	t.Cleanup(func() {
		_ = l.Close()
		all.Wait()
	})
	all.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() { tap.carry(conn, net.JoinHostPort("127.0.0.1", strconv.Itoa(port))) })
		}
	})
	return tap
}

// carry returns when either side has hung up.
func (tap *wiretap) carry(gateway net.Conn, address string) {
	defer func() { _ = gateway.Close() }()
	master, err := net.Dial("tcp", address)
	if err != nil {
		return
	}
	defer func() { _ = master.Close() }()
	go func() {
		_, _ = io.Copy(gateway, master)
		_ = gateway.Close()
	}()
	_, _ = io.Copy(io.MultiWriter(master, tap), gateway)
}

func (tap *wiretap) Write(p []byte) (int, error) {
	tap.mu.Lock()
	defer tap.mu.Unlock()
	return tap.said.Write(p)
}

// protocol looks at what the gateway sends: the version that cannot be played
// back as an older one, and none but the commands that are for everybody
// (CVE-2020-11651).
func (a *attacked) protocol(t *testing.T) {
	tap := newWiretap(t, a.RetPort())
	g := envtest.AnotherGateway(t, a.first, env.More{Master: map[string]any{"ret_port": tap.port, "netapi_enable_clients": envtest.AllClients[:8]}})
	for _, client := range envtest.AllClients[:8] {
		chunk := `"tgt": "ms--0", "fun": "test.ping"`
		switch {
		case strings.HasPrefix(client, "runner"):
			chunk = `"fun": "test.arg"`
		case strings.HasPrefix(client, "wheel"):
			chunk = `"fun": "key.list_all"`
		}
		body := "[{" + a.sharedsecret(sandbox.UserAll) + `, "client": "` + client + `", "cmd": "_prep_auth_info", "load": {"cmd": "x"}, ` + chunk + "}]"
		answer := envtest.Send(t, g, g.Main, envtest.Request{Path: "run", Body: body})
		require.Equal(t, http.StatusOK, answer.Status, "%s: %s", client, answer.Body)
	}
	require.Equal(t, http.StatusOK, envtest.Send(t, g, g.Main, envtest.Request{Path: "login", Body: "{" + a.sharedsecret(sandbox.UserAll) + "}"}).Status)
	commands := tap.commands(t)
	require.Subset(t, []string{"ping", "publish", "get_token", "mk_token", "wheel", "runner"}, commands)
	require.Subset(t, commands, []string{"publish", "mk_token", "wheel", "runner"})
}

// commands are those of all requests so far, each of which has to be whole and
// of the version that cannot be taken for an older one.
func (tap *wiretap) commands(t *testing.T) (commands []string) {
	t.Helper()
	tap.mu.Lock()
	said := bytes.Clone(tap.said.Bytes())
	tap.mu.Unlock()
	for {
		i := bytes.Index(said, []byte("\x83\xa3enc\xa5clear"))
		if i < 0 {
			return commands
		}
		r := msgpack.NewReader(said[i:])
		request, err := r.Raw()
		require.NoError(t, err)
		said = said[i+len(request):]
		version, _ := request.Lookup("version")
		n, ok := version.Int()
		require.True(t, ok)
		require.EqualValues(t, 3, n)
		load, _ := request.Lookup("load")
		cmd, _ := load.Lookup("cmd")
		name, ok := cmd.Str()
		require.True(t, ok)
		commands = append(commands, name)
	}
}

// forgedEvents are those that a minion could once put on the bus: returns of
// other minions and of minions that were not asked, and ends of jobs.
func (a *attacked) forgedEvents(t *testing.T) {
	jids := new(saltmaster.JIDs)
	jid, another := jids.Next(), jids.Next()
	a.Seen(t)
	done := make(chan env.Answer, 1)
	go func() {
		answer, err := a.Post(t.Context(), a.WSGI, env.Chunk(env.User,
			`"client": "local", "tgt": "ms--0", "fun": "test.sleep", "arg": [4], "jid": "`+jid+`"`))
		if err != nil {
			answer.Body = err.Error()
		}
		done <- answer
	}()
	a.Next(t, regexp.MustCompile(`^salt/job/`+jid+`/new$`))
	forged := func(id string) string {
		return `{"cmd": "_return", "id": "` + id + `", "jid": "` + jid + `", "return": "forged", "retcode": 0, "success": true, "fun": "test.sleep", "fun_args": []}`
	}
	for tag, data := range map[string]string{
		"salt/job/" + jid + "/ret/ms--1":            forged("ms--1"),
		"salt/job/" + jid + "/ret/ms--0/x":          forged("ms--0"),
		"salt/job/" + jid + "/ret/ms--00":           forged("ms--00"),
		"salt/job/" + jid + "/ret":                  forged("ms--2"),
		"salt/job/" + jid + "/ret/":                 forged(""),
		"salt/job/" + jid + "/retx/ms--0":           forged("ms--0"),
		"salt/run/" + jid + "/ret":                  forged("ms--0"),
		"salt/wheel/" + jid + "/ret":                forged("ms--0"),
		"salt/job/" + another + "/ret/ms--0":        forged("ms--0"),
		jid:                                         `{"minions": ["ms--1", "ms--2"]}`,
		"salt/job/" + jid + "/ret/../../ms--0":      forged("ms--0"),
		"salt/job/" + jid + "/prog/ms--0/1":         forged("ms--0"),
		"syndic/other/salt/job/" + jid + "/ret/ms1": forged("ms1"),
	} {
		a.Fire(t, tag, data)
	}
	answer := <-done
	require.Equal(t, http.StatusOK, answer.Status, answer.Body)
	require.Equal(t, envtest.GoodPingAnswer, answer.Body)

	// Nothing that an event says makes anybody more than they are.
	for _, tag := range []string{"salt/auth", "salt/netapi/hook/login", "salt/key", "salt/session"} {
		a.Fire(t, tag, `{"token": "`+envtest.Hex64+`", "user": "root", "act": "accept", "result": true, "id": "evil"}`)
	}
	for _, path := range []string{"/stats", "/minions"} {
		require.Equal(t, http.StatusUnauthorized, a.with(t, envtest.Hex64, http.MethodGet, path, "").Status)
	}
}
