// Package bounded reads messages whose lengths their senders declare.
//
//	body, err := bounded.Read(conn, size) // size was checked against a limit
//	return body, bounded.Unexpected(err)
//
// It imports nothing of Saltern's.
package bounded
