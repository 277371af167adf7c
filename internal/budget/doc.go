// Package budget bounds what one request can make the gateway do: how much is
// made of its bytes, whatever makes it, gzip, YAML, texts that are read as
// YAML, nodegroups or elements by the million.
//
// A request starts with the allowance of [Anonymous]. Once its sender is
// authenticated, [Budget.Known] makes it that of [Caller]. Readers spend units
// as they go, and stop at the error for a spent budget:
//
//	b := budget.New(r.Context(), nil)
//	if err := b.Spend(budget.Bytes(n)); err != nil {
//		return err
//	}
//
// It imports nothing of this module.
package budget
