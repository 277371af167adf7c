// Package envtest is what the suites before real masters share: the built
// program and the masters of a package's tests, requests and what is read of
// their answers, and a witness of what a master does. It imports package env and
// below, and is imported by tests.
//
//	var suite envtest.Suite
//
//	func TestMain(m *testing.M) { os.Exit(suite.Main(m)) }
//
//	func TestPing(t *testing.T) {
//		suite.EachRelease(t, func(t *testing.T, r *env.Env) {
//			a := envtest.Post(t, r, env.Chunk(env.User, envtest.GoodPing))
//			...
//
// Without SALTERN_SALT the tests skip, and say so; make test sets it.
package envtest
