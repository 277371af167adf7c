// Package commands runs commands through every client of lowstate before real
// masters, salt-ssh among them. The tests use package envtest.
package commands
