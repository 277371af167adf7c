// Package cgroup reads how much memory the control groups of this process leave it: those of Linux, version 1 and 2, as
// systemd and containers set them.
//
// It imports nothing else of Saltern.
package cgroup
