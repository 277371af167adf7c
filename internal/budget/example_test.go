package budget_test

import (
	"context"
	"fmt"

	"github.com/saltern-api/saltern/internal/budget"
)

func Example() {
	b := budget.New(context.Background(), nil)
	fmt.Println(b.Spend(budget.Bytes(4 << 10)))
	fmt.Println(budget.IsSpent(b.Spend(budget.Anonymous + 1)))
	b.Known()
	fmt.Println(b.Spend(1))
	// Output:
	// <nil>
	// true
	// <nil>
}
