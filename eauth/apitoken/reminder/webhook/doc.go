// Package webhook sends reminders as a JSON document over HTTP.
//
//	hook, err := webhook.New(webhook.Options{URL: "https://chat.example.com/hooks/saltern", Secret: secret})
//
// It sends those of all tokens. [Payload] is what is posted, and [Verify] shows how a
// receiver checks that it comes from this gateway.
//
// # What may have been sent
//
// A status of 200 to 299 means that the document was accepted. Any other is
// [reminder.ErrNotSent], including redirections, which are not followed; except 504,
// with which a proxy reports that the outcome is unknown. A failure before a
// connection is established is ErrNotSent too; after that, without a status, the
// document may have been delivered. Receivers should deduplicate by the id, which is
// the same in each attempt.
//
// The package may import eauth/apitoken and its reminder, and internal/signedpost.
package webhook
