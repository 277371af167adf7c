// Package tenant has the names that Cloud Director gives to what is here: an
// organization is a Salt master, roles and users have URNs, and some of its roles
// stand for others.
//
// It imports nothing of this module.
package tenant
