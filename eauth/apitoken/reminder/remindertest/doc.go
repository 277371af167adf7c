// Package remindertest holds the suite that every sender of reminders passes:
//
//	remindertest.Run(t, func(t *testing.T) remindertest.Far { return newServer(t) })
//
// It holds that what is [reminder.ErrNotSent] has not arrived, and that what
// may have arrived is not called that.
//
// It imports eauth/apitoken and eauth/apitoken/reminder.
package remindertest
