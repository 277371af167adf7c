package redis

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"time"

	"github.com/saltern-api/saltern/eauth/apitoken"
)

var errRecord = errors.New("a record is damaged")

// fields returns the arguments for a new token, in the order in which scripts
// read them. Fields that can change are stored beside the record, and take
// precedence.
func fields(i apitoken.Issue) ([]any, error) {
	r := i.Record
	text, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("write a record: %w", err)
	}
	name := ""
	if r.Kind == apitoken.KindAPI {
		name = digest(r.Owner.Eauth, r.Owner.User, r.Owner.ServiceAccount, r.Name)
	}
	return []any{
		r.ID, text, hashText(i.Hash), r.Kind.Lasting(), ownerText(r.Owner), name, r.Family, r.Parent,
		micros(r.Created), micros(r.Expires), micros(r.Issued), r.OneTime,
	}, nil
}

// decode reads a token in its stored form: pairs of a field's name and its
// value.
func decode(v any) (i apitoken.Issue, err error) {
	pairs, err := texts(v)
	if err != nil {
		return i, err
	}
	if len(pairs) == 0 {
		return i, apitoken.ErrNotFound
	}
	for n := 0; n+1 < len(pairs) && err == nil; n += 2 {
		if pairs[n] == "record" {
			err = json.Unmarshal([]byte(pairs[n+1]), &i.Record)
		}
	}
	for n := 0; n+1 < len(pairs) && err == nil; n += 2 {
		err = setField(&i, pairs[n], pairs[n+1])
	}
	if err != nil || i.Record.ID == "" {
		return i, fmt.Errorf("%w: %w", apitoken.ErrUnavailable, errors.Join(errRecord, err))
	}
	return i, nil
}

// setField sets one of the fields that can change.
func setField(i *apitoken.Issue, name, value string) (err error) {
	r := &i.Record
	switch name {
	case "hash":
		if value != "" {
			_, err = hex.Decode(i.Hash[:], []byte(value[:min(len(value), 2*len(i.Hash))]))
		}
	case "expires":
		r.Expires, err = readTime(value)
	case "issued":
		r.Issued, err = readTime(value)
	case "used":
		r.Used, err = readTime(value)
	case "revoked":
		r.Revoked, err = readTime(value)
	case "why":
		r.RevokedWhy = value
	case "last_at":
		r.LastUsed.At, err = readTime(value)
	case "last_addr":
		if value != "" {
			r.LastUsed.Addr, err = netip.ParseAddr(value)
		}
	case "last_agent":
		r.LastUsed.Agent = value
	}
	return err
}

// micros encodes a time as scripts compare it, 0 for none.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func readTime(s string) (time.Time, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n == 0 {
		return time.Time{}, err
	}
	return time.UnixMicro(n).UTC(), nil
}

func hashText(h apitoken.Hash) string {
	if h.IsZero() {
		return ""
	}
	return hex.EncodeToString(h[:])
}

func ownerText(o apitoken.Owner) string { return digest(o.Eauth, o.User, o.ServiceAccount) }

// digest returns a hash of texts that contain no zero byte, so that keys are
// short and reveal no names.
func digest(texts ...string) string {
	h := sha256.New()
	for _, s := range texts {
		h.Write([]byte(s))
		h.Write([]byte{0})
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}
