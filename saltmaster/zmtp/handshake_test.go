package zmtp

import (
	"bufio"
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	zeros16     = "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	helloNull   = "\xff\x00\x00\x00\x00\x00\x00\x00\x01\x7f\x03\x01NULL" + zeros16 + zeros16 + zeros16
	readyRouter = "\x04\x1c\x05READY\x0bSocket-Type\x00\x00\x00\x06ROUTER"
)

func TestHandshake(t *testing.T) {
	t.Parallel()
	require.Len(t, helloNull, 64)
	tests := map[string]struct{ peer, want string }{
		"router":               {helloNull + readyRouter, ""},
		"rep, minor 0":         {strings.Replace(helloNull, "\x03\x01", "\x03\x00", 1) + "\x04\x19\x05READY\x0bSocket-Type\x00\x00\x00\x03REP", ""},
		"lower case, more":     {helloNull + "\x04\x22\x05READY\x01a\x00\x00\x00\x00\x0bsocket-type\x00\x00\x00\x06ROUTER", ""},
		"version 2":            {strings.Replace(helloNull, "\x03\x01", "\x02\x01", 1), "version 2"},
		"short old greeting":   {"\xff\x00\x00\x00\x00\x00\x00\x00\x01\x7f\x01", "version 1"},
		"plain":                {strings.Replace(helloNull, "NULL", "PLAI", 1), "mechanism"},
		"http":                 {"HTTP/1.1 400 Bad Request\r\n\r\n", "does not speak ZMTP"},
		"nothing":              {"", "EOF"},
		"half a greeting":      {helloNull[:30], "EOF"},
		"no ready":             {helloNull, "EOF"},
		"dealer":               {helloNull + "\x04\x1c\x05READY\x0bSocket-Type\x00\x00\x00\x06DEALER", `"DEALER"`},
		"no socket type":       {helloNull + "\x04\x06\x05READY", `""`},
		"message first":        {helloNull + "\x00\x01a", "before READY"},
		"error":                {helloNull + "\x04\x0a\x05ERROR\x03why", `"why"`},
		"other command":        {helloNull + "\x04\x04\x03NEW", `"NEW"`},
		"property cut":         {helloNull + "\x04\x09\x05READY\x0bSo", "cut short"},
		"property value cut":   {helloNull + "\x04\x0d\x05READY\x01a\xff\xff\xff\xff\x01", "cut short"},
		"property has no name": {helloNull + "\x04\x0b\x05READY\x00\x00\x00\x00\x00", "cut short"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := handshake(bufio.NewReader(strings.NewReader(test.peer)), io.Discard)
			if test.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, test.want)
		})
	}
}

// FuzzFrames reads foreign bytes as a whole connection: greeting, READY, then frames to the end. Nothing may
// panic, and no frame may be larger than its limit.
func FuzzFrames(f *testing.F) {
	f.Add([]byte(helloNull + readyRouter + "\x01\x00\x00\x02ok\x04\x08\x04PING\x00\x01a"))
	f.Add([]byte(helloNull + readyRouter + "\x02\x00\x00\x00\x00\xff\xff\xff\xff"))
	f.Add([]byte(helloNull + "\x04\x0a\x05ERROR\x03why"))
	f.Fuzz(func(t *testing.T, data []byte) {
		const limit = 1 << 30
		r := bufio.NewReader(bytes.NewReader(data))
		if err := handshake(r, io.Discard); err != nil {
			r.Reset(bytes.NewReader(data)) // the frame reader sees every input, too
		}
		total := 0
		for {
			flags, body, err := readFrame(r, limit)
			if err != nil {
				return
			}
			if total += len(body); total > len(data) {
				t.Fatalf("%d bytes of frames out of %d", total, len(data))
			}
			if flags&flagCommand == 0 {
				continue
			}
			if name, rest, err := splitCommand(body); err == nil {
				_ = checkReady(rest)
				if e := peerError(rest); e == nil {
					t.Fatalf("no error for command %q", name)
				}
			}
		}
	})
}
