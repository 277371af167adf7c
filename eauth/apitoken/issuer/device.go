package issuer

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/internal/fair"
)

// A device is a program that runs as a service account. It shows its user code to
// a person, and polls with its device code until the person has approved or denied
// the user code (RFC 8628).
const (
	devicesCollection = "device-codes"
	deviceTime        = 10 * time.Minute
	deviceInterval    = 5 * time.Second

	beginsAtOnce = 8

	// pollTolerance is how much too early a device may poll.
	pollTolerance = time.Second

	// userLetters are the letters of user codes: they are not mistaken for one
	// another, and form no words. Eight of them are 34 bits, valid for ten minutes.
	userLetters = "BCDFGHJKLMNPQRSTVWXZ"
)

// device is the stored record of a user code.
type device struct {
	Token   string    `json:"token"` // the id of the device code
	Account string    `json:"account"`
	Answer  string    `json:"answer"` // empty while there is none
	Expires time.Time `json:"expires"`

	version int64
}

const (
	saidYes = "yes"
	saidNo  = "no"
)

// DeviceCode is a device authorization response (RFC 8628, section 3.2).
type DeviceCode struct {
	Code     apitoken.Secret
	UserCode string
	Expires  time.Duration
	Interval time.Duration
}

// BeginDevice issues the codes of a device. clientID is the id of its service
// account; where there is none the error is [NotFound].
func (s *Service) BeginDevice(ctx context.Context, clientID string, from Origin) (DeviceCode, error) {
	if err := s.guard.allowKeys(ctx, byAddress(from.Addr)); err != nil {
		return DeviceCode{}, err
	}
	a, err := s.account(ctx, clientID)
	if errors.Is(err, NotFound) {
		s.guard.count(ctx, byAddress(from.Addr))
	}
	if err != nil {
		return DeviceCode{}, err
	}
	if err := s.mayBegin(ctx, a, from); err != nil {
		return DeviceCode{}, err
	}
	now := s.now()
	code := DeviceCode{
		Code: apitoken.NewSecret(apitoken.KindDevice), UserCode: newUserCode(),
		Expires: deviceTime, Interval: deviceInterval,
	}
	r := apitoken.Record{
		ID: apitoken.NewID(), Kind: apitoken.KindDevice, Name: code.UserCode, ClientID: a.ID,
		Owner: apitoken.Owner{ServiceAccount: a.ID}, Profile: apitoken.ProfileVCD, Scopes: a.Scopes, Org: a.Org,
		SoftwareID: a.SoftwareID, Created: now, Issued: now, Expires: now.Add(deviceTime), OneTime: true,
	}
	if err := s.store.Create(ctx, apitoken.Issue{Hash: s.pepper.Hash(code.Code), Record: r}); err != nil {
		return DeviceCode{}, ofStore(err)
	}
	d := device{Token: r.ID, Account: a.ID, Expires: r.Expires}
	if err := s.putDevice(ctx, code.UserCode, d); err != nil {
		return DeviceCode{}, err
	}
	return code, s.setStatus(ctx, a, Requested)
}

// mayBegin bounds the codes that are issued for a service account, whose id is no
// secret: one a second for each address prefix, so that other clients do not use up
// the device's share, and beginsAtOnce a second for all prefixes together.
func (s *Service) mayBegin(ctx context.Context, a Account, from Origin) error {
	first, err := s.store.Once(ctx, "device-begin:"+a.ID+":"+fair.Prefix(from.Addr).String(), time.Second)
	for i := 0; first && i < beginsAtOnce; i++ {
		free, err := s.store.Once(ctx, fmt.Sprintf("device-begin:%s:%d", a.ID, i), time.Second)
		if free || err != nil {
			return err
		}
	}
	if err != nil {
		return err
	}
	return &Error{Kind: Throttled, RetryAfter: time.Second}
}

// newUserCode returns a random code such as "BDFG-KLMN".
func newUserCode() string {
	var code []byte
	for len(code) < 9 {
		var b [1]byte
		_, _ = rand.Read(b[:]) // it never fails
		switch n := int(b[0]); {
		case len(code) == 4:
			code = append(code, '-')
		case n < 256/len(userLetters)*len(userLetters):
			code = append(code, userLetters[n%len(userLetters)])
		}
	}
	return string(code)
}

// readUserCode parses a code as people type it: in either case, with or without
// spaces and hyphens.
func readUserCode(text string) (string, bool) {
	var code []byte
	for _, c := range []byte(strings.ToUpper(text)) {
		switch {
		case c == '-' || c == ' ':
		case strings.IndexByte(userLetters, c) < 0 || len(code) == 8:
			return "", false
		default:
			code = append(code, c)
		}
	}
	if len(code) != 8 {
		return "", false
	}
	return string(code[:4]) + "-" + string(code[4:]), true
}

// DeviceAccount returns the service account that a user code is for.
func (s *Service) DeviceAccount(ctx context.Context, c Caller, userCode string) (Account, error) {
	if err := s.may(ctx, c, role.ServiceAccountWrite); err != nil {
		return Account{}, err
	}
	_, d, err := s.device(ctx, c, userCode)
	if err != nil {
		return Account{}, err
	}
	return s.account(ctx, d.Account)
}

// AnswerDevice approves or denies a user code.
func (s *Service) AnswerDevice(ctx context.Context, c Caller, userCode string, yes bool) error {
	if err := s.may(ctx, c, role.ServiceAccountWrite); err != nil {
		return err
	}
	code, d, err := s.device(ctx, c, userCode)
	if err != nil {
		return err
	}
	a, err := s.account(ctx, d.Account)
	if err != nil {
		return err
	}
	if yes {
		if err := s.mayActAs(ctx, c, a); err != nil {
			return err
		}
	}
	status := Allowed
	d.Answer = saidYes
	if !yes {
		d.Answer, status = saidNo, Created
	}
	if err := s.putDevice(ctx, code, d); err != nil {
		return err
	}
	what := Granted
	if !yes {
		what = Denied
	}
	s.notify(ctx, Event{What: what, By: c, Subject: "service account " + a.ID})
	return s.setStatus(ctx, a, status)
}

// device returns the record of a user code that is not answered yet. Failures are
// counted, since they may be guesses.
func (s *Service) device(ctx context.Context, c Caller, userCode string) (string, device, error) {
	keys := []string{byAddress(c.From.Addr), "token-user-code:" + c.Eauth + ":" + c.User}
	if err := s.guard.allowKeys(ctx, keys...); err != nil {
		return "", device{}, err
	}
	code, ok := readUserCode(userCode)
	var d device
	err := refuse(NotFound)
	if ok {
		d, err = s.getDevice(ctx, code)
	}
	if err == nil && (d.Answer != "" || !s.now().Before(d.Expires)) {
		err = refuse(NotFound)
	}
	if errors.Is(err, NotFound) {
		s.guard.count(ctx, keys...)
	}
	return code, d, err
}

// ExchangeDevice exchanges an approved device code for tokens (RFC 8628, 3.4). Where
// it is not approved the errors are those of section 3.5: [AuthorizationPending],
// [SlowDown], [AccessDenied] and [ExpiredToken]; or [InvalidGrant].
func (s *Service) ExchangeDevice(ctx context.Context, text, clientID string, req Request) (*Exchange, error) {
	secret, err := apitoken.Parse(text)
	if err != nil || secret.Kind() != apitoken.KindDevice {
		s.notify(ctx, Event{What: Refused, By: Caller{From: req.From}, Why: "malformed"})
		return nil, refuse(InvalidGrant)
	}
	r, owner, err := s.verify(ctx, secret, req.From)
	if errors.Is(err, InvalidGrant) && r.State(s.now()) == apitoken.Expired && r.ClientID == clientID {
		return nil, refuse(ExpiredToken)
	}
	if err != nil {
		return nil, err
	}
	if r.ClientID != clientID || req.Org != "" && r.Org != "" && req.Org != r.Org {
		s.notify(ctx, Event{What: Refused, By: Caller{From: req.From}, Token: r, Why: "client"})
		return nil, refuse(InvalidGrant)
	}
	d, err := s.getDevice(ctx, r.Name)
	if errors.Is(err, NotFound) || err == nil && d.Token != r.ID {
		return nil, refuse(ExpiredToken)
	}
	if err != nil {
		return nil, err
	}
	switch d.Answer {
	case saidYes:
	case saidNo:
		return nil, refuse(AccessDenied)
	default:
		return nil, s.pending(ctx, r)
	}
	x, err := s.letIn(ctx, secret, r, owner, req)
	if err != nil {
		return nil, s.notGiven(ctx, r, req, err)
	}
	s.notify(ctx, Event{What: Issued, By: Caller{From: req.From}, Token: x.Token, Others: []string{x.Record.ID}})
	// The tokens are issued. Errors from here on are ignored: [Service.runJanitor]
	// deletes the document if this does not.
	ctx = context.WithoutCancel(ctx)
	_ = s.store.DeleteDocument(ctx, devicesCollection, r.Name)
	if a, err := s.account(ctx, r.ClientID); err == nil {
		_ = s.setStatus(ctx, a, Active)
	}
	return x, nil
}

// pending returns the error for a device code that is not answered yet.
func (s *Service) pending(ctx context.Context, r apitoken.Record) error {
	first, err := s.store.Once(ctx, "device-poll:"+r.ID, deviceInterval-pollTolerance)
	switch {
	case err != nil:
		return err
	case !first:
		return refuse(SlowDown)
	}
	return refuse(AuthorizationPending)
}

// letIn exchanges a device code for the first refresh token of a family, with an
// access token. The store creates both in one step, since the code is valid once.
func (s *Service) letIn(ctx context.Context, secret apitoken.Secret, r apitoken.Record, owner actor, req Request) (*Exchange, error) {
	next := apitoken.NewSecret(apitoken.KindRefresh)
	r.Family = apitoken.NewID()
	r.Name = "" // the user code
	refresh := s.refresh(next, r)
	x, access, err := s.access(refresh.Record, owner, req)
	if err != nil {
		return nil, err
	}
	if _, err := s.store.Consume(ctx, s.pepper.Hash(secret), s.now(), refresh, access); err != nil {
		return nil, err
	}
	x.Refresh = &next
	return x, nil
}

func (s *Service) getDevice(ctx context.Context, code string) (device, error) {
	doc, err := s.store.Document(ctx, devicesCollection, code)
	if err != nil {
		return device{}, ofStore(err)
	}
	d := device{version: doc.Version}
	if err := json.Unmarshal(doc.Value, &d); err != nil {
		return d, fmt.Errorf("read a device code: %w", err)
	}
	return d, nil
}

func (s *Service) putDevice(ctx context.Context, code string, d device) error {
	value, err := json.Marshal(d)
	if err != nil {
		return fmt.Errorf("write a device code: %w", err)
	}
	_, err = s.store.PutDocument(ctx, devicesCollection, apitoken.Document{Key: code, Version: d.version, Value: value})
	return ofStore(err)
}

// setStatus stores the status of a service account.
func (s *Service) setStatus(ctx context.Context, a Account, status Status) error {
	if a.Status == Active && status != Active {
		return nil // the account keeps its present tokens
	}
	a.Status = status
	err := s.putAccount(ctx, &a)
	if errors.Is(err, Conflict) {
		return nil // a concurrent change takes precedence
	}
	return err
}
