package lru_test

import (
	"fmt"

	"github.com/saltern-api/saltern/internal/lru"
)

func Example() {
	c := lru.New[string, int](2)
	c.Put("a", 1)
	c.Put("b", 2)
	c.Get("a")
	c.Put("c", 3)
	_, ok := c.Get("b")
	fmt.Println(ok, c.Len())
	// Output: false 2
}
