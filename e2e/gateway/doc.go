// Package gateway tests a whole gateway in the process of the test, before a
// stand-in master (saltmaster/mastertest): what HTTP, TLS, PAM and the
// configuration decide, whatever Salt the master is of. It needs no Salt, and
// runs once. What a master's own answer decides is tested before real ones, in
// the other packages of e2e.
//
// It consists of tests only, and may import anything that they need.
package gateway
