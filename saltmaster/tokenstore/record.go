package tokenstore

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"syscall"
	"time"

	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// encode packs r as the master packs its own tokens.
func encode(r Record, layout Layout) []byte {
	b := make([]byte, 0, 512)
	if layout == Enveloped {
		b = msgpack.AppendMap(b, 2)
		b = msgpack.AppendString(b, "data")
		b = appendRecord(b, r)
		b = msgpack.AppendString(b, "_expires")
		return msgpack.AppendInt(b, r.Expire.Unix())
	}
	return appendRecord(b, r)
}

func appendRecord(b []byte, r Record) []byte {
	n := 5
	if len(r.Groups) > 0 {
		n++
	}
	b = msgpack.AppendMap(b, n)
	b = msgpack.AppendString(b, "start")
	b = msgpack.AppendFloat(b, seconds(r.Start))
	b = msgpack.AppendString(b, "expire")
	b = msgpack.AppendFloat(b, seconds(r.Expire))
	b = msgpack.AppendString(b, "name")
	b = msgpack.AppendString(b, r.User)
	b = msgpack.AppendString(b, "eauth")
	b = msgpack.AppendString(b, r.Eauth)
	if len(r.Groups) > 0 {
		b = msgpack.AppendString(b, "groups")
		b = msgpack.AppendArray(b, len(r.Groups))
		for _, g := range r.Groups {
			b = msgpack.AppendString(b, g)
		}
	}
	b = msgpack.AppendString(b, "token")
	return msgpack.AppendString(b, r.Token)
}

// decode reads a token file. ok is false for anything that is not a token.
func decode(b []byte, layout Layout) (r Record, ok bool) {
	if msgpack.Valid(b) != nil {
		return Record{}, false
	}
	m := msgpack.Raw(b)
	if layout == Enveloped {
		if m, ok = m.Lookup("data"); !ok {
			return Record{}, false
		}
	}
	return Parse(m)
}

// Parse reads the map of a token, which the master keeps in files and answers
// with: start, expire (seconds), name, eauth, token, perhaps groups and
// auth_list. ok is false where it has no owner.
func Parse(m msgpack.Raw) (r Record, ok bool) {
	r = Record{
		Token:  m.LookupStr("token"),
		User:   m.LookupStr("name"),
		Eauth:  m.LookupStr("eauth"),
		Start:  instant(m, "start"),
		Expire: instant(m, "expire"),
	}
	groups, _ := m.Lookup("groups")
	_ = groups.Elems(func(g msgpack.Raw) error {
		if s, ok := g.Str(); ok {
			r.Groups = append(r.Groups, s)
		}
		return nil
	})
	if list, ok := m.Lookup("auth_list"); ok {
		r.AuthList = bytes.Clone(list)
	}
	return r, r.Token != "" && r.User != "" && r.Eauth != "" && !r.Expire.IsZero()
}

// lastSecond is the end of the year 9999, beyond which times cannot be
// written: a caller may have chosen a longer life.
const lastSecond = 253402300799

func instant(m msgpack.Raw, key string) time.Time {
	v, _ := m.Lookup(key)
	f, ok := v.Float()
	if !ok || !(f >= 0) { // NaN is neither
		return time.Time{}
	}
	return time.UnixMicro(int64(min(f, lastSecond) * 1e6))
}

func seconds(t time.Time) float64 { return float64(t.UnixMicro()) / 1e6 }

// usualFile is more than a token takes without the ACL of its owner, in bytes.
const usualFile = 512

// readBounded reads a file by the system's own calls: package os would offer each
// file to the poller of connections first, which takes six calls more than the
// three that are needed, with every request that comes with a token.
func readBounded(path string) (b []byte, err error) {
	fd, err := restarted(func() (int, error) {
		return syscall.Open(path, syscall.O_RDONLY|syscall.O_CLOEXEC|syscall.O_NONBLOCK, 0)
	})
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	defer syscall.Close(fd) //nolint:errcheck // nothing was written
	b = make([]byte, 0, usualFile)
	for {
		n, err := restarted(func() (int, error) { return syscall.Read(fd, b[len(b):cap(b)]) })
		if err != nil {
			return nil, &fs.PathError{Op: "read", Path: path, Err: err}
		}
		if b = b[:len(b)+max(n, 0)]; len(b) > maxFile {
			return nil, fmt.Errorf("larger than %d bytes", maxFile)
		}
		if len(b) < cap(b) {
			return b, nil // the end of the file, or there would be more
		}
		b = slices.Grow(b, len(b))
	}
}

// restarted calls again what a signal has interrupted.
func restarted(call func() (int, error)) (n int, err error) {
	for {
		if n, err = call(); !errors.Is(err, syscall.EINTR) {
			return n, err
		}
	}
}
