// Package lru is a bounded map that drops what was not used for the longest
// time. It keeps tables small whatever unauthenticated clients send.
//
//	c := lru.New[string, int](100)
//	c.Put("a", 1)
//	v, ok := c.Get("a")
//
// It imports nothing else of Saltern.
package lru
