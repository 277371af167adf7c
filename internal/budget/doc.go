// Package budget bounds what one request can make the gateway do: how much is
// made of its bytes, whatever makes it, gzip, YAML, texts that are read as
// YAML, nodegroups or elements by the million.
//
// A request starts with the allowance of [Anonymous]. When its sender is
// known, [Budget.Known] makes it that of [Caller]. What is read spends units
// as it goes, and stops at the error that says that there are none left:
//
//	b := budget.New(r.Context(), nil)
//	if err := b.Spend(budget.Bytes(n)); err != nil {
//		return err
//	}
//
// It imports nothing of this module.
package budget
