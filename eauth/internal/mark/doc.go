// Package mark identifies credentials without keeping them.
//
// It imports nothing of this module.
package mark
