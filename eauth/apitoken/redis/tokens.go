package redis

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/saltern-api/saltern/eauth/apitoken"
)

// Create adds a token.
func (s *Store) Create(ctx context.Context, i apitoken.Issue) error {
	i, err := i.Prepared()
	if err != nil {
		return err
	}
	args, err := fields(i)
	if err != nil {
		return err
	}
	_, err = s.run(ctx, s.scripts.create, append([]any{callNumber()}, args...)...)
	return err
}

// Lookup returns the token with this hash of its secret.
func (s *Store) Lookup(ctx context.Context, h apitoken.Hash) (apitoken.Record, error) {
	if h.IsZero() {
		return apitoken.Record{}, apitoken.ErrNotFound
	}
	i, err := token(s.run(ctx, s.scripts.lookup, hashText(h)))
	if err == nil && !i.Hash.Equal(h) {
		err = apitoken.ErrNotFound
	}
	return found(i.Record, err)
}

// Get returns the token with this id.
func (s *Store) Get(ctx context.Context, id string) (apitoken.Record, error) {
	if !apitoken.ValidID(id) {
		return apitoken.Record{}, apitoken.ErrNotFound
	}
	bounded, cancel := s.bounded(ctx)
	defer cancel()
	fields, err := s.client.HGetAll(bounded, s.key("token:"+id)).Result()
	if err != nil {
		return apitoken.Record{}, failed(ctx, err)
	}
	pairs := make([]any, 0, 2*len(fields))
	for name, value := range fields {
		pairs = append(pairs, name, value)
	}
	i, err := decode(pairs)
	return found(i.Record, err)
}

// found returns no record together with an error.
func found(r apitoken.Record, err error) (apitoken.Record, error) {
	if err != nil {
		return apitoken.Record{}, err
	}
	return r, nil
}

// token reads the reply of a script that ends with a token. It returns the
// token together with the script's own error, too.
func token(reply []any, outcome error) (apitoken.Issue, error) {
	if len(reply) == 0 {
		if outcome == nil {
			outcome = fmt.Errorf("%w: %w", apitoken.ErrUnavailable, errReply)
		}
		return apitoken.Issue{}, outcome
	}
	i, err := decode(reply[0])
	if outcome != nil {
		err = outcome
	}
	return i, err
}

// Consume ends a one-time token.
func (s *Store) Consume(
	ctx context.Context, h apitoken.Hash, now time.Time, next ...apitoken.Issue,
) (apitoken.Record, error) {
	next, err := apitoken.PreparedFor(next)
	if err != nil {
		return apitoken.Record{}, err
	}
	if h.IsZero() {
		return apitoken.Record{}, apitoken.ErrNotFound
	}
	args, err := withSuccessors([]any{hashText(h), micros(apitoken.Micro(now)), callNumber()}, next)
	if err != nil {
		return apitoken.Record{}, err
	}
	i, err := token(s.run(ctx, s.scripts.consume, args...))
	return i.Record, err
}

// withSuccessors appends tokens to the arguments of a script.
func withSuccessors(args []any, next []apitoken.Issue) ([]any, error) {
	for _, n := range next {
		more, err := fields(n)
		if err != nil {
			return nil, err
		}
		args = append(args, more...)
	}
	return args, nil
}

// Renew gives a token another secret.
func (s *Store) Renew(ctx context.Context, id string, n apitoken.Renewal) (apitoken.Record, error) {
	n, err := n.Prepared()
	if err != nil {
		return apitoken.Record{}, err
	}
	args, err := withSuccessors([]any{callNumber(), id, hashText(n.Hash), micros(n.At), micros(n.Expires), n.First}, n.Next)
	if err != nil {
		return apitoken.Record{}, err
	}
	i, err := token(s.run(ctx, s.scripts.renew, args...))
	return found(i.Record, err)
}

// Revoke ends a token and what belongs to it.
func (s *Store) Revoke(ctx context.Context, id string, v apitoken.Revocation) ([]string, error) {
	since := micros(apitoken.Micro(v.UnusedSince))
	reply, err := s.run(ctx, s.scripts.revoke, id, micros(apitoken.Micro(v.At)), v.Why, since)
	if err != nil || len(reply) == 0 {
		return nil, err
	}
	return texts(reply[0])
}

// Touch records a use.
func (s *Store) Touch(ctx context.Context, id string, u apitoken.Use) error {
	u = u.Prepared()
	addr := ""
	if u.Addr.IsValid() {
		addr = u.Addr.String()
	}
	_, err := s.run(ctx, s.scripts.touch, id, micros(u.At), addr, u.Agent, apitoken.TouchEvery.Microseconds())
	return err
}

// List returns a page of tokens. A page begins after a time and an id.
func (s *Store) List(ctx context.Context, q apitoken.Query) (page []apitoken.Record, next string, err error) {
	owner := ""
	if q.Owner != nil {
		owner = ownerText(*q.Owner)
	}
	created, id, ok := strings.Cut(q.After, ".")
	if _, err := strconv.ParseUint(created, 10, 63); q.After != "" && (err != nil || !ok) {
		return nil, "", apitoken.ErrInvalid
	}
	if q.After == "" {
		created = "0"
	}
	reply, err := s.run(ctx, s.scripts.list, owner, created, id, q.PageSize())
	if err != nil {
		return nil, "", err
	}
	rows, ok := reply[0].([]any)
	if !ok {
		return nil, "", fmt.Errorf("%w: %w", apitoken.ErrUnavailable, errReply)
	}
	for _, row := range rows {
		i, err := decode(row)
		if err != nil {
			return nil, "", err
		}
		page = append(page, i.Record)
	}
	if more := len(reply) > 1; more && len(page) > 0 {
		last := page[len(page)-1]
		next = fmt.Sprintf("%d.%s", micros(last.Created), last.ID)
	}
	return page, next, nil
}

// CountExpiring counts the tokens that end in that time.
func (s *Store) CountExpiring(ctx context.Context, from, to time.Time) (int, error) {
	bounded, cancel := s.bounded(ctx)
	defer cancel()
	n, err := s.client.ZCount(bounded, s.key("ends:listed"),
		fmt.Sprintf("(%d", from.UnixMicro()), strconv.FormatInt(to.UnixMicro(), 10)).Result()
	return int(n), failed(ctx, err)
}

// sweepMost bounds one step of Sweep, for which others wait.
const sweepMost = 500

// Sweep removes tokens that have ended, children before their parents.
func (s *Store) Sweep(ctx context.Context, now time.Time, keep time.Duration) (removed int, err error) {
	long := now.Add(-keep)
	for _, part := range []struct {
		class string
		until time.Time
	}{{"brief", now}, {"listed", long}, {"ended", long}} {
		n, err := s.sweepClass(ctx, part.class, part.until)
		removed += n
		if err != nil {
			return removed, err
		}
	}
	return removed, nil
}

func (s *Store) sweepClass(ctx context.Context, class string, until time.Time) (removed int, err error) {
	for skip := int64(0); ; {
		reply, err := s.run(ctx, s.scripts.sweep, class, until.UnixMicro(), skip, sweepMost)
		if err != nil {
			return removed, err
		}
		seen, gone := number(reply, 0), number(reply, 1)
		removed += int(gone)
		skip += seen - gone // those left over have children
		if seen < sweepMost {
			return removed, nil
		}
	}
}

// number returns the number at a position of a reply.
func number(reply []any, at int) int64 {
	if at >= len(reply) {
		return 0
	}
	n, _ := reply[at].(int64)
	return n
}
