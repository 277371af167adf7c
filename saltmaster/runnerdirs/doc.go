// Package runnerdirs looks for runner modules of an operator's own, which a
// master takes in place of Salt's.
//
//	dirs := runnerdirs.Dirs{"/srv/salt/_runners"}
//	own := dirs.MayHave("jobs")
//
// It imports the standard library alone.
package runnerdirs
