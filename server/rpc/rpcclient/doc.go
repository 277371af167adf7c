// Package rpcclient calls /rpc, the API of SaltStack Config, as Saltern serves it and
// other servers do.
//
//	c, err := rpcclient.New(rpcclient.Options{URL: "https://salt.example.com:8000", Token: token})
//	jobs, err := c.GetJobs(ctx, rpcclient.GetJobs{Name: "Check disk usage"})
//	jid, err := c.RouteCmd(ctx, rpcclient.RouteCmd{JobUUID: jobs.Results[0].UUID})
//
// The most used methods have types of their own; [Client.Call] calls any method.
//
// # Credentials
//
// A client has a token (an API token or an access token), or a name and a password. With
// a password it logs in before the first call, and once more when the server answers
// that the login is not valid any more (401): such a call was not carried out, so it is
// sent again. Nothing else is sent twice: a call that failed otherwise may have been
// carried out.
//
// Credentials are sent to the URL of the options alone: redirects are errors, and so is
// a URL without TLS, except for a loopback address or with [Options.PlainHTTP].
//
// The package imports nothing of this module.
package rpcclient
