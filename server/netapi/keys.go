package netapi

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
	"github.com/saltern-api/saltern/server/audit"
	"github.com/saltern-api/saltern/server/caller"
	"github.com/saltern-api/saltern/server/web"
)

// keys answers GET /keys[/<glob>]: the minion keys of the master, or the
// fingerprints of those that match.
func (s *CherryPy) keys(x *web.Exchange, r *http.Request) error {
	c := lowstate.Compose(
		lowstate.Pair{Key: "client", Value: "wheel"},
		lowstate.Pair{Key: "fun", Value: "key.list_all"})
	if mid := argument(r, "mid"); mid != "" {
		c = c.With(
			lowstate.Pair{Key: "fun", Value: "key.finger"},
			lowstate.Pair{Key: "match", Value: mid})
	}
	var authority lowstate.Authority
	if len(caller.CredentialsOf(r)) > 0 {
		_, a, release, err := s.authorize(x, r)
		if err != nil {
			return err
		}
		defer release()
		authority = a
	}
	answers, err := s.call(r.Context(), x, authority, c)
	if err != nil {
		return err
	}
	ret, err := wheelReturn(answers[0])
	if err != nil {
		return err
	}
	mark := x.Spool.Size()
	_, _ = x.Spool.WriteString(`{"return": `) // an error stays
	_ = lowstate.WriteReturn(x.Spool, ret)
	if _, err := x.Spool.WriteString("}"); err != nil {
		return err
	}
	return x.WriteSpooled(http.StatusOK, x.Spool.Since(mark))
}

// maxMinionID is the maximum length of a file name, in characters.
const maxMinionID = 255

// minionFile matches names that the master may use for a file. The length is
// not part of the pattern: a repeated class of Unicode takes 10 MB of memory.
var minionFile = regexp.MustCompile(`^[^/\\"\pC]+$`)

func isMinionID(id string) bool {
	return utf8.RuneCountInString(id) <= maxMinionID && minionFile.MatchString(id) && strings.Trim(id, ".") != ""
}

// makeKeys answers POST /keys: the master generates and accepts a key pair for
// a minion, and the response is an archive of it. The credentials are in the
// body, or outside of it as everywhere.
func (s *CherryPy) makeKeys(x *web.Exchange, r *http.Request) error {
	c, err := s.readChunk(x, r)
	if err != nil {
		return err
	}
	c = c.Renamed("mid", "id_")
	id, ok := c.Text("id_")
	if !ok {
		return &web.Error{Status: http.StatusBadRequest, Text: "mid is missing"}
	}
	if !isMinionID(id) {
		return &web.Error{Status: http.StatusBadRequest, Text: "mid cannot be the id of a minion"}
	}
	if size, ok := c.Number("keysize"); ok { // values of forms are text
		c = c.WithInt("keysize", int64(size))
	}
	c = c.With(lowstate.Pair{Key: "client", Value: "wheel"}, lowstate.Pair{Key: "fun", Value: "key.gen_accept"})
	audit.Of(x).SetChunks(true, c)
	authority, release, err := s.authorityFor(x, r, []lowstate.Chunk{c}, true)
	if err != nil {
		return err
	}
	defer release()
	res, err := s.run(r.Context(), x, lowstate.Call{Chunks: []lowstate.Chunk{c}, Authority: authority, ChunkFirst: true})
	if err != nil {
		return err
	}
	ret, err := wheelReturn(res.Answers[0])
	if err != nil {
		return err
	}
	if ret.Kind() != msgpack.Map {
		return fmt.Errorf("key.gen_accept: the answer is no pair of keys")
	}
	archive, err := keyArchive(ret.LookupStr("pub"), ret.LookupStr("priv"))
	if err != nil {
		return err
	}
	h := x.Header()
	h.Set("Content-Disposition", `attachment; filename="saltkeys-`+id+`.tar"`)
	h.Set("Cache-Control", "no-cache, no-store")
	x.WriteBody("application/x-tar", http.StatusOK, archive)
	return nil
}

// tarSize is the block that Python's tarfile pads archives to.
const tarSize = 10240

func keyArchive(pub, priv string) ([]byte, error) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, file := range []struct{ name, text string }{{"minion.pub", pub}, {"minion.pem", priv}} {
		header := &tar.Header{Name: file.name, Mode: 0o644, Size: int64(len(file.text)), Format: tar.FormatUSTAR}
		if err := w.WriteHeader(header); err != nil {
			return nil, fmt.Errorf("archive of keys: %w", err)
		}
		if _, err := w.Write([]byte(file.text)); err != nil {
			return nil, fmt.Errorf("archive of keys: %w", err)
		}
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("archive of keys: %w", err)
	}
	if short := tarSize - b.Len()%tarSize; short < tarSize {
		b.Write(make([]byte, short))
	}
	return b.Bytes(), nil
}

// wheelReturn returns the return of a wheel function.
func wheelReturn(answer lowstate.Answer) (msgpack.Raw, error) {
	wheel, _ := answer.(lowstate.WheelReturn)
	ret, ok := wheel.Return()
	if !ok {
		return nil, errors.New("the answer is none of a wheel function")
	}
	return ret, nil
}
