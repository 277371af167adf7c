package eventbus

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

// read is a stream read to its end: all tags and bodies, and the error that ended it.
type read struct {
	tags   []string
	bodies [][]byte
	err    error
}

func readAll(r io.Reader, max int, keep bool) read {
	var all read
	s := newStream(r, max)
	for {
		tag, err := s.open()
		var body []byte
		if err == nil {
			body, err = s.finish(keep)
		}
		if err != nil {
			all.err = err
			return all
		}
		all.tags = append(all.tags, tag)
		all.bodies = append(all.bodies, body)
	}
}

func TestStream(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat("\x91", maxHeadDepth+2) + "\xc0"
	tests := map[string]struct {
		in   string
		tags []string
		err  error
	}{
		"empty":                      {"", nil, io.EOF},
		"two bare":                   {"\x82\xa4head\x80\xa4body\xa4a\n\n\x01\x82\xa4head\x80\xa4body\xa4b\n\n\x01", []string{"a", "b"}, io.EOF},
		"two prefixed":               {"\x00\x00\x00\x11\x82\xa4head\x80\xa4body\xa4a\n\n\x01\x00\x00\x00\x11\x82\xa4head\x80\xa4body\xa4b\n\n\x01", []string{"a", "b"}, io.EOF},
		"body first":                 {"\x82\xa4body\xa4a\n\n\x01\xa4head\x81\xa1k\x93\x01\xc0\xca\x00\x00\x00\x00", []string{"a"}, io.EOF},
		"bin keys, wide forms":       {"\xdf\x00\x00\x00\x02\xc4\x04head\xde\x00\x00\xda\x00\x04body\xc5\x00\x04a\n\n\x01", []string{"a"}, io.EOF},
		"every flat type in head":    {"\x82\xa4head\x9f\x01\xff\xc0\xc2\xc3\xc4\x00\xc7\x00\x01\xca\x00\x00\x00\x00\xcc\x00\xd0\x00\xd4\x01\x00\xd6\x01\x00\x00\x00\x00\xd9\x01a\xdc\x00\x00\xde\x00\x00\xa4body\xa4a\n\n\x01", []string{"a"}, io.EOF},
		"first separator only":       {"\x81\xa4body\xa8a\n\nb\n\n\x01\x01", []string{"a"}, io.EOF},
		"no separator":               {"\x81\xa4body\xa3a\n\x01", []string{""}, io.EOF},
		"no body at all":             {"\x81\xa4head\x80", nil, errMalformed},
		"cut in header":              {"\x82\xa4head\x80\xa4body\xc6\x00", nil, io.ErrUnexpectedEOF},
		"cut in body":                {"\x82\xa4head\x80\xa4body\xa4a\n\n", nil, io.ErrUnexpectedEOF},
		"cut in prefix":              {"\x00\x00", nil, io.ErrUnexpectedEOF},
		"empty frame":                {"\x00\x00\x00\x00\x00", nil, errMalformed},
		"frame shorter than message": {"\x00\x00\x00\x05\x82\xa4head\x80", nil, errMalformed},
		"frame ends in a size":       {"\x00\x00\x00\x09\x82\xa4head\x80\xda\x00\x00\x00", nil, errMalformed},
		"array":                      {"\x92\x01\x02", nil, errMalformed},
		"many pairs":                 {"\xde\x01\x00", nil, errMalformed},
		"integer key":                {"\x82\x01\x02", nil, errMalformed},
		"deep head":                  {"\x82\xa4head" + deep, nil, errMalformed},
		"absurd array":               {"\x82\xa4head\xdd\xff\xff\xff\xff", nil, errMalformed},
		"absurd map":                 {"\x82\xa4head\xdf\xff\xff\xff\xff", nil, errMalformed},
		"absurd body":                {"\x82\xa4head\x80\xa4body\xc6\xff\xff\xff\xff", nil, errMalformed},
		"never used byte":            {"\x82\xa4head\xc1", nil, errMalformed},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, keep := range []bool{true, false} {
				got := readAll(strings.NewReader(test.in), 1<<20, keep)
				require.Equal(t, test.tags, got.tags)
				require.ErrorIs(t, got.err, test.err)
			}
		})
	}
}

func TestBodyBound(t *testing.T) {
	t.Parallel()
	for _, framing := range []Framing{FramingPrefixed, FramingBare} {
		m := message(framing, "a", make([]byte, 1000))
		size := len(m)
		if framing == FramingPrefixed {
			size -= 4
		}
		require.ErrorIs(t, readAll(bytes.NewReader(m), size, true).err, io.EOF)
		require.ErrorIs(t, readAll(bytes.NewReader(m), size-1, true).err, errMalformed)
	}
}

func TestJobOf(t *testing.T) {
	t.Parallel()
	for tag, jid := range map[string]string{
		"salt/job/1/ret/ms-0": "1", "salt/job/1/ret/a/b": "1", "salt/run/1/ret": "1", "salt/run/1/new": "1",
		"salt/wheel/1/ret": "1", "salt/run/1/progress/x": "1", "1": "1",
		"salt/job/1/new": "", "salt/job/1/ret": "", "salt/job/1/publish": "", "salt/run/1": "", "salt/run": "",
		"salt/auth": "", "minion/1": "", "": "", "syndic/a/1": "",
		"syndic/a/20260101000000000001": "20260101000000000001", "syndic/a/salt/job/20260101000000000001/new": "20260101000000000001",
		"syndic/a/syndic/b/20260101000000000001_7": "20260101000000000001_7", "syndic/20260101000000000001": "",
		"syndic/b/syndic/a/salt/job/20260101000000000001/new": "20260101000000000001", "syndic/salt/job/20260101000000000001/new": "",
		"syndic/a/salt/run/20260101000000000001/new": "", "syndic/a/salt/job/20260101000000000001/ret/m": "", "syndic/": "",
		"syndic/a/start": "", "syndic/a/2026010100000000000x": "",
	} {
		require.Equal(t, jid, jobOf(tag), tag)
	}
}

// fuzzStream reads data as one piece and in pieces of the sizes that splits names; both must read the same.
func fuzzStream(t *testing.T, data, splits []byte) {
	const max = 1 << 20
	whole := readAll(bytes.NewReader(data), max, true)
	pieces := readAll(&pieceReader{data: data, splits: splits}, max, true)
	skipped := readAll(iotest.OneByteReader(bytes.NewReader(data)), max, false)
	require.Equal(t, whole.tags, pieces.tags)
	require.Equal(t, whole.bodies, pieces.bodies)
	require.Equal(t, whole.tags, skipped.tags)
	require.Equal(t, whole.err.Error(), pieces.err.Error())
	require.Equal(t, whole.err.Error(), skipped.err.Error())
	require.True(t, errors.Is(whole.err, errMalformed) || errors.Is(whole.err, io.EOF) || errors.Is(whole.err, io.ErrUnexpectedEOF))
	total := 0
	for i, body := range whole.bodies {
		total += len(body)
		if tag := whole.tags[i]; tag != "" {
			require.True(t, strings.HasPrefix(string(body), tag+"\n\n"))
		}
	}
	require.LessOrEqual(t, total, len(data))
}

type pieceReader struct{ data, splits []byte }

func (r *pieceReader) Read(p []byte) (int, error) {
	if len(r.data) == 0 {
		return 0, io.EOF
	}
	n := min(len(p), len(r.data))
	if len(r.splits) > 0 {
		n = min(n, int(r.splits[0])+1)
		r.splits = append(r.splits[1:len(r.splits):len(r.splits)], r.splits[0])
	}
	copy(p, r.data[:n])
	r.data = r.data[n:]
	return n, nil
}

func FuzzBare(f *testing.F) {
	f.Add([]byte("\x82\xa4head\x80\xa4body\xa4a\n\n\x01"), []byte{0})
	f.Add(append(message(FramingBare, "b", make([]byte, 5000)), message(FramingBare, "c", nil)...), []byte{7, 200})
	f.Fuzz(func(t *testing.T, data, splits []byte) {
		if data = bytes.Clone(data); len(data) > 0 {
			data[0] |= 0x80
		}
		fuzzStream(t, data, splits)
	})
}

// FuzzFramed can put the right length before data, so that the fuzzer easily gets past the prefix.
func FuzzFramed(f *testing.F) {
	f.Add([]byte("\x82\xa4head\x80\xa4body\xa4a\n\n\x01"), []byte{0}, true)
	f.Add(append(message(FramingPrefixed, "b", make([]byte, 5000)), message(FramingPrefixed, "c", nil)...), []byte{7, 200}, false)
	f.Fuzz(func(t *testing.T, data, splits []byte, prefix bool) {
		if prefix {
			data = append(binary.BigEndian.AppendUint32(nil, uint32(len(data))), data...)
		}
		if data = bytes.Clone(data); len(data) > 0 {
			data[0] &= 0x7f
		}
		fuzzStream(t, data, splits)
	})
}
