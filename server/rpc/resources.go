package rpc

import (
	"context"
	"time"
)

func apiMethods() []*Method {
	type discover struct {
		Include Any `rpc:"include" doc:"The sections to return: a list of their names, or an object with the names of parts. Beside the resources there is constants, which is returned on request only."`
	}
	type versions struct {
		Opts map[string]string `json:"opts"`
		RaaS map[string]string `json:"raas"`
	}
	return []*Method{
		method(about{
			name: "api.discover", doc: "Describe the methods that are served here.",
			returns: "an object with an object for each resource, which has an object for each method",
		}, func(_ context.Context, c *call, p discover) (any, error) { return c.api.catalog().include(p.Include) }),
		method(about{
			name: "api.get_versions", doc: "Return the version of the gateway.",
			returns: "an object, in which raas.raas is the version",
		}, func(_ context.Context, c *call, _ none) (any, error) {
			return versions{Opts: map[string]string{}, RaaS: map[string]string{"raas": c.api.Version, "saltern": c.api.Version}}, nil
		}),
	}
}

// maxSleep bounds the sleeps of one request.
const maxSleep = 2 * time.Minute

func testMethods() []*Method {
	type echo struct {
		Message string `rpc:"message,required" doc:"The text to return."`
	}
	type sleep struct {
		Seconds float64 `rpc:"seconds" default:"1" min:"0" max:"120" doc:"How long to wait."`
	}
	return []*Method{
		method(about{name: "test.echo", doc: "Return a text.", returns: "the text"},
			func(_ context.Context, _ *call, p echo) (any, error) { return p.Message, nil }),
		method(about{name: "test.error", doc: "Fail, to show how errors are returned.", returns: "nothing"},
			func(context.Context, *call, none) (any, error) {
				return nil, &Error{Code: CodeFailed, Message: "This is the error of test.error"}
			}),
		method(about{name: "test.sleep", doc: "Wait for some seconds. All calls of a list wait for two minutes at the most.", returns: "a text"},
			func(ctx context.Context, c *call, p sleep) (any, error) {
				d := time.Duration(p.Seconds * float64(time.Second))
				if c.by.slept += d; c.by.slept > maxSleep {
					return nil, &Error{Code: CodeTooLarge, Message: "the calls of this list wait for more than two minutes"}
				}
				select {
				case <-time.After(d):
					return "Slept for " + d.String(), nil
				case <-ctx.Done():
					return nil, ctx.Err()
				}
			}),
		method(about{name: "test.warnings", doc: "Return with warnings, to show how they are returned.", returns: "true"},
			func(_ context.Context, c *call, _ none) (any, error) {
				c.warn("This is a warning of test.warnings")
				return true, nil
			}),
	}
}

// commandStates are the states of commands.
var commandStates = []string{
	"new", "retrieved", "skipped", "pausing", "paused", "resumed", "resuming", "completed_missing_returns",
	"completed_all_successful", "completed_failures", "stopping", "stopped", "disabled",
}
