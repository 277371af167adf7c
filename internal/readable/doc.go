// Package readable waits until connections can be read, any number of them in one
// goroutine: thousands of clients that send nothing more take no goroutine each, with its
// stack.
//
//	set, err := readable.New()
//	go set.Run() // until set.Close
//	id, err := set.Add(conn, waiter)
//
// It is Linux's epoll, apart from that of Go's runtime. The package imports the standard
// library and golang.org/x/sys.
package readable
