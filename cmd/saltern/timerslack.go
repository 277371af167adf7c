//go:build linux && cgo

package main

// Go's runtime has a thread that watches the others. The first system call after a
// moment without work wakes it, and it then looks every 20 µs for as long as
// something runs: in a gateway that handles some hundred short requests in a second,
// a fifth of the processor's time. How late the system may end such a sleep is the
// timer slack of the thread. Each thread takes its own from the one that makes it, and
// no thread can set that of another, so it is set before the runtime makes any. All
// timers of the process may then be late by that much, which nothing here depends on.

/*
#include <sys/prctl.h>

__attribute__((constructor)) static void saltern_timer_slack(void) {
	prctl(PR_SET_TIMERSLACK, 2000000UL, 0UL, 0UL, 0UL); // 2 ms; it is 50 µs unless it is set
}
*/
import "C"
