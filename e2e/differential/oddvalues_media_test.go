package differential

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// mediaBody is a request whose body is YAML or a form, of which one field at a
// time is odd in a way that JSON does not have.
type mediaBody struct {
	name, path string
	session    bool
	fields     []mediaField
}

// mediaField is a field with its right value as it stands in the body, or with
// none where the field is not there. Its forms stand in place of the whole
// field: {k} is the key, {K} the key in capitals, {v} the right value.
type mediaField struct {
	key, right string
	forms      []string
}

// mediaKind is how a media type writes fields.
type mediaKind struct {
	name, media      string
	field, separator string
}

var (
	yamlKind = mediaKind{"YAML", asYAML, "{k}: {v}", "\n"}
	formKind = mediaKind{"form", "application/x-www-form-urlencoded", "{k}={v}", "&"}
)

// mediaCases are the cases of bodies that are not JSON.
func mediaCases() []*valueCase {
	cases := append(yamlKind.cases(yamlBodies()), formKind.cases(formBodies())...)
	cases = append(cases, yamlKind.whole(yamlDocuments(), "/run", "/login", "/hook/$NEW")...)
	cases = append(cases, formKind.whole(wholeForms(), "/run", "/login", "/hook/$NEW")...)
	for _, o := range []struct{ name, media, path, body string }{
		{"text", "text/plain", "/run", `{"token": "$TOKEN", "client": "runner", "fun": "test.arg", "arg": [1]}`},
		{"text", "text/plain", "/run", ` [{"token": "$TOKEN", "client": "runner", "fun": "test.arg"}]` + "\n"},
		{"text", "text/plain", "/run", `token=$TOKEN&client=runner&fun=test.arg`},
		{"text", "text/plain", "/hook/$NEW", `a`},
		{"text", "text/plain", "/hook/$NEW", ` `},
		{"text", "text/plain", "/hook/$NEW", `5`},
		{"text", "text/plain", "/hook/$NEW", `"a`},
		{"multipart", "multipart/form-data; boundary=x", "/run",
			"--x\r\nContent-Disposition: form-data; name=\"client\"\r\n\r\nrunner\r\n--x--\r\n"},
		{"multipart", "multipart/form-data; boundary=x", "/login",
			"--x\r\nContent-Disposition: form-data; name=\"username\"\r\n\r\nbench\r\n--x--\r\n"},
		{"multipart", "multipart/form-data; boundary=x", "/hook/$NEW",
			"--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--x--\r\n"},
	} {
		cases = append(cases, mediaCase(fmt.Sprintf("%s %s: %s", o.name, o.path[1:], escapedLines(o.body)), o.media, o.path,
			strings.HasPrefix(o.path, "/hook"), o.body))
	}
	return cases
}

func mediaCase(name, media, path string, session bool, body string) *valueCase {
	s := httpStep{method: http.MethodPost, path: path, body: body, headers: []string{"Content-Type: " + media}}
	if session {
		s.headers = append(s.headers, "X-Auth-Token: $SESSION")
	}
	if tag, ok := strings.CutPrefix(path, "/hook"); ok {
		s.event = hookTag + tag
	}
	return &valueCase{name: name, body: body, step: s}
}

func (k mediaKind) cases(bodies []mediaBody) (cases []*valueCase) {
	for _, b := range bodies {
		for _, f := range b.fields {
			for _, form := range f.forms {
				name := fmt.Sprintf("%s %s, %s: %s", k.name, b.name, f.key, escapedLines(form))
				cases = append(cases, mediaCase(name, k.media, b.path, b.session, k.write(b.fields, f.key, form)))
			}
		}
	}
	return cases
}

// whole are cases with bodies that are odd as a whole.
func (k mediaKind) whole(bodies []string, paths ...string) (cases []*valueCase) {
	for _, path := range paths {
		for _, body := range bodies {
			name := fmt.Sprintf("%s %s as a whole: %s", k.name, path[1:], escapedLines(body))
			cases = append(cases, mediaCase(name, k.media, path, strings.HasPrefix(path, "/hook"), body))
		}
	}
	return cases
}

// write returns the body with a form in place of one field.
func (k mediaKind) write(fields []mediaField, odd, form string) string {
	var parts []string
	for _, f := range fields {
		part := k.field
		switch {
		case f.key == odd:
			part = form
		case f.right == "":
			continue
		}
		part = strings.NewReplacer("{k}", f.key, "{K}", strings.ToUpper(f.key), "{v}", f.right).Replace(part)
		parts = append(parts, part)
	}
	return strings.Join(parts, k.separator)
}

func escapedLines(text string) string {
	return strings.NewReplacer("\r", `\r`, "\n", `\n`, "\t", `\t`).Replace(text)
}

// without are forms less some: with those one waits long, for a minion that is
// not there or for an answer that 3006's salt-api never gives.
func without(forms []string, less ...string) []string {
	return slices.DeleteFunc(slices.Clone(forms), func(f string) bool { return slices.Contains(less, f) })
}

// with is the body with other fields in the places of those of the same name,
// or at its end. The others stay as they are.
func (b mediaBody) with(name string, fields ...mediaField) mediaBody {
	b.name, b.fields = name, slices.Clone(b.fields)
	for i := range b.fields {
		b.fields[i].forms = nil
	}
	for _, f := range fields {
		if i := slices.IndexFunc(b.fields, func(has mediaField) bool { return has.key == f.key }); i >= 0 {
			b.fields[i] = f
		} else {
			b.fields = append(b.fields, f)
		}
	}
	return b
}

func (b mediaBody) at(path string, session bool) mediaBody {
	b.path, b.session = path, session
	return b
}

// What YAML makes of a value is compared in server/format, for many more of
// them; these are for what is then made of the field.
func yamlBodies() []mediaBody {
	none := []string{"{k}:", "{k}: ~", "{k}: ''", "{k}: []"}
	text := append(slices.Clone(none), "{k}: {v} # {v}", "{k}: |\n  {v}", "{k}: >-\n  {v}", "{k}:\n- {v}", "{k}: !!str {v}", `"{k}": '{v}'`,
		"? {k}\n: {v}", "{K}: {v}", "{k}: {v}\n{k}: {v}", "{k}: yes", "{k}: {v}\r", "{k}:{v}")
	number := append(slices.Clone(none), "{k}: 0x3", "{k}: 03", "{k}: 3.0", "{k}: 3_0", "{k}: '3'", "{k}: 0:3", "{k}: .inf", "{k}: yes", "{k}: 2020-01-01", "{k}: 3 # s")
	flag := append(slices.Clone(none), "{k}: yes", "{k}: Off", "{k}: 'no'", "{k}: y", "{k}: 0x0", "{k}: 0.0")
	token := mediaBody{path: "/run", fields: []mediaField{{key: "token", right: "$TOKEN"}}}
	runner := token.with("runner",
		mediaField{"client", "runner", []string{"{k}: {v} # {v}", "{k}: |\n  {v}"}},
		mediaField{"fun", "test.arg", []string{"{k}: >-\n  {v}", "{k}: [{v}]"}},
		mediaField{"arg", "[1, two]", append(slices.Clone(none), "{k}: 1", "{k}: two", "{k}:\n  - 1\n  - two", "{k}:\n- 1\n- two", "{k}: {a: 1}",
			"{k}: 2020-01-01", "{k}: [2020-01-01 10:00:00]", "{k}: yes", "{k}: [no, 'no']", "{k}: !!binary YQ==", "{k}: |\n  a\n  b", "{k}: [.inf, -.inf]",
			"{k}: [a=1, a: 1]", "{k}: ['a=1', \"a\\tb\"]", "{k}: [010, 0o10, 1:30, 1_000]", "{k}: !!set {a}", "{k}: [!!omap [a: 1, b: 2]]",
			"{k}: [&x [1], *x]", "{k}: [12345678901234567890123]", "{k}: [é, \"\\u00e9\"]", "{k}: [~, ]")},
		mediaField{"kwarg", "{three: 3}", append(slices.Clone(none), "{k}:\n  three: 3", "{k}: {1: 2}", "{k}: {yes: 1}", "{k}: {~: 1}", "{k}: {1.5: 1}",
			"{k}: [three: 3]", "{k}: three=3", "{k}: !!omap [a: 1]", "{k}: !!set {a}", "{k}: {<<: {a: 1}, b: 2}", "{k}: {[a]: 1}", "{k}: {three}", "{k}: {'': 1}")},
		mediaField{"full_return", "", flag},
	)
	return []mediaBody{
		runner,
		token.with("local", mediaField{"client", "local", nil}, mediaField{"tgt", "ms--0", append(without(text, "{k}:\n- {v}"), "{k}: *", "{k}: '*'")},
			mediaField{"fun", "test.ping", []string{"{k}: >-\n  {v}"}}, mediaField{"timeout", "3", number}),
		token.with("list", mediaField{"client", "local", nil}, mediaField{"tgt_type", "list", nil}, mediaField{"fun", "test.ping", nil},
			mediaField{"tgt", "[ms--0]", []string{"{k}:\n- ms--0", "{k}: ms--0,ms--0", "{k}: 'ms--0, ms--0'", "{k}: {ms--0}", "{k}: !!set {ms--0}", "{k}: [ms--0, 5]"}}),
		mediaBody{path: "/login"}.with("login",
			mediaField{"username", "bench", text}, mediaField{"password", "$SECRET", []string{"{k}: '{v}'", "{k}: |\n  {v}", "{k}: !!str {v}"}},
			mediaField{"eauth", "sharedsecret", append(slices.Clone(none), "{k}: {v} # {v}", "{k}: |\n  {v}")},
			mediaField{"token_expire", "", number}),
		mediaBody{path: "/keys"}.with("keys",
			mediaField{"username", "bench", nil}, mediaField{"password", "$SECRET", nil}, mediaField{"eauth", "sharedsecret", nil},
			mediaField{"mid", "$NEW", []string{"{k}: {v} # {v}", "{k}: |-\n  {v}", "{k}: [{v}]", "{k}: yes"}},
			mediaField{"keysize", "", []string{"{k}: 0x800", "{k}: 2_048", "{k}: '2048'", "{k}: ~"}}, mediaField{"force", "", flag}),
		mediaBody{path: "/minions", session: true}.with("minions", mediaField{"tgt", "ms--0", []string{"{k}: {v} # {v}", "{k}: |-\n  {v}"}},
			mediaField{"fun", "test.ping", nil}, mediaField{"arg", "", none}),
		mediaBody{path: "/hook/$NEW", session: true}.with("hook", mediaField{"a", "b", append(slices.Clone(text), "{k}: 1:30", "{k}: 010")}),
	}
}

// yamlDocuments are whole bodies of YAML.
func yamlDocuments() []string {
	return []string{
		"", " ", "# nothing", "---", "---\n...", "~", "a", "5", "- a", "-", "{}", "[]", "a: 1\n---\nb: 2", "\ufeffa: 1", "a: 1\r\nb: 2\r\n",
		"a: [1", "\ta: 1", "a=1", "- - a: 1", "a: {{ b }}",
		"- {token: $TOKEN, client: runner, fun: test.arg}\n- {token: $TOKEN, client: runner, fun: test.arg, arg: 1}",
		"%YAML 1.1\n---\ntoken: $TOKEN\nclient: runner\nfun: test.arg\n...\n",
		"x: &x\n  client: runner\n  fun: test.arg\n<<: *x\ntoken: $TOKEN\n",
		"username: bench\npassword: $SECRET\neauth: sharedsecret\n...\n",
		"- username: bench\n  password: $SECRET\n  eauth: sharedsecret\n",
		"!!map\n? username\n: bench\n? password\n: $SECRET\n? eauth\n: sharedsecret\n",
	}
}

func formBodies() []mediaBody {
	few := []string{"{k}=+", "{k}=null", "{k}=0", "{k}={v}&{k}={v}", "{k}[]={v}"}
	text := append(slices.Clone(few), "{k}", "{k}=&{k}={v}", "{k}={v}&{k}=+", "{K}={v}", "{k}={v}%0A", "{k}=+{v}+", "{k}=%22{v}%22", "+{k}={v}", "{k}={v};",
		"{k}={v}=", "{k}={v}\n", "{k}={v}%00")
	number := append(slices.Clone(few), "{k}={v}.0", "{k}=+{v}", "{k}=%2B{v}", "{k}=-1", "{k}={v}s", "{k}=0x{v}", "{k}={v}_0", "{k}=1e1", "{k}={v}%0A", "{k}=%D9%A3")
	flag := []string{"{k}=true", "{k}=false", "{k}=0", "{k}=1", "{k}=on", "{k}=+"}
	token := mediaBody{path: "/run", fields: []mediaField{{key: "token", right: "$TOKEN"}}}
	ping := token.with("local", mediaField{"client", "local", few}, mediaField{"tgt", "ms--0", without(text, "{k}={v}&{k}={v}", "{k}={v}&{k}=+")},
		mediaField{"fun", "test.ping", nil},
		mediaField{"tgt_type", "glob", few}, mediaField{"timeout", "3", number}, mediaField{"gather_job_timeout", "2", few})
	credentials := mediaBody{fields: []mediaField{{key: "username", right: "bench"}, {key: "password", right: "$SECRET"}, {key: "eauth", right: "sharedsecret"}}}
	return []mediaBody{
		ping,
		ping.with("more", mediaField{"ret", "", few[:3]}, mediaField{"jid", "", few[:3]}, mediaField{"full_return", "", flag}, mediaField{"delimiter", ":", few[:3]},
			mediaField{"nocache", "", flag[:3]}, mediaField{"metadata", "", few[:3]}, mediaField{"raw_shell", "", flag[:3]}),
		ping.with("list", mediaField{"tgt_type", "list", nil}, mediaField{"tgt", "ms--0", []string{"{k}={v}", "{k}={v}&{k}={v}", "{k}={v},{v}", "{k}={v},+{v}", "{k}=[%22{v}%22]", "{k}[]={v}"}}),
		ping.with("local_batch", mediaField{"client", "local_batch", nil}, mediaField{"batch", "1", append(without(number, "{k}=-1"), "{k}=50%25", "{k}=50%")}),
		ping.with("local_subset", mediaField{"client", "local_subset", nil}, mediaField{"timeout", "20", nil}, mediaField{"subset", "1", few}),
		ping.with("local_async", mediaField{"client", "local_async", nil}, mediaField{"arg", "", []string{"{k}=1&{k}=yes", "{k}=+"}}, mediaField{"kwarg", "", []string{"{k}=+", "{k}={a:+1}"}}),
		token.with("runner", mediaField{"client", "runner", nil}, mediaField{"fun", "test.arg", few[3:]},
			mediaField{"arg", "1", append(slices.Clone(text), "{k}=a%3D1", "{k}=yes&{k}=No", "{k}=None", "{k}={a:+1}", "{k}=[1,+2]&{k}=3", "{k}=2020-01-01", "{k}=a%23b", "{k}=010",
				"{k}=%7B%22a%22%3A+%5B%5D%7D", "{k}=!!binary+YQ==", "{k}=.inf", "{k}=12345678901234567890123")},
			mediaField{"kwarg", "{three:+3}", append(slices.Clone(text), "{k}=three%3D3", "{k}=three:+3", "{k}=%7B%22three%22%3A3%7D", "{k}={1:+2}", "{k}={yes:+1}", "{k}={a}")},
			mediaField{"timeout", "", few[:3]}, mediaField{"tgt", "", few[:3]}, mediaField{"full_return", "", flag}),
		token.with("wheel", mediaField{"client", "wheel", nil}, mediaField{"fun", "key.list", few[3:]}, mediaField{"match", "accepted", few}, mediaField{"kwarg", "", few[:3]}),
		credentials.at("/run", false).with("credentials", mediaField{"client", "runner", nil}, mediaField{"fun", "test.arg", nil},
			mediaField{"username", "bench", text}, mediaField{"password", "$SECRET", []string{"{k}={v}&{k}={v}", "{k}={v}%0A"}}, mediaField{"eauth", "sharedsecret", few}),
		credentials.at("/login", false).with("login", mediaField{"username", "bench", text}, mediaField{"password", "$SECRET", []string{"{k}={v}&{k}={v}", "{k}={v}%0A"}},
			mediaField{"eauth", "sharedsecret", few}, mediaField{"token_expire", "", []string{"{k}=100", "{k}=+", "{k}=0", "{k}=100&{k}=100", "{k}=1e1", "{k}=-1", "{k}=%2B100"}}),
		credentials.at("/token", false).with("token", mediaField{"username", "bench", few}, mediaField{"token_expire", "", few[:3]}),
		mediaBody{path: "/minions", session: true}.with("minions", mediaField{"tgt", "ms--0", few}, mediaField{"fun", "test.ping", few[3:]}, mediaField{"arg", "", few[:3]}),
		mediaBody{path: "/", session: true}.with("root", mediaField{"client", "local_async", few[3:]}, mediaField{"tgt", "ms--0", few}, mediaField{"fun", "test.ping", nil}),
		credentials.at("/keys", false).with("keys", mediaField{"mid", "$NEW", text}, mediaField{"keysize", "2048", []string{"{k}={v}", "{k}=+", "{k}={v}&{k}={v}"}}, mediaField{"force", "", flag}),
		mediaBody{path: "/hook/$NEW", session: true}.with("hook", mediaField{"a", "1", text}, mediaField{"arg", "", []string{"{k}=1", "{k}=1&{k}=yes"}}, mediaField{"kwarg", "", []string{"{k}={b:+1}", "{k}=b"}}),
	}
}

// wholeForms are bodies that are sent with the type of a form.
func wholeForms() []string {
	return []string{
		"", "&", "=", "a", "a&b", "%", "%zz=1", "%u0041=1", "a=%ff", "a=1;b=2", "\n", "a=1\r\n", "?a=1",
		`{"client": "runner", "fun": "test.arg", "token": "$TOKEN"}`,
		`[{"client": "runner", "fun": "test.arg", "token": "$TOKEN"}]`,
		`{"username": "bench", "password": "$SECRET", "eauth": "sharedsecret"}`,
		"client: runner\nfun: test.arg\ntoken: $TOKEN",
		"client=runner&fun=test.arg&token=$TOKEN&&&",
		"username=bench&password=$SECRET&eauth=sharedsecret&=&x",
		"0[client]=runner&0[fun]=test.arg&0[token]=$TOKEN",
	}
}
