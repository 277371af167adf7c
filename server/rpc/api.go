package rpc

import (
	"context"
	"slices"
	"time"

	"github.com/saltern-api/saltern/server/rpc/method"
)

// ownMethods are those that need nothing but the API itself.
func (a *API) ownMethods() []*method.Method {
	return slices.Concat(a.apiMethods(), testMethods(), licenseMethods())
}

// licenseMethods answer programs that look for a license before they begin.
func licenseMethods() []*method.Method {
	type license struct {
		Edition string  `json:"edition"`
		State   string  `json:"state"`
		Expires *string `json:"expires"`
		Minions *int    `json:"minions"`
	}
	return []*method.Method{
		method.New(method.About{
			Name: "license.get_current_license", Doc: "Return that no license is needed. Programs ask for it before they begin.",
			Returns: "`{edition, state, expires, minions}`; null is for no end and no limit", Served: true,
		}, func(context.Context, *method.Call, method.None) (any, error) {
			return license{Edition: "open source", State: "valid"}, nil
		}),
	}
}

func (a *API) apiMethods() []*method.Method {
	type discover struct {
		Include method.Any `rpc:"include" doc:"The sections to return: a list of their names, or an object with the names of parts. Beside the resources there is constants, which is returned on request only."`
	}
	type versions struct {
		Opts map[string]string `json:"opts"`
		RaaS map[string]string `json:"raas"`
	}
	return []*method.Method{
		method.New(method.About{
			Name: "api.discover", Doc: "Describe the methods that are served here.",
			Returns: "an object with an object for each resource, which has an object for each method", Served: true,
		}, func(_ context.Context, _ *method.Call, p discover) (any, error) {
			return a.catalog().include(p.Include)
		}),
		method.New(method.About{
			Name: "api.get_versions", Doc: "Return the version of the gateway.",
			Returns: "an object, in which raas.raas is the version", Served: true,
		}, func(_ context.Context, _ *method.Call, _ method.None) (any, error) {
			return versions{Opts: map[string]string{}, RaaS: map[string]string{"raas": a.Version, "saltern": a.Version}}, nil
		}),
	}
}

// maxSleep bounds the sleeps of one request.
const maxSleep = 2 * time.Minute

func testMethods() []*method.Method {
	type echo struct {
		Message string `rpc:"message,required" doc:"The text to return."`
	}
	type sleep struct {
		Seconds float64 `rpc:"seconds" default:"1" min:"0" max:"120" doc:"How long to wait."`
	}
	return []*method.Method{
		method.New(method.About{Name: "test.echo", Doc: "Return a text.", Returns: "the text", Served: true},
			func(_ context.Context, _ *method.Call, p echo) (any, error) { return p.Message, nil }),
		method.New(method.About{Name: "test.error", Doc: "Fail, to show how errors are returned.", Returns: "nothing", Served: true},
			func(context.Context, *method.Call, method.None) (any, error) {
				return nil, &method.Error{Code: method.CodeFailed, Message: "This is the error of test.error"}
			}),
		method.New(method.About{Name: "test.sleep", Doc: "Wait for some seconds. All calls of a list wait for two minutes at the most.", Returns: "a text", Served: true},
			func(ctx context.Context, c *method.Call, p sleep) (any, error) {
				d := time.Duration(p.Seconds * float64(time.Second))
				if c.Request.Slept += d; c.Request.Slept > maxSleep {
					return nil, &method.Error{Code: method.CodeTooLarge, Message: "the calls of this list wait for more than two minutes"}
				}
				select {
				case <-time.After(d):
					return "Slept for " + d.String(), nil
				case <-ctx.Done():
					return nil, ctx.Err()
				}
			}),
		method.New(method.About{Name: "test.warnings", Doc: "Return with warnings, to show how they are returned.", Returns: "true", Served: true},
			func(_ context.Context, c *method.Call, _ method.None) (any, error) {
				c.Warn("This is a warning of test.warnings")
				return true, nil
			}),
	}
}

// commandStates are the states of commands.
var commandStates = []string{
	"new", "retrieved", "skipped", "pausing", "paused", "resumed", "resuming", "completed_missing_returns",
	"completed_all_successful", "completed_failures", "stopping", "stopped", "disabled",
}
