// Package callback tells destinations that the operator has named when jobs have
// ended: by a signed POST, at least once, over restarts.
//
//	s, err := callback.New(store, callback.Options{Destinations: []callback.Destination{{
//		Name: "ci", Post: poster,
//	}}})
//	go s.Run(ctx)
//	rec := recorder.New(store, recorder.Options{Ended: s.Ended, ...})
//
//	p, err := s.Reserve(ctx, callback.Caller{User: "ops", Eauth: "pam"}, "ci")
//	// the command is sent, and its jid is known
//	p.Keep(ctx, jid)
//
// # Promises
//
// A call-back is reserved before its command is sent: what cannot be promised is
// refused while nothing has been done. It is kept, with the jid, before the client
// gets its answer. From then on it is in the database, and a crash loses nothing.
//
// # Delivery
//
// The call-backs of a job become due when the end of the job is recorded, by
// whichever gateway; those that were not noticed are found every half minute and at
// the start. Each is claimed for as long as an attempt may take, so that one of
// several gateways makes it. What came of an attempt is recorded after it: a
// gateway that dies in between makes another one, with the same id, once it runs
// again.
//
// Any answer but 200 to 299, and none, is a failure, and is tried again after as
// long as it has failed, from 5 seconds to an hour, a quarter more or less. After
// 24 hours it is given up. Redirections are not followed.
//
// The package imports records, internal/pause, internal/signedpost and saltmaster/msgpack.
package callback
