// Package reminder tells people of API tokens that end soon: 30 days before, 7
// days before and on the last day, each time once, however many gateways there
// are.
//
//	s, err := reminder.New(reminder.Options{Store: store, Senders: []reminder.Sender{owners, hook}})
//	go s.Run(ctx)
//	soon, ok := s.Expiring() // how many tokens end soon, for the metrics
//
// # Which reminders there are
//
// A stage is so many days before a token's end; the stage of 0 days is its last
// 24 hours. Of the stages that a token has reached only the last one counts, so
// that after a while without any gateway there is one reminder, late, and not
// three. A stage that had begun when the token got its secret is left out: who
// makes a token for five days needs not be told at once that it ends within
// seven. A token that is regenerated has another end, and so reminders of its
// own. Tokens without an end have none, and neither have those that were
// revoked.
//
// # Once
//
// The gateway that is to send a reminder notes that in the store, and only then
// sends it. Where it certainly was not sent, the note is taken back, and the
// next look tries again: see [ErrNotSent]. Where it may have been sent, it is
// not sent again: that is when the connection broke after the whole message had
// gone out, and also when a gateway dies between the note and the message. So a
// reminder comes once at the most, and not at all in those rare cases; the next
// stage's comes nevertheless.
//
// The package imports apitoken. What sends is in the folders below it, one for
// each way, and remindertest is the suite of them all.
package reminder
