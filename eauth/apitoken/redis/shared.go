package redis

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/saltern-api/saltern/eauth/apitoken"
)

// callNumber returns the number by which a script recognizes repeated attempts
// of one call. It is hexadecimal.
func callNumber() string { return strings.ReplaceAll(apitoken.NewID(), "-", "") }

// PutDocument stores a document.
func (s *Store) PutDocument(ctx context.Context, collection string, d apitoken.Document) (apitoken.Document, error) {
	if err := d.Check(collection); err != nil {
		return apitoken.Document{}, err
	}
	reply, err := s.run(ctx, s.scripts.putDocument, collection, d.Key, d.Version, d.Value, callNumber())
	if err != nil {
		return apitoken.Document{}, err
	}
	version, _ := reply[0].(string)
	if d.Version, err = strconv.ParseInt(version, 10, 64); err != nil {
		return apitoken.Document{}, fmt.Errorf("%w: %w", apitoken.ErrUnavailable, errReply)
	}
	d.Value = []byte(string(d.Value))
	return d, nil
}

// readDocument reads version, number of the call, and value.
func readDocument(key, text string) (apitoken.Document, error) {
	version, rest, _ := strings.Cut(text, " ")
	_, value, ok := strings.Cut(rest, " ")
	n, err := strconv.ParseInt(version, 10, 64)
	if err != nil || !ok {
		return apitoken.Document{}, fmt.Errorf("%w: %w", apitoken.ErrUnavailable, errRecord)
	}
	return apitoken.Document{Key: key, Version: n, Value: []byte(value)}, nil
}

// Document returns a document.
func (s *Store) Document(ctx context.Context, collection, key string) (apitoken.Document, error) {
	bounded, cancel := s.bounded(ctx)
	defer cancel()
	text, err := s.client.HGet(bounded, s.key("documents:"+collection), key).Result()
	if errors.Is(err, goredis.Nil) {
		return apitoken.Document{}, apitoken.ErrNotFound
	}
	if err != nil {
		return apitoken.Document{}, failed(ctx, err)
	}
	return readDocument(key, text)
}

// Documents returns documents in order.
func (s *Store) Documents(ctx context.Context, collection, after string, limit int) (list []apitoken.Document, err error) {
	reply, err := s.run(ctx, s.scripts.documents, collection, after, max(limit, 0))
	if err != nil {
		return nil, err
	}
	pairs, err := texts(reply[0])
	for n := 0; n+1 < len(pairs) && err == nil; n += 2 {
		var d apitoken.Document
		if d, err = readDocument(pairs[n], pairs[n+1]); err == nil {
			list = append(list, d)
		}
	}
	if err != nil {
		return nil, err
	}
	return list, nil
}

// DeleteDocument removes a document.
func (s *Store) DeleteDocument(ctx context.Context, collection, key string) error {
	_, err := s.run(ctx, s.scripts.deleteDocument, collection, key)
	return err
}

// Once reports whether this is the first call.
func (s *Store) Once(ctx context.Context, key string, ttl time.Duration) (bool, error) {
	reply, err := s.run(ctx, s.scripts.once, digest(key), milliseconds(ttl), callNumber())
	return err == nil && number(reply, 0) == 1, err
}

// milliseconds returns a time to live, for which Redis requires at least one.
func milliseconds(d time.Duration) int64 { return max(d.Milliseconds(), 1) }

// UndoOnce undoes a call of Once.
func (s *Store) UndoOnce(ctx context.Context, key string) error {
	bounded, cancel := s.bounded(ctx)
	defer cancel()
	return failed(ctx, s.client.Del(bounded, s.key("once:"+digest(key))).Err())
}

// AddFailure counts a failure.
func (s *Store) AddFailure(ctx context.Context, key string, window time.Duration) (apitoken.Failures, error) {
	now := time.Now()
	reply, err := s.run(ctx, s.scripts.addFailure, digest(key), now.UnixMicro(), milliseconds(window))
	if err != nil {
		return apitoken.Failures{}, err
	}
	return apitoken.Failures{Count: int(number(reply, 0)), Last: now}, nil
}

// Failures returns a count.
func (s *Store) Failures(ctx context.Context, key string) (apitoken.Failures, error) {
	bounded, cancel := s.bounded(ctx)
	defer cancel()
	var f struct {
		Count int   `redis:"count"`
		Last  int64 `redis:"last"`
	}
	err := s.client.HMGet(bounded, s.key("failures:"+digest(key)), "count", "last").Scan(&f)
	if err != nil || f.Count == 0 {
		return apitoken.Failures{}, failed(ctx, err)
	}
	return apitoken.Failures{Count: f.Count, Last: time.UnixMicro(f.Last)}, nil
}

// ClearFailures resets a count.
func (s *Store) ClearFailures(ctx context.Context, key string) error {
	bounded, cancel := s.bounded(ctx)
	defer cancel()
	return failed(ctx, s.client.Del(bounded, s.key("failures:"+digest(key))).Err())
}
