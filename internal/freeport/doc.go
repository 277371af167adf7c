// Package freeport finds TCP ports for servers that tests start and that cannot
// be given a listener. It imports nothing of this module.
package freeport
