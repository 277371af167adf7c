// Package reminder sends reminders of API tokens that end soon: 30 days before, 7
// days before and on the last day, each once, however many gateways there are.
//
//	s, err := reminder.New(reminder.Options{Store: store, Senders: []reminder.Sender{owners, hook}})
//	go s.Run(ctx)
//	soon, ok := s.Expiring() // how many tokens end soon, for the metrics
//
// # Stages
//
// A stage is a number of days before a token's end; the stage of 0 days is its last
// 24 hours. Of the stages that a token has reached only the last one counts, so that
// after a while without any gateway there is one late reminder and not three. A
// stage that had begun when the token got its secret is skipped: a token made for
// five days needs no reminder at once that it ends within seven. A regenerated token
// has another end, and so reminders of its own. Tokens without an end, and revoked
// ones, have none.
//
// # Once
//
// The gateway that is to send a reminder first notes that in the store and then
// sends it. Where it certainly was not sent, the note is removed and the next round
// tries again: see [ErrNotSent]. Where it may have been sent, it is not sent again:
// that is when the connection broke after the whole message had been written, and
// when a gateway dies between the note and the message. So a reminder is sent at
// most once, and in those rare cases not at all; the next stage's is sent
// nevertheless.
//
// The package may import eauth/apitoken. The senders are in packages below it, one
// for each transport, and remindertest is their common suite.
package reminder
