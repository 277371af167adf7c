// Package servertest starts servers on loopback for tests of the APIs.
//
// The gateways, sessions, owners of API tokens and event buses behind them are
// those of the test:
//
//	s := servertest.Start(t, servertest.Answering(`{"minion": true}`), nil)
//	response, body := s.Send(t, "POST", "/", servertest.Ping)
//
// It imports server, and so tests use it from external test packages (x_test).
// Only tests import it.
package servertest
