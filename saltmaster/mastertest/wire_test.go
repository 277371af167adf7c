package mastertest

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// recording is what testdata/record/record.py wrote of a real master.
type recording struct {
	Release string
	Files   struct {
		SockDir   []string `json:"sock_dir"`
		TokenName string   `json:"token_name"`
		TokenFile string   `json:"token_file"`
	}
	Cases []recorded
}

type recorded struct {
	Name, Request, Reply, Bus string
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	require.NoError(t, err)
	return b
}

// TestAgainstRecordings sends every recorded request to the stand-in. Its replies and events must have the recorded
// structure and texts; only what is different in every run (times, job ids, tokens, process ids) may differ.
func TestAgainstRecordings(t *testing.T) {
	t.Parallel()
	for name := range releases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, err := os.ReadFile(filepath.Join("..", "..", "testdata", "wire", name, "wire.json"))
			require.NoError(t, err)
			var rec recording
			require.NoError(t, json.Unmarshal(b, &rec))
			require.True(t, strings.HasPrefix(rec.Release, name+"."), rec.Release)
			replay(t, name, rec)
		})
	}
}

func replay(t *testing.T, name string, rec recording) {
	wake := make(chan struct{})
	m := Start(t, recordedMaster(name, wake))
	conn, err := net.Dial("unix", m.BusPath())
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	require.Eventually(t, func() bool { return m.Subscribers() == 1 }, 10*time.Second, time.Millisecond)
	bus := &eventReader{r: conn, prefixed: m.release.prefixed}
	pool := newPool(t, m)

	for _, c := range rec.Cases {
		reply := msgpack.Raw(unhex(t, c.Reply))
		switch c.Name {
		case "mk_token", "mk_token of another user": // later requests carry the recorded token
			_, err := m.saveToken(lookupText(reply, "token"), lookupText(reply, "name"), "sharedsecret")
			require.NoError(t, err)
		case "find_job running": // the job that it looks for was published before it
			jobs := publication("20260101000000000021", "test.sleep", `"*"`, "[6]",
				`{"username": "bench", "password": "correct horse", "eauth": "sharedsecret"}`)
			_, err := pool.Request(soon(t), jobs)
			require.NoError(t, err)
			for range m.release.firstEvents() {
				require.Contains(t, bus.next(t), "20260101000000000021")
			}
		case "find_job ended":
			close(wake)
			require.Contains(t, bus.next(t), "20260101000000000021/ret/ms-0")
		}
		got, err := pool.Request(soon(t), unhex(t, c.Request))
		require.NoError(t, err, c.Name)
		require.Equal(t, dump(reply), dump(got), "reply of %q", c.Name)

		want := &eventReader{r: bytes.NewReader(unhex(t, c.Bus)), prefixed: m.release.prefixed}
		for want.more() {
			event := want.next(t)
			if strings.HasPrefix(event, "_salt_error") {
				continue // a minion's own event, of no use to a gateway
			}
			require.Equal(t, event, bus.next(t), "event of %q", c.Name)
		}
	}
	m.Fire("end", object())
	require.Equal(t, "end c4\nmap 80\n", bus.next(t), "no event is left over")
}

// recordedMaster is set up as the recorded one was.
func recordedMaster(release string, wake <-chan struct{}) Options {
	const secret = "correct horse"
	answer := func(ctx context.Context, job Job) Return {
		switch job.Fun {
		case "cmd.run":
			return Return{Return: text(strings.Repeat("a", 1_500_000))}
		case "test.exception":
			return Return{Return: text("The minion function caused an exception: Traceback ..."), Retcode: 1, Failed: true, Out: "nested"}
		case "test.sleep":
			select {
			case <-wake:
			case <-ctx.Done():
			}
			return Return{Return: boolean(true)}
		}
		return Builtin(ctx, job)
	}
	return Options{
		Release: release,
		Minions: []Minion{{ID: "ms-0", Answer: answer}},
		Users: map[string]User{
			"bench":  {secret, []string{".*", "@runner", "@wheel", "@jobs"}},
			"saltro": {secret, []string{"test.*"}},
			"nobody": {secret, nil},
		},
		Eauth: []string{"sharedsecret"},
		Runners: map[string]Function{"test.sleep": func(context.Context, Call) (msgpack.Raw, bool) {
			return text("\nPassed invalid arguments: sleep() got an unexpected keyword argument 'nope'\n\nUsage:\n\n" +
				"    Sleep t seconds, then return True\n\n    CLI Example:\n\n    .. code-block:: bash\n\n" +
				"        salt-run test.sleep s_time=5\n    "), true
		}},
	}
}

// The files that differ between the releases are those of a real master.
func TestFilesAgainstRecordings(t *testing.T) {
	t.Parallel()
	for name := range releases {
		b, err := os.ReadFile(filepath.Join("..", "..", "testdata", "wire", name, "wire.json"))
		require.NoError(t, err)
		var rec recording
		require.NoError(t, json.Unmarshal(b, &rec))
		m := Start(t, Options{Release: name})
		token, err := m.Token("bench")
		require.NoError(t, err)
		file, err := os.ReadFile(filepath.Join(m.TokenDir(), token+rec.Files.TokenName[64:]))
		require.NoError(t, err)
		require.Equal(t, dump(unhex(t, rec.Files.TokenFile)), dump(file))
		var names []string
		entries, err := os.ReadDir(m.SockDir())
		require.NoError(t, err)
		for _, e := range entries {
			names = append(names, e.Name())
		}
		require.Equal(t, rec.Files.SockDir, names)
	}
}

// eventReader reads a bus's bytes, independent of the code that is tested.
type eventReader struct {
	r        io.Reader
	buf      []byte
	prefixed bool
}

// more reports whether another event begins; only for readers of what is in memory.
func (e *eventReader) more() bool {
	if len(e.buf) == 0 {
		b := make([]byte, 64<<10)
		n, _ := e.r.Read(b)
		e.buf = b[:n]
	}
	return len(e.buf) > 0
}

// next returns an event's tag, how its body is packed, and its data, all made readable.
func (e *eventReader) next(t *testing.T) string {
	t.Helper()
	for {
		if message, ok := e.take(); ok {
			head, _ := message.Lookup("head")
			require.Equal(t, "map 80\n", dump(head))
			body, ok := message.Lookup("body")
			require.True(t, ok)
			require.Equal(t, msgpack.Bin, body.Kind())
			content, _ := body.Str()
			tag, data, ok := strings.Cut(content, "\n\n")
			require.True(t, ok)
			packed := fmt.Sprintf("%x", body[0])
			if strings.Contains(data, "Traceback") {
				packed = "*"
			}
			return masked(tag) + " " + packed + "\n" + dump(msgpack.Raw(data))
		}
		b := make([]byte, 64<<10)
		if conn, ok := e.r.(net.Conn); ok {
			require.NoError(t, conn.SetReadDeadline(time.Now().Add(20*time.Second)))
		}
		n, err := e.r.Read(b)
		require.NoError(t, err, "waiting for an event")
		e.buf = append(e.buf, b[:n]...)
	}
}

// firstEvents returns how many events a job begins with.
func (r release) firstEvents() int {
	n := 1
	for _, has := range []bool{r.jidEvent, r.publishEvent} {
		if has {
			n++
		}
	}
	return n
}

func (e *eventReader) take() (msgpack.Raw, bool) {
	if e.prefixed {
		if len(e.buf) < 4 {
			return nil, false
		}
		n := 4 + int(binary.BigEndian.Uint32(e.buf))
		if len(e.buf) < n {
			return nil, false
		}
		message := e.buf[4:n]
		e.buf = e.buf[n:]
		return message, true
	}
	r := msgpack.NewReader(e.buf)
	if r.Skip() != nil {
		return nil, false
	}
	message := e.buf[:r.Offset()]
	e.buf = e.buf[r.Offset():]
	return message, true
}

// dump writes a value as text: one line for each part, with the byte that says how it is packed.
func dump(v msgpack.Raw) string {
	var b strings.Builder
	dumpTo(&b, "", "", v)
	return b.String()
}

func dumpTo(b *strings.Builder, indent, key string, v msgpack.Raw) {
	packed := ""
	if len(v) > 0 {
		packed = fmt.Sprintf("%02x", v[0])
	}
	switch v.Kind() {
	case msgpack.Map:
		fmt.Fprintf(b, "%smap %s\n", indent, packed)
		_ = v.Each(func(k, val msgpack.Raw) error {
			name, _ := k.Str()
			dumpTo(b, indent+"  ", "", k)
			dumpTo(b, indent+"    ", name, val)
			return nil
		})
	case msgpack.Array:
		fmt.Fprintf(b, "%sarray %s\n", indent, packed)
		_ = v.Elems(func(e msgpack.Raw) error {
			dumpTo(b, indent+"  ", "", e)
			return nil
		})
	case msgpack.Str, msgpack.Bin:
		s, _ := v.Str()
		if i := strings.Index(s, "Traceback"); i >= 0 {
			s, packed = s[:i]+"Traceback", "*"
		}
		fmt.Fprintf(b, "%s%s %s %q\n", indent, v.Kind(), packed, masked(s))
	case msgpack.Int:
		n, _ := v.Int()
		if key == "ts" || key == "pid" || key == "_expires" {
			fmt.Fprintf(b, "%sint <%s>\n", indent, key)
			return
		}
		fmt.Fprintf(b, "%sint %s %d\n", indent, packed, n)
	case msgpack.Float:
		if key == "start" || key == "expire" {
			fmt.Fprintf(b, "%sfloat <%s>\n", indent, key)
			return
		}
		f, _ := v.Float()
		fmt.Fprintf(b, "%sfloat %s %v\n", indent, packed, f)
	default:
		fmt.Fprintf(b, "%s%s %s\n", indent, v.Kind(), packed)
	}
}

var (
	stampPattern = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}`)
	jidPattern   = regexp.MustCompile(`\b\d{20}\b`)
	tokenPattern = regexp.MustCompile(`\b[0-9a-f]{64}\b`)
)

// masked replaces what differs in every run. The job ids that the recorder chose stay.
func masked(s string) string {
	s = stampPattern.ReplaceAllString(s, "<stamp>")
	s = tokenPattern.ReplaceAllString(s, "<token>")
	return jidPattern.ReplaceAllStringFunc(s, func(jid string) string {
		if strings.HasPrefix(jid, "202601010000") {
			return jid
		}
		return "<jid>"
	})
}
