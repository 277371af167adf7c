package security

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
)

// TestCVE repeats the attacks that salt-api, or Salt by way of it, once fell
// for. The gateway has every client enabled, and none of the attacks gets the
// master to do anything, but where the case says what.
func TestCVE(t *testing.T) {
	suite.EachRelease(t, func(t *testing.T, r *env.Env) {
		a := newAttacked(t, r)
		t.Run("what is allowed works", a.control)
		for name, attack := range a.idleCases() {
			t.Run(name, func(t *testing.T) {
				a.Seen(t)
				attack(t)
				a.RequireIdle(t)
				require.NoFileExists(t, a.marker)
			})
		}
		for name, attack := range a.otherCases() {
			t.Run(name, func(t *testing.T) {
				a.Seen(t)
				attack(t)
				require.NoFileExists(t, a.marker)
			})
		}
		a.requireSilentLog(t)
	})
}

// idleCases are attacks that the master must not even hear of as a job.
func (a *attacked) idleCases() map[string]func(*testing.T) {
	return map[string]func(*testing.T){
		"CVE-2016-3176 the PAM service is not the client's choice":                 a.chosenPAMService,
		"CVE-2017-5200 raw_shell":                                                  a.rawShell,
		"CVE-2018-15750 a token as a path":                                         a.tokenAsPath,
		"CVE-2018-15751 ssh without credentials":                                   a.sshWithoutCredentials,
		"CVE-2020-11651 private methods of the master":                             a.privateMethods,
		"CVE-2020-16846 ssh parameters as shell commands":                          a.sshInjection,
		"CVE-2020-17490 keys that others can read":                                 a.secretFiles,
		"CVE-2020-25592 bad credentials for any client":                            a.badCredentials,
		"CVE-2021-25281 wheel_async with bad credentials":                          a.badWheelAsync,
		"CVE-2021-25315 no credentials on any route":                               a.unauthenticated,
		"CVE-2021-3144 a token after its end":                                      a.expiredTokens,
		"CVE-2021-3148 CVE-2021-3197 ProxyCommand":                                 a.sshProxyCommand,
		"CVE-2022-22941 no rights through an empty target":                         a.emptyTargets,
		"CVE-2022-22967 a locked account":                                          a.lockedAccount,
		"CVE-2024-22231 CVE-2024-22232 CVE-2025-22237 CVE-2025-22238 ids as paths": a.idsAsPaths,
		"CVE-2024-38824 files outside the static folder":                           a.staticTraversal,
		"CVE-2025-62348 YAML that runs code or explodes":                           a.hostileYAML,
		"no CVE: pages of any origin":                                              a.anyOrigin,
		"no CVE: cookies that scripts can read":                                    a.cookies,
		"no CVE: eauth modules can be told apart":                                  a.eauthEnumeration,
		"no CVE: websockets ignore netapi_enable_clients":                          a.disabledClients,
	}
}

// otherCases are those in which something runs, and not what was attempted.
func (a *attacked) otherCases() map[string]func(*testing.T) {
	return map[string]func(*testing.T){
		"CVE-2017-5192 local_batch and local_subset":                 a.batches,
		"CVE-2020-11652 CVE-2021-25282 paths of wheel functions":     a.wheelPaths,
		"CVE-2021-25283 templates in what a client sends":            a.templates,
		"CVE-2021-25284 secrets in the log":                          a.secretsInLog,
		"CVE-2023-20897 requests that break the master's workers":    a.malformedRequests,
		"CVE-2025-22236 CVE-2025-22239 events that a minion made up": a.forgedEvents,
		"CVE-2025-62349 the version of the protocol":                 a.protocol,
		"no CVE: passwords and tokens on the event bus":              a.secretsOnBus,
		"no CVE: credentials in hook events":                         a.secretsInHooks,
		"no CVE: a minion's id in Content-Disposition":               a.contentDisposition,
	}
}
