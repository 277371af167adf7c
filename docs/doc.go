// Package docs has no code. Its tests check the README and the pages in this
// folder against the tree: links lead somewhere, examples of saltern.yaml load,
// metrics exist, requirements name tests that exist.
//
// They may import internal/settings and saltmaster/masterconf.
package docs
