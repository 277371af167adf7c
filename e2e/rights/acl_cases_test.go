package rights

import (
	"github.com/saltern-api/saltern/eauth/acl"
)

// aclMinions have their keys accepted. None of them runs: the master's yes or no does not wait for them.
var aclMinions = []string{"web1", "web2", "db1"}

// aclExternalAuth is external_auth of the master that the calls are sent to. Tokens are made for every module; only
// sharedsecret is one that the master has.
const aclExternalAuth = `
sharedsecret:
  reader: [test.*, grains.items]
  prefix: [test.ping]
  all: ['.*']
  star: ['*']
  letters: test
  web:
    - 'web*': [test.*, {state.apply: [{args: [base$], kwargs: {test: 'True$', pillar: null}}, {args: [null, dev]}]}]
    - db1: grains.items
  complement: [{'not web*': [test.*]}, {L@web1: [cmd.run]}, {'E@web\d$ and *2': [sys.doc]}]
  grainy: [{'G@os:Debian': [test.*]}, {'web1': [test.ping]}]
  everywhere: [{'*': [{cmd.run: {args: ['ls( -l)?$', null]}}, {test.arg: {args: ['5$', 'None$', 'True$', "\\['a'\\]$"]}}]}]
  except: ['(?!cmd)']
  runs: ['@runner', '@jobs']
  wheels: ['@wheel']
  module: ['@test', {'@key': [list_all]}]
  picky:
    - '@runner': [test.stdout_print, {test.arg: {args: [x], kwargs: {a: 'b$'}}}]
    - '@wheels': [key.list_all, {key.finger: {kwargs: {match: web}}}]
  odd: [5, null, {}, {a: [.*], b: [.*]}, {web1: null}, {web2: {}}, test.ping]
  badargs: [{'*': [{test.arg: {args: 5}}]}, '.*']
  badkwargs: [{'*': [{test.arg: {kwargs: [a]}}]}, '.*']
  nothing:
  a.b: [test.ping]
  axc: [test.ping]
  'glob*': [test.ping]
  'ops%': [test.ping, '@jobs']
  '*': [sys.doc]
broken: {1000: [.*], reader: [.*]}
listed: [reader]
`

// aclCall is a call with what the evaluator says of it. The master says the same, or anything where it is unknown.
type aclCall struct {
	user   string
	module string // sharedsecret when empty
	groups []string
	kind   string // "", runner or wheel
	fun    string
	args   string // JSON
	kwargs string // JSON
	tgt    string // "*" when empty
	typ    string // glob when empty
	want   acl.Verdict
}

var aclCalls = []aclCall{
	{user: "reader", fun: "test.ping", want: acl.Allowed},
	{user: "reader", fun: "cmd.run", want: acl.Refused},
	{user: "reader", fun: "saltutil.find_job", want: acl.Allowed},
	{user: "reader", fun: "sys.doc", want: acl.Refused}, // that of * is for those who have nothing else
	{user: "reader", kind: "runner", fun: "test.arg", want: acl.Refused},
	{user: "reader", kind: "wheel", fun: "key.list_all", want: acl.Refused},
	{user: "prefix", fun: "test.pings", want: acl.Allowed},
	{user: "prefix", fun: "test_ping", want: acl.Allowed},
	{user: "prefix", fun: "my.test.ping", want: acl.Refused},
	{user: "all", fun: "cmd.run", want: acl.Allowed},
	{user: "all", kind: "runner", fun: "test.arg", want: acl.Refused},
	{user: "star", fun: "cmd.run", want: acl.Refused},
	{user: "letters", fun: "state.apply", want: acl.Allowed},
	{user: "letters", fun: "cmd.run", want: acl.Refused},
	{user: "stranger", fun: "sys.doc", want: acl.Allowed},
	{user: "stranger", fun: "test.ping", want: acl.Refused},
	{user: "*", fun: "cmd.run", want: acl.Refused}, // for once: "nothing" matches too, and is no list

	{user: "web", fun: "test.ping", want: acl.Refused},
	{user: "web", fun: "test.ping", tgt: "web*", want: acl.Allowed},
	{user: "web", fun: "test.ping", tgt: "web1,web2", typ: "list", want: acl.Allowed},
	{user: "web", fun: "test.ping", tgt: "web1,db1", typ: "list", want: acl.Refused},
	{user: "web", fun: "test.ping", tgt: "web1,nobody", typ: "list", want: acl.Allowed},
	{user: "web", fun: "test.ping", tgt: "web.$", typ: "pcre", want: acl.Allowed},
	{user: "web", fun: "test.ping", tgt: "web1|db", typ: "pcre", want: acl.Refused},
	{user: "web", fun: "test.ping", tgt: "* and not db1", typ: "compound", want: acl.Allowed},
	{user: "web", fun: "test.ping", tgt: "web1 or db1", typ: "compound", want: acl.Refused},
	{user: "web", fun: "grains.items", tgt: "db1", want: acl.Allowed},
	{user: "web", fun: "grains.items", tgt: "web1", want: acl.Refused},
	{user: "web", fun: "test.ping", tgt: "nobody", want: acl.Unknown},
	{user: "web", fun: "test.ping", tgt: "os:Debian", typ: "grain", want: acl.Unknown},
	{user: "web", fun: "state.apply", tgt: "web1", want: acl.Refused},
	{user: "web", fun: "state.apply", tgt: "web1", args: `["base"]`, want: acl.Refused},
	{user: "web", fun: "state.apply", tgt: "web1", args: `["base", {"__kwarg__": true, "test": true, "pillar": {"a": 1}}]`, want: acl.Allowed},
	{user: "web", fun: "state.apply", tgt: "web1", args: `["base", {"__kwarg__": true, "test": false, "pillar": 1}]`, want: acl.Refused},
	{user: "web", fun: "state.apply", tgt: "web1", args: `["base", {"test": true, "pillar": 1}]`, want: acl.Refused},
	{user: "web", fun: "state.apply", tgt: "web1", args: `["any", "develop"]`, want: acl.Allowed},

	{user: "complement", fun: "test.ping", tgt: "db1", want: acl.Allowed},
	{user: "complement", fun: "test.ping", tgt: "web1", want: acl.Refused},
	{user: "complement", fun: "cmd.run", tgt: "web1", want: acl.Allowed},
	{user: "complement", fun: "cmd.run", tgt: "web2", want: acl.Refused},
	{user: "complement", fun: "sys.doc", tgt: "web2", want: acl.Allowed},
	{user: "complement", fun: "sys.doc", tgt: "web1", want: acl.Refused},
	{user: "grainy", fun: "test.ping", tgt: "web1", want: acl.Allowed},
	{user: "grainy", fun: "test.arg", tgt: "web1", want: acl.Unknown},
	{user: "grainy", fun: "cmd.run", tgt: "web1", want: acl.Refused},
	{user: "grainy", fun: "test.arg", tgt: "G@os:Debian", typ: "compound", want: acl.Allowed},

	{user: "everywhere", fun: "cmd.run", args: `["ls", 1]`, want: acl.Allowed},
	{user: "everywhere", fun: "cmd.run", args: `["ls -l", null, "more"]`, want: acl.Allowed},
	{user: "everywhere", fun: "cmd.run", args: `["ls"]`, want: acl.Refused},
	{user: "everywhere", fun: "cmd.run", args: `["ls -a", 1]`, want: acl.Refused},
	{user: "everywhere", fun: "cmd.run", args: `["ls\n", 1]`, want: acl.Unknown},
	{user: "everywhere", fun: "cmd.run", want: acl.Refused},
	{user: "everywhere", fun: "test.arg", args: `[5, null, true, ["a"]]`, want: acl.Allowed},
	{user: "everywhere", fun: "test.arg", args: `[5, "", true, ["a"]]`, want: acl.Refused},
	{user: "except", fun: "test.ping", want: acl.Unknown},
	{user: "odd", fun: "test.ping", want: acl.Allowed},
	{user: "odd", fun: "cmd.run", tgt: "web1", want: acl.Refused},
	{user: "badargs", fun: "test.arg", want: acl.Refused},
	{user: "badargs", fun: "test.ping", want: acl.Allowed},
	{user: "badkwargs", fun: "test.arg", want: acl.Refused},
	{user: "badkwargs", fun: "test.ping", want: acl.Allowed},
	{user: "nothing", fun: "test.ping", want: acl.Refused},
	{user: "nothing", fun: "saltutil.find_job", want: acl.Refused},
	{user: "a.b", fun: "test.ping", want: acl.Allowed},
	{user: "a.c", fun: "test.ping", want: acl.Allowed}, // the user is the pattern, here of axc
	{user: "a.d", fun: "test.ping", want: acl.Refused},
	{user: "a.d", fun: "sys.doc", want: acl.Allowed},
	{user: "globs", fun: "test.ping", want: acl.Refused},

	{user: "stranger", groups: []string{"ops", "x"}, fun: "test.ping", want: acl.Allowed},
	{user: "stranger", groups: []string{"ops", "x"}, fun: "sys.doc", want: acl.Allowed},
	{user: "stranger", groups: []string{"ops%"}, fun: "test.ping", want: acl.Refused},
	{user: "stranger", groups: []string{"ops"}, kind: "wheel", fun: "jobs.x", want: acl.Allowed},
	{user: "stranger", groups: []string{"x"}, fun: "test.ping", want: acl.Refused},

	{user: "reader", module: "broken", fun: "test.ping", want: acl.Refused},
	{user: "reader", module: "listed", fun: "test.ping", want: acl.Refused},
	{user: "reader", module: "unknown", fun: "saltutil.find_job", want: acl.Refused},

	{user: "runs", kind: "runner", fun: "test.arg", want: acl.Allowed},
	{user: "runs", kind: "runner", fun: "test", want: acl.Refused},
	{user: "runs", kind: "runner", fun: "test.a.b", want: acl.Refused},
	{user: "runs", kind: "wheel", fun: "key.list_all", want: acl.Refused},
	{user: "runs", fun: "test.ping", want: acl.Refused},
	{user: "wheels", kind: "wheel", fun: "key.list_all", want: acl.Allowed},
	{user: "wheels", kind: "runner", fun: "test.arg", want: acl.Refused},
	{user: "module", kind: "runner", fun: "test.arg", want: acl.Allowed},
	{user: "module", kind: "runner", fun: "jobs.active", want: acl.Refused},
	{user: "module", kind: "wheel", fun: "key.list_all", want: acl.Allowed},
	{user: "module", kind: "wheel", fun: "key.finger", want: acl.Refused},
	{user: "picky", kind: "runner", fun: "test.arg", args: `["x1"]`, kwargs: `{"a": "b", "c": 1}`, want: acl.Allowed},
	{user: "picky", kind: "runner", fun: "test.arg", args: `["x1"]`, kwargs: `{"a": "bb"}`, want: acl.Refused},
	{user: "picky", kind: "runner", fun: "test.arg", args: `["y"]`, kwargs: `{"a": "b"}`, want: acl.Refused},
	{user: "picky", kind: "runner", fun: "test.stdout_print", want: acl.Allowed},
	{user: "picky", kind: "runner", fun: "test.sleep", want: acl.Refused},
	{user: "picky", kind: "wheel", fun: "key.list_all", want: acl.Allowed},
	{user: "picky", kind: "wheel", fun: "key.finger", kwargs: `{"match": "web1"}`, want: acl.Allowed},
	{user: "picky", kind: "wheel", fun: "key.finger", kwargs: `{"match": "db1"}`, want: acl.Refused},
	{user: "odd", kind: "runner", fun: "test.arg", want: acl.Refused},
}
