package issuer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
)

// The collections of the service accounts, and of the id for each name.
const (
	accountsCollection     = "service-accounts"
	accountNamesCollection = "service-account-names"
)

// maxAccounts bounds the service accounts, since all are listed at once.
const maxAccounts = 10000

// maxText bounds, in bytes, the texts that describe software. They are stored in
// records.
const maxText = 512

// Account is a service account.
type Account struct {
	ID              string `json:"id"`
	Name            string `json:"name"`
	SoftwareID      string `json:"software_id,omitempty"`
	SoftwareVersion string `json:"software_version,omitempty"`
	URI             string `json:"uri,omitempty"`
	Org             string `json:"org,omitempty"`

	// Scopes are the most that tokens of the account can have.
	Scopes []string `json:"scopes"`

	// Eauth and User are the user that the account acts as.
	Eauth string `json:"eauth"`
	User  string `json:"user"`

	Status    Status         `json:"status"`
	Created   time.Time      `json:"created"`
	CreatedBy apitoken.Owner `json:"created_by"`

	// Revoked is when all its tokens were last revoked: tokens created before it
	// are not valid.
	Revoked time.Time `json:"revoked,omitzero"`

	version int64
}

// Status is the state of a service account.
type Status string

// The statuses, as at Cloud Director.
const (
	Created   Status = "CREATED"
	Requested Status = "REQUESTED" // a device has requested a code
	Allowed   Status = "GRANTED"   // a user has approved the code
	Active    Status = "ACTIVE"    // the device has received its tokens
)

// NewAccount describes a service account to create.
type NewAccount struct {
	Name            string
	SoftwareID      string
	SoftwareVersion string
	URI             string
	Org             string
	Scopes          []string

	// User and Eauth are the user that the account acts as. Empty stands for the
	// caller; only a Superuser or the operator may name another user.
	User, Eauth string
}

// CreateAccount creates a service account. It has no token yet.
func (s *Service) CreateAccount(ctx context.Context, c Caller, n NewAccount) (Account, error) {
	if err := s.may(ctx, c, role.ServiceAccountWrite); err != nil {
		return Account{}, err
	}
	owner := apitoken.Owner{Eauth: n.Eauth, User: n.User}
	if owner == (apitoken.Owner{}) {
		owner = c.owner()
	}
	if owner != c.owner() {
		if err := s.may(ctx, c, role.Superuser); err != nil {
			return Account{}, err
		}
	}
	if err := s.noteLogin(ctx, c, owner); err != nil {
		return Account{}, err
	}
	if err := s.mustAct(ctx, "user", owner, c.From); err != nil {
		return Account{}, err
	}
	a := Account{
		ID: apitoken.NewID(), Name: n.Name, SoftwareID: n.SoftwareID, SoftwareVersion: n.SoftwareVersion,
		URI: n.URI, Org: n.Org, Scopes: n.Scopes, Eauth: owner.Eauth, User: owner.User,
		Status: Created, Created: apitoken.Micro(s.now()), CreatedBy: c.owner(),
	}
	if err := s.checkAccount(ctx, &a); err != nil {
		return Account{}, err
	}
	if err := s.roomForAccount(ctx); err != nil {
		return Account{}, err
	}
	name := apitoken.Document{Key: a.Name, Value: []byte(a.ID)}
	if _, err := s.store.PutDocument(ctx, accountNamesCollection, name); err != nil {
		if errors.Is(err, apitoken.ErrConflict) {
			return Account{}, Errorf(Conflict, "the name of the service account")
		}
		return Account{}, ofStore(err)
	}
	if err := s.putAccount(ctx, &a); err != nil {
		_ = s.store.DeleteDocument(context.WithoutCancel(ctx), accountNamesCollection, a.Name)
		return Account{}, err
	}
	s.notify(ctx, Event{What: Changed, By: c, Subject: "service account " + a.ID})
	return a, nil
}

// roomForAccount returns a [Conflict] where there are [maxAccounts] already.
// Concurrent calls may exceed the bound, each by one.
func (s *Service) roomForAccount(ctx context.Context) error {
	found, err := s.documents(ctx, accountsCollection, maxAccounts)
	if err != nil {
		return err
	}
	if len(found) >= maxAccounts {
		return Errorf(Conflict, "there are %d service accounts already", maxAccounts)
	}
	return nil
}

func (s *Service) checkAccount(ctx context.Context, a *Account) error {
	if err := checkName(a.Name); err != nil {
		return err
	}
	for _, f := range [][2]string{
		{"software_id", a.SoftwareID}, {"software_version", a.SoftwareVersion}, {"uri", a.URI}, {"org", a.Org}, {"user", a.User},
	} {
		if len(f[1]) > maxText {
			return invalid("%s: longer than %d bytes", f[0], maxText)
		}
		if err := checkPrintable(f[0], f[1]); err != nil {
			return err
		}
	}
	scopes, err := s.checkScopes(ctx, a.Scopes)
	a.Scopes = scopes
	return err
}

// Account returns a service account.
func (s *Service) Account(ctx context.Context, c Caller, id string) (Account, error) {
	if err := s.may(ctx, c, role.ServiceAccountRead, role.ServiceAccountWrite); err != nil {
		return Account{}, err
	}
	return s.account(ctx, id)
}

// Accounts returns all service accounts.
func (s *Service) Accounts(ctx context.Context, c Caller) ([]Account, error) {
	if err := s.may(ctx, c, role.ServiceAccountRead, role.ServiceAccountWrite); err != nil {
		return nil, err
	}
	found, err := s.documents(ctx, accountsCollection, maxAccounts)
	if err != nil {
		return nil, err
	}
	accounts := make([]Account, 0, len(found))
	for _, d := range found {
		a, err := readAccount(d)
		if err != nil {
			return nil, err
		}
		accounts = append(accounts, a)
	}
	return accounts, nil
}

// UpdateAccount changes the scopes, the software's version and the URI of a
// service account.
func (s *Service) UpdateAccount(ctx context.Context, c Caller, id string, n NewAccount) (Account, error) {
	return s.changeAccount(ctx, c, role.ServiceAccountWrite, id, func(a *Account) error {
		for _, same := range [][2]string{
			{a.Name, n.Name}, {a.User, n.User}, {a.Eauth, n.Eauth}, {a.SoftwareID, n.SoftwareID},
		} {
			if same[1] != "" && same[1] != same[0] {
				return invalid("the name, the user and the software_id cannot be changed")
			}
		}
		if !covers(a.Scopes, n.Scopes) {
			if err := s.mayActAs(ctx, c, *a); err != nil {
				return err
			}
		}
		a.SoftwareVersion, a.URI = n.SoftwareVersion, n.URI
		if len(n.Scopes) > 0 {
			a.Scopes = n.Scopes
		}
		return s.checkAccount(ctx, a)
	})
}

// RevokeAccount revokes all tokens of a service account. Its device has to be
// approved again.
func (s *Service) RevokeAccount(ctx context.Context, c Caller, id string) (Account, error) {
	a, err := s.changeAccount(ctx, c, role.ServiceAccountWrite, id, func(a *Account) error {
		a.Status = Created
		a.Revoked = apitoken.Micro(s.now()) // this alone invalidates all its tokens
		return nil
	})
	if err != nil {
		return a, err
	}
	return a, s.revokeAll(ctx, c, id)
}

// DeleteAccount deletes a service account, and so ends its tokens.
func (s *Service) DeleteAccount(ctx context.Context, c Caller, id string) error {
	if err := s.may(ctx, c, role.ServiceAccountDelete); err != nil {
		return err
	}
	a, err := s.account(ctx, id)
	if err != nil {
		return err
	}
	if err := s.store.DeleteDocument(ctx, accountsCollection, id); err != nil {
		return ofStore(err)
	}
	err = s.store.DeleteDocument(ctx, accountNamesCollection, a.Name)
	if err != nil && !errors.Is(err, apitoken.ErrNotFound) {
		return err
	}
	s.notify(ctx, Event{What: Removed, By: c, Subject: "service account " + id})
	return s.revokeAll(ctx, c, id)
}

// revokeAll revokes the tokens of a service account.
func (s *Service) revokeAll(ctx context.Context, c Caller, id string) error {
	q := apitoken.Query{Owner: &apitoken.Owner{ServiceAccount: id}, Limit: 1000}
	for {
		page, next, err := s.store.List(ctx, q)
		if err != nil {
			return ofStore(err)
		}
		for _, r := range page {
			if err := s.end(ctx, c, r, "account"); err != nil && !errors.Is(err, NotFound) {
				return err
			}
		}
		if next == "" {
			return nil
		}
		q.After = next
	}
}

func (s *Service) changeAccount(
	ctx context.Context, c Caller, needs role.Permission, id string, change func(*Account) error,
) (Account, error) {
	if err := s.may(ctx, c, needs); err != nil {
		return Account{}, err
	}
	a, err := s.account(ctx, id)
	if err != nil {
		return a, err
	}
	if err := change(&a); err != nil {
		return a, err
	}
	if err := s.putAccount(ctx, &a); err != nil {
		return a, err
	}
	s.notify(ctx, Event{What: Changed, By: c, Subject: "service account " + id})
	return a, nil
}

func (s *Service) account(ctx context.Context, id string) (Account, error) {
	if !apitoken.ValidID(id) {
		return Account{}, refuse(NotFound)
	}
	d, err := s.store.Document(ctx, accountsCollection, id)
	if err != nil {
		return Account{}, ofStore(err)
	}
	return readAccount(d)
}

func readAccount(d apitoken.Document) (Account, error) {
	a := Account{version: d.Version}
	if err := json.Unmarshal(d.Value, &a); err != nil {
		return a, fmt.Errorf("read service account %s: %w", d.Key, err)
	}
	return a, nil
}

func (s *Service) putAccount(ctx context.Context, a *Account) error {
	value, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("write a service account: %w", err)
	}
	d, err := s.store.PutDocument(ctx, accountsCollection, apitoken.Document{Key: a.ID, Version: a.version, Value: value})
	if err != nil {
		return ofStore(err)
	}
	a.version = d.Version
	return nil
}
