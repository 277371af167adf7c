package server

import (
	"bytes"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"io"
	"log"
	"net"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/internal/certtest"
)

// readConn is a connection that is only read.
type readConn struct {
	net.Conn
	io.Reader
}

func (c readConn) Read(p []byte) (int, error) { return c.Reader.Read(p) }

// record returns a TLS record of so many bytes.
func record(kind byte, length int) []byte {
	r := []byte{kind, 3, 1, 0, 0}
	binary.BigEndian.PutUint16(r[3:], uint16(length))
	for i := range length {
		r = append(r, byte(i*7))
	}
	return r
}

// The first record comes in parts that fit into 480 bytes, and nothing else is changed.
func TestHelloConn(t *testing.T) {
	t.Parallel()
	const rest = "\x17\x03\x03what follows, of any length"
	for name, c := range map[string]struct {
		sent  []byte
		parts []int // of the first record; nil for one that is left as it is
	}{
		"with a post-quantum key": {record(recordHandshake, 1530), []int{383, 383, 383, 381}},
		"small":                   {record(recordHandshake, mostHelloPart), nil},
		"a little larger":         {record(recordHandshake, mostHelloPart+1), []int{241, 240}},
		"the largest":             {record(recordHandshake, 1<<14), append(repeated(256, 63), 256)},
		"empty":                   {record(recordHandshake, 0), nil},
		"of another type":         {record(23, 2000), nil},
		"HTTP":                    {[]byte("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"), nil},
	} {
		for how, slow := range map[string]func(io.Reader) io.Reader{
			"": func(r io.Reader) io.Reader { return r }, ", byte by byte": iotest.OneByteReader, ", with the error": iotest.DataErrReader,
		} {
			t.Run(name+how, func(t *testing.T) {
				t.Parallel()
				sent := append(bytes.Clone(c.sent), rest...)
				conn := newHelloConn(readConn{Reader: slow(bytes.NewReader(sent))})
				var got []byte
				for _, want := range c.parts {
					p := make([]byte, 576)
					n, err := conn.Read(p)
					require.NoError(t, err)
					require.Equal(t, recordHeader+want, n)
					require.Equal(t, c.sent[:3], p[:3])
					require.EqualValues(t, want, binary.BigEndian.Uint16(p[3:]))
					got = append(got, p[recordHeader:n]...)
				}
				if c.parts != nil {
					require.Equal(t, c.sent[recordHeader:], got)
					require.Nil(t, conn.split)
					sent = []byte(rest)
				}
				all, err := io.ReadAll(conn)
				require.NoError(t, err)
				require.Equal(t, sent, all)
			})
		}
	}
}

// measuredListener notes the most bytes that a read of its connections returned.
type measuredListener struct {
	net.Listener
	most *atomic.Int64
}

type measuredConn struct {
	net.Conn
	most *atomic.Int64
}

func (l measuredListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	return measuredConn{c, l.most}, err
}

func (c measuredConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.most.Store(max(c.most.Load(), int64(n)))
	return n, err
}

// A handshake reads a message with a post-quantum key in parts.
func TestHandshakeInParts(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var most atomic.Int64
	cert := certtest.New(t, nil).TLS()
	tlsListener := newTLSListener(measuredListener{l, &most}, &tls.Config{Certificates: []tls.Certificate{cert}}, 30*time.Second, log.New(io.Discard, "", 0))
	defer tlsListener.Close() //nolint:errcheck // it has nothing to say
	client, err := tls.Dial("tcp", l.Addr().String(), &tls.Config{InsecureSkipVerify: true, CurvePreferences: []tls.CurveID{tls.X25519MLKEM768}})
	require.NoError(t, err)
	defer client.Close() //nolint:errcheck // nothing is written
	conn, err := tlsListener.Accept()
	require.NoError(t, err)
	defer conn.Close() //nolint:errcheck // nothing is written
	require.Positive(t, most.Load())
	require.LessOrEqual(t, most.Load(), int64(mostHelloPart))
}

func repeated(n, times int) (all []int) {
	for range times {
		all = append(all, n)
	}
	return all
}

// What a client has sent before it broke off is read, and no more.
func TestHelloConnBroken(t *testing.T) {
	t.Parallel()
	whole := record(recordHandshake, 1000)
	for _, n := range []int{0, 1, 4, 5, 6, 254, 255, 256, 600, len(whole) - 1} {
		conn := newHelloConn(readConn{Reader: bytes.NewReader(whole[:n])})
		var got []byte
		var err error
		for p := make([]byte, 576); err == nil; {
			var read int
			if read, err = conn.Read(p); read > recordHeader {
				got = append(got, p[recordHeader:read]...)
			}
		}
		require.True(t, errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF), err)
		require.Equal(t, whole[min(n, recordHeader):n], append([]byte{}, got...), n)
		read, err := conn.Read(make([]byte, 1))
		require.Zero(t, read)
		require.ErrorIs(t, err, io.EOF)
	}
}

// FuzzHelloConn has any bytes come in pieces of any size: all of them are read, but for
// the headers of the parts of the first record, and no part is larger than it may be.
func FuzzHelloConn(f *testing.F) {
	f.Add(append(record(recordHandshake, 1530), "rest"...), byte(0))
	f.Add(record(recordHandshake, 1<<14), byte(3))
	f.Add(record(recordHandshake, 600)[:300], byte(1))
	f.Add([]byte{recordHandshake, 3, 1, 0xff, 0xff, 1}, byte(7))
	f.Add([]byte("GET / HTTP/1.1\r\n\r\n"), byte(0))
	f.Fuzz(func(t *testing.T, sent []byte, piece byte) {
		var from io.Reader = bytes.NewReader(sent)
		if piece > 0 {
			from = pieces{from, int(piece)}
		}
		conn := newHelloConn(readConn{Reader: from})
		var got []byte
		for p := make([]byte, recordHeader+mostHelloPart); ; {
			split := conn.split != nil && conn.split.left > 0 // what comes is a later part of the record
			n, err := conn.Read(p)
			if split {
				require.GreaterOrEqual(t, n, recordHeader)
				require.Equal(t, sent[:3], p[:3])
				got = append(got, p[recordHeader:n]...)
			} else {
				got = append(got, p[:n]...)
			}
			if err != nil {
				require.True(t, errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF), err)
				break
			}
		}
		require.Len(t, got, len(sent))
		for i := range got {
			if i != 3 && i != 4 { // the length of the first part
				require.Equal(t, sent[i], got[i], i)
			}
		}
	})
}

// pieces reads no more than so many bytes at once.
type pieces struct {
	io.Reader
	most int
}

func (p pieces) Read(b []byte) (int, error) { return p.Reader.Read(b[:min(len(b), p.most)]) }
