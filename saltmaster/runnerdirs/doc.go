// Package runnerdirs looks for runner modules of an operator's own, which a
// master takes in place of Salt's.
package runnerdirs
