package apitoken

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// The limits of a record.
const (
	maxText   = 512 // bytes of a name and the like
	maxScopes = 64
	maxAgent  = 200
)

// MaxDocument is the maximum length of a document's value, in bytes.
const MaxDocument = 64 << 10

// MaxChildren is how many access tokens of one parent are kept, see
// [Record.Parent]. When one more is made, one of them is removed in the same
// step: the one that ended first, or the oldest if none has ended, which
// [Store.Watch] reports as it does a revocation. So repeated exchanges cannot
// fill a store, and a revocation with all its children takes little time.
const MaxChildren = 1000

// maxIssues bounds how many tokens one exchange makes.
const maxIssues = 4

// Prepared returns an issue in the form in which stores keep it, or an
// [ErrInvalid]. Stores call it first.
func (i Issue) Prepared() (Issue, error) {
	r := i.Record.clean()
	switch {
	case !ValidID(r.ID):
		return i, invalid("id")
	case !r.Kind.Known():
		return i, invalid("kind")
	case r.Owner.ServiceAccount != "" && (r.Owner.User != "" || r.Owner.Eauth != ""),
		r.Owner.ServiceAccount == "" && (r.Owner.User == "" || r.Owner.Eauth == ""):
		return i, invalid("owner")
	case r.OneTime && (r.Kind == KindAPI || r.Kind == KindAccess):
		return i, invalid("one use")
	case r.Kind == KindAPI && r.Name == "":
		return i, invalid("name")
	case !texts(r.Name, r.Owner.User, r.Owner.Eauth, r.Owner.ServiceAccount, string(r.Profile), r.ClientID, r.SoftwareID,
		r.Org, r.Remind) || len(r.Scopes) > maxScopes || !texts(r.Scopes...):
		return i, invalid("text")
	case r.Created.IsZero(), !r.Expires.IsZero() && !r.Expires.After(r.Created), r.Issued.IsZero() != i.Hash.IsZero():
		return i, invalid("times")
	case !r.Used.IsZero(), !r.Revoked.IsZero(), r.RevokedWhy != "", !r.LastUsed.IsZero():
		return i, invalid("state")
	case r.Parent != "" && (r.Kind != KindAccess || !ValidID(r.Parent)):
		return i, invalid("parent")
	case r.Family != "" && (r.Kind != KindRefresh || !ValidID(r.Family)):
		return i, invalid("family")
	}
	return Issue{Hash: i.Hash, Record: r}, nil
}

// texts reports whether all of these can be stored and shown.
func texts(all ...string) bool {
	for _, s := range all {
		if len(s) > maxText || !utf8.ValidString(s) || strings.ContainsRune(s, 0) {
			return false
		}
	}
	return true
}

// PreparedFor returns the successors of an exchanged token in the form in which
// stores keep them. None may be an API token, whose name could be taken.
func PreparedFor(next []Issue) ([]Issue, error) {
	if len(next) > maxIssues {
		return nil, invalid("too many successors")
	}
	out := make([]Issue, 0, len(next))
	for _, i := range next {
		i, err := i.Prepared()
		if err != nil {
			return nil, err
		}
		if i.Record.Kind == KindAPI || i.Hash.IsZero() {
			return nil, invalid("successor")
		}
		for _, other := range out {
			if other.Record.ID == i.Record.ID || other.Hash == i.Hash {
				return nil, ErrConflict
			}
		}
		out = append(out, i)
	}
	return out, nil
}

// CheckParent returns an error if a token must not be made for this parent:
// when the parent has ended, or when the token would outlive it. The parent may
// be a used one-time token, since its exchange marks it as used.
func (r Record) CheckParent(parent Record, now time.Time) error {
	switch {
	case !parent.Kind.Lasting():
		return invalid("parent")
	case !parent.Revoked.IsZero():
		return ErrRevoked
	case parent.expired(now):
		return ErrExpired
	case !parent.Expires.IsZero() && (r.Expires.IsZero() || r.Expires.After(parent.Expires)):
		return invalid("it would outlive its parent")
	}
	return nil
}

// CheckSuccessor returns an error if r must not be exchanged for next, which
// follows those in before. next has no parent, or its parent is r or one of
// before.
func (r Record) CheckSuccessor(next Record, before []Issue, now time.Time) error {
	if next.Parent == "" {
		return nil
	}
	if next.Parent == r.ID {
		return next.CheckParent(r, now)
	}
	for _, b := range before {
		if next.Parent == b.Record.ID {
			return next.CheckParent(b.Record, now)
		}
	}
	return invalid("parent")
}

// CheckConsume returns an error if a one-time token must not be used now.
func (r Record) CheckConsume(now time.Time) error {
	switch {
	case !r.OneTime:
		return invalid("not a one-time token")
	case !r.Revoked.IsZero():
		return ErrRevoked
	case !r.Used.IsZero():
		return ErrReused
	case r.expired(now):
		return ErrExpired
	}
	return nil
}

// Prepared returns the renewal in the form in which stores carry it out.
func (n Renewal) Prepared() (Renewal, error) {
	n.At, n.Expires = Micro(n.At), Micro(n.Expires)
	if n.Hash.IsZero() || n.At.IsZero() || !n.Expires.IsZero() && !n.Expires.After(n.At) {
		return n, invalid("renewal")
	}
	next, err := PreparedFor(n.Next)
	if err != nil {
		return n, err
	}
	n.Next = next
	for _, i := range next {
		if i.Hash == n.Hash {
			return n, ErrConflict
		}
	}
	return n, nil
}

// Renewed returns the token as it is after a renewal.
func (r Record) Renewed(n Renewal) Record {
	r.Issued, r.Expires = n.At, n.Expires
	return r
}

// CheckRenew returns an error if the token must not be given another secret.
func (r Record) CheckRenew(n Renewal) error {
	switch {
	case r.Kind != KindAPI:
		return invalid("not an API token")
	case !r.Revoked.IsZero():
		return ErrRevoked
	case n.First && !r.Issued.IsZero():
		return ErrConflict
	case n.First && r.expired(n.At):
		return ErrExpired
	}
	return nil
}

// Prepared returns the use in the form in which stores keep it. The agent is
// text from an unknown client, and is shown in terminals.
func (u Use) Prepared() Use {
	u.At = Micro(u.At)
	if len(u.Agent) > maxAgent {
		u.Agent = u.Agent[:maxAgent]
	}
	u.Agent = strings.Map(func(c rune) rune {
		if !unicode.IsPrint(c) {
			return '?'
		}
		return c
	}, strings.ToValidUTF8(u.Agent, "?"))
	return u
}

// Check returns an [ErrInvalid] for a document that cannot be stored.
func (d Document) Check(collection string) error {
	switch {
	case !validCollection(collection):
		return invalid("collection")
	case d.Key == "" || !texts(d.Key):
		return invalid("key")
	case len(d.Value) > MaxDocument:
		return invalid("too large a document")
	}
	return nil
}

func validCollection(s string) bool {
	for _, c := range []byte(s) {
		if c != '-' && (c < 'a' || c > 'z') {
			return false
		}
	}
	return s != "" && len(s) <= 32
}
