// Package schedule runs schedules when they are due, each time once, however many
// gateways use one database, and whatever becomes of them.
//
//	s := schedule.New(store, schedule.Options{Tell: ..., Log: log})
//	go s.Run(ctx, runner)
//
// # How a time is claimed
//
// No gateway leads. Each looks at what is due, and claims it in the database: the time of
// the next run and the row of this one are written in one transaction, which only one
// gateway can complete. Then it runs the schedule, and records what came of it. A run is
// never tried again, as the master may have taken the command: where a gateway is
// killed in between, the claim ends after [claimFor] and the run is one whose outcome is
// unknown. What was due while no gateway was there is recorded as missed; so is all but
// the last of several times that are due at once.
//
// # As whom
//
// The [Runner] finds out what the owner may do at that moment. This package knows no
// rights.
//
// It imports internal/pause, internal/timetable and records.
package schedule
