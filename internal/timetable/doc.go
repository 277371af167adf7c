// Package timetable computes when something is due that is to be done again and again:
// the schedule objects of SaltStack Config.
//
//	table, err := timetable.Parse([]byte(`{"cron": "30 2 * * *", "timezone": "Europe/Berlin"}`))
//	due, ok := table.Next(saved, time.Now())
//
// It computes times, and does nothing at them.
//
// # The change of summer time
//
// Cron expressions and clock times are those of the schedule's time zone. What is due at
// a time that the clocks leave out is due at once when they are put forward, all of it
// together. What is due at a time that they show twice is due the first time only. But
// a cron expression for each hour (* in its second field) follows the time that passes:
// it leaves nothing out, and repeats what the clocks repeat. Intervals are of the time
// that passes, too: a day of them has 24 hours.
//
// The package imports internal/jsonobject and a library that reads cron expressions.
package timetable
