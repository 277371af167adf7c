package lru

import (
	"container/list"
	"iter"
)

// Cache holds at most a fixed number of entries. It is not safe for concurrent
// use: its owners have a lock already.
type Cache[K comparable, V any] struct {
	limit int
	order *list.List // of entry[K, V], the most recently used first
	items map[K]*list.Element
}

type entry[K comparable, V any] struct {
	key   K
	value V
}

// New returns an empty cache for at most limit entries, at least one.
func New[K comparable, V any](limit int) *Cache[K, V] {
	return &Cache[K, V]{limit: max(limit, 1), order: list.New(), items: make(map[K]*list.Element)}
}

// Get returns the entry of k and marks it as used.
func (c *Cache[K, V]) Get(k K) (v V, ok bool) {
	e, ok := c.items[k]
	if !ok {
		return v, false
	}
	c.order.MoveToFront(e)
	return e.Value.(entry[K, V]).value, true
}

// Put sets the entry of k. It returns the entry that was evicted for it, if
// any.
func (c *Cache[K, V]) Put(k K, v V) (evicted V, ok bool) {
	if e, known := c.items[k]; known {
		e.Value = entry[K, V]{k, v}
		c.order.MoveToFront(e)
		return evicted, false
	}
	c.items[k] = c.order.PushFront(entry[K, V]{k, v})
	if len(c.items) <= c.limit {
		return evicted, false
	}
	oldest := c.order.Remove(c.order.Back()).(entry[K, V])
	delete(c.items, oldest.key)
	return oldest.value, true
}

// Delete removes k.
func (c *Cache[K, V]) Delete(k K) {
	if e, ok := c.items[k]; ok {
		c.order.Remove(e)
		delete(c.items, k)
	}
}

// Len returns the number of entries.
func (c *Cache[K, V]) Len() int { return len(c.items) }

// All yields the entries, in no order and without marking them as used.
// Deleting the current entry is allowed.
func (c *Cache[K, V]) All() iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		for k, e := range c.items {
			if !yield(k, e.Value.(entry[K, V]).value) {
				return
			}
		}
	}
}
