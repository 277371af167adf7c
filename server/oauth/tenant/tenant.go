package tenant

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
)

// Org is an organization: here a Salt master.
type Org struct{ Name, ID string }

// System is Cloud Director's organization of the provider. Its id is the same
// everywhere.
var System = Org{Name: "System", ID: "a93c9db9-7471-3192-8d09-a8f7eeda85f9"}

// URN returns the organization's id as a URN.
func (o Org) URN() string { return "urn:vcloud:org:" + o.ID }

// Reference returns the reference to the organization.
func (o Org) Reference() Reference { return Reference{o.Name, o.URN()} }

// Reference refers to an object of Cloud Director.
type Reference struct {
	Name string `json:"name"`
	ID   string `json:"id"`
}

// Orgs are the organizations of a gateway, of which the first is System.
type Orgs []Org

// NewOrgs returns System and the organizations of these names.
func NewOrgs(names ...string) Orgs {
	orgs := Orgs{System}
	for _, name := range names {
		if !strings.EqualFold(name, System.Name) {
			orgs = append(orgs, Org{Name: name, ID: UUID("org", name)})
		}
	}
	return orgs
}

// Named returns the organization of a name, ignoring case.
func (o Orgs) Named(name string) (Org, bool) {
	return o.first(func(org Org) bool { return strings.EqualFold(org.Name, name) })
}

// WithID returns the organization of an id.
func (o Orgs) WithID(id string) (Org, bool) {
	return o.first(func(org Org) bool { return org.ID == id })
}

// OrSystem returns the organization of a name, or System if there is none.
func (o Orgs) OrSystem(name string) Org {
	if org, ok := o.Named(name); ok {
		return org
	}
	return System
}

func (o Orgs) first(is func(Org) bool) (Org, bool) {
	if i := slices.IndexFunc(o, is); i >= 0 {
		return o[i], true
	}
	return Org{}, false
}

// UUID returns a UUID (RFC 9562, version 8) derived from the name of an object
// without an id. It is the same at every gateway.
func UUID(kind, name string) string {
	sum := sha256.Sum256([]byte("saltern\x00" + kind + "\x00" + name))
	b := sum[:16]
	b[6] = b[6]&0x0f | 0x80
	b[8] = b[8]&0x3f | 0x80
	h := hex.EncodeToString(b)
	return strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:]}, "-")
}
