// Package signedpost posts JSON documents to a URL that the operator has named,
// and signs them, so that the receiver can tell that they come from this gateway.
//
//	p, err := signedpost.New(signedpost.Options{URL: "https://ci.example.com/hooks/saltern", Secret: secret})
//	err = p.Post(ctx, signedpost.Document{Body: body, At: time.Now()})
//
// [Verify] shows how a receiver checks the signature.
//
// # What may have arrived
//
// A status of 200 to 299 means that the document was accepted. Any other means
// that it was not, including redirections, which are not followed; except 504,
// with which a proxy reports that the outcome is unknown. A failure before a
// connection is established means that it was not sent; after that, without a
// status, it may have arrived. See [Error].
//
// The package imports internal/reach.
package signedpost
