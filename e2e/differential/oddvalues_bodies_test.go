package differential

import (
	"encoding/json"
	"slices"
	"strings"
)

// valueBody is a request that both gateways answer with success, and of which
// one field at a time gets an odd value.
type valueBody struct {
	name    string
	path    string
	session bool   // sent within a session
	whole   string // in place of fields: the body as it is
	fields  []valueField
}

// valueField is a field with a right value, or with none where the field is not
// there, as JSON.
type valueField struct {
	key   string
	right string
	forms func(right string) []valueForm // nil for a field that stays as it is
}

// valueForm is what stands in place of a right value.
type valueForm struct {
	name  string
	json  string // the same as the name when it is empty
	where valuePlace
}

// valuePlace is where a form stands.
type valuePlace int

const (
	inPlace valuePlace = iota
	before             // the field is there twice: the form, then the right value
	after              // the other way round
	capital            // under a key in capitals
)

// noForms are what nothing becomes in templates and in other languages.
func noForms(string) []valueForm { return []valueForm{{name: `""`}, {name: `[]`}, {name: `null`}} }

// emptyForms are noForms and what else counts for nothing.
func emptyForms(right string) []valueForm {
	return append(noForms(right), valueForm{name: `" "`}, valueForm{name: `{}`}, valueForm{name: `0`}, valueForm{name: `false`})
}

// fewForms are some of each kind, for a field that another client has with the
// same meaning.
func fewForms(right string) []valueForm {
	return append(append(emptyForms(right), valueForm{name: `"abc"`}, valueForm{name: `5`}), likeForms(right)...)
}

// functionForms are fewForms without functions that a minion does not know: for each
// of these it loads all of its modules, which takes a busy one longer than anybody
// waits here. The topic failure of testdata/differential has such functions. An empty
// text is the documentation of all modules, which is as much work.
func functionForms(right string) []valueForm {
	return slices.DeleteFunc(fewForms(right), func(f valueForm) bool {
		return slices.Contains([]string{`""`, `" "`, `"abc"`, "among blanks", "with a line end"}, f.name)
	})
}

// newForms are for a value that may be there only once.
func newForms(right string) []valueForm { return append(noForms(right), likeForms(right)...) }

// likeForms are nearly the right value.
func likeForms(right string) []valueForm {
	if right == "" {
		return nil
	}
	forms := []valueForm{{name: "in a list", json: "[" + right + "]"}}
	var text string
	if json.Unmarshal([]byte(right), &text) != nil {
		return append(forms, valueForm{name: "as text", json: quotedJSON(right)})
	}
	return append(forms,
		valueForm{name: "with a line end", json: quotedJSON(text + "\n")},
		valueForm{name: "among blanks", json: quotedJSON(" " + text + " ")},
	)
}

// allForms are all that there are.
func allForms(right string) []valueForm {
	forms := append(fewForms(right),
		valueForm{name: `true`}, valueForm{name: `1`}, valueForm{name: `-1`}, valueForm{name: `5.5`}, valueForm{name: `"0"`},
		valueForm{name: `"5"`}, valueForm{name: `"5.5"`}, valueForm{name: `"true"`},
		valueForm{name: `["abc"]`}, valueForm{name: `[[]]`}, valueForm{name: `{"a": 1}`},
	)
	if right == "" {
		return forms
	}
	if strings.HasPrefix(right, `"`) {
		forms = append(forms, valueForm{name: "in capitals", json: strings.ToUpper(right)})
	}
	return append(forms,
		valueForm{name: "after null", json: "null", where: before},
		valueForm{name: "before an empty text", json: `""`, where: after},
		valueForm{name: "under a key in capitals", json: right, where: capital},
	)
}

func quotedJSON(text string) string {
	b, _ := json.Marshal(text) // a string always has a form
	return string(b)
}

// write returns the body with a form for one field.
func (b *valueBody) write(key string, f valueForm) string {
	value := f.json
	if value == "" {
		value = f.name
	}
	var members []string
	add := func(key, value string) {
		if value != "" {
			members = append(members, quotedJSON(key)+": "+value)
		}
	}
	for _, field := range b.fields {
		switch {
		case field.key != key:
			add(field.key, field.right)
		case f.where == before:
			add(key, value)
			add(key, field.right)
		case f.where == after:
			add(key, field.right)
			add(key, value)
		case f.where == capital:
			add(strings.ToUpper(key), value)
		default:
			add(key, value)
		}
	}
	return "{" + strings.Join(members, ", ") + "}"
}

// with is the body with other fields: they take the places of those of the
// same name, or stand at its end. The others stay as they are.
func (b valueBody) with(name string, fields ...valueField) valueBody {
	b.name, b.fields = name, slices.Clone(b.fields)
	for i := range b.fields {
		b.fields[i].forms = nil
	}
	for _, f := range fields {
		if i := slices.IndexFunc(b.fields, func(has valueField) bool { return has.key == f.key }); i >= 0 {
			b.fields[i] = f
		} else {
			b.fields = append(b.fields, f)
		}
	}
	return b
}

// wholeBodies are bodies that are odd as a whole, for each path.
func wholeBodies() (bodies []valueBody) {
	for _, path := range []string{"/run", "/login", "/token", "/minions", "/keys", "/hook/$NEW"} {
		for _, text := range []string{`""`, `[]`, `{}`, `null`, `[{}]`} {
			bodies = append(bodies, valueBody{
				name: path[1:] + " as a whole", path: path, whole: text, session: path == "/minions" || strings.HasPrefix(path, "/hook"),
			})
		}
	}
	return bodies
}

// valueBodies are the documented bodies. What means the same in several clients
// has all forms in one of them. The minion ms--1 is for functions that it may
// choke on.
func valueBodies() []valueBody {
	token := valueBody{path: "/run", fields: []valueField{{key: "token", right: `"$TOKEN"`}}}
	login := valueBody{path: "/run", fields: []valueField{
		{key: "username", right: `"bench"`}, {key: "password", right: `"$SECRET"`}, {key: "eauth", right: `"sharedsecret"`},
	}}
	local := token.with("local",
		valueField{"client", `"local"`, emptyForms},
		valueField{"tgt", `"ms--0"`, fewForms},
		valueField{"fun", `"test.arg"`, nil},
		valueField{"arg", `[1, "two"]`, fewForms},
		valueField{"kwarg", `{"three": 3}`, allForms},
		valueField{"timeout", `3`, allForms},
		valueField{"gather_job_timeout", `2`, emptyForms},
	)
	ping := local.with("local, ping", valueField{"fun", `"test.ping"`, nil}, valueField{"arg", "", nil}, valueField{"kwarg", "", nil})
	few := token.with("runner with few arguments",
		valueField{"client", `"runner"`, nil},
		valueField{"fun", `"test.metasyntactic"`, nil},
		valueField{"locality", `"uk"`, noForms},
		valueField{"tgt", "", emptyForms},
		valueField{"tgt_type", "", noForms}, valueField{"expr_form", "", noForms}, valueField{"ret", "", noForms},
		valueField{"output", "", noForms}, valueField{"mods", "", noForms}, valueField{"full_return", "", noForms},
		valueField{"kwarg", "", noForms}, valueField{"arg", "", noForms},
	)
	wheel := token.with("wheel",
		valueField{"client", `"wheel"`, nil},
		valueField{"fun", `"key.list"`, noForms},
		valueField{"match", `"accepted"`, noForms},
		valueField{"kwarg", "", fewForms},
		valueField{"timeout", "", emptyForms},
		valueField{"tgt", "", noForms}, valueField{"full_return", "", noForms},
	)
	return append(wholeBodies(),
		local,
		ping.with("local, more",
			valueField{"ret", "", noForms}, valueField{"jid", "", noForms}, valueField{"full_return", "", noForms},
			valueField{"expect_minions", "", noForms}, valueField{"metadata", "", noForms},
			valueField{"delimiter", "", noForms}, valueField{"nocache", "", noForms}, valueField{"module_executors", "", noForms},
			valueField{"ret_config", "", noForms}, valueField{"raw_shell", "", noForms},
		),
		ping.with("function", valueField{"tgt", `"ms--1"`, nil},
			valueField{"fun", `"test.ping"`, functionForms}),
		ping.with("list", valueField{"tgt", `["ms--0"]`, noForms}, valueField{"tgt_type", `"list"`, allForms}),
		ping.with("compound", valueField{"tgt", `"ms--0"`, noForms}, valueField{"tgt_type", `"compound"`, nil}),
		ping.with("grain", valueField{"tgt", `"id:ms--0"`, noForms}, valueField{"tgt_type", `"grain"`, nil}, valueField{"delimiter", `":"`, noForms}),
		ping.with("local_batch", valueField{"client", `"local_batch"`, nil}, valueField{"tgt", `"ms--0"`, noForms},
			valueField{"batch", `"1"`, fewForms}, valueField{"batch_wait", `0`, emptyForms},
			valueField{"timeout", `3`, emptyForms}, valueField{"gather_job_timeout", `2`, noForms}),
		ping.with("local_subset", valueField{"client", `"local_subset"`, nil}, valueField{"timeout", `20`, nil}, valueField{"tgt", `"ms--0"`, noForms},
			valueField{"subset", `1`, fewForms}, valueField{"cli", "", noForms}, valueField{"progress", "", noForms}),
		local.with("local_async", valueField{"client", `"local_async"`, nil}, valueField{"tgt", `"ms--0"`, noForms},
			valueField{"kwarg", `{"three": 3}`, noForms}, valueField{"timeout", `3`, noForms}, valueField{"jid", "", allForms},
			valueField{"ret", "", fewForms}, valueField{"tgt_type", "", noForms}),
		token.with("runner", valueField{"client", `"runner"`, nil}, valueField{"fun", `"test.arg"`, noForms},
			valueField{"arg", `[1, "two"]`, fewForms}, valueField{"kwarg", `{"three": 3}`, fewForms},
			valueField{"timeout", "", fewForms}, valueField{"user", "", noForms}),
		few,
		few.with("runner_async", valueField{"client", `"runner_async"`, nil}, valueField{"timeout", "", noForms},
			valueField{"full_return", "", noForms}, valueField{"kwarg", "", noForms}, valueField{"tgt", "", noForms}),
		wheel,
		wheel.with("wheel_async", valueField{"client", `"wheel_async"`, nil}, valueField{"timeout", "", noForms}, valueField{"match", `"accepted"`, noForms}),
		login.with("credentials", valueField{"client", `"local"`, nil}, valueField{"tgt", `"ms--0"`, nil}, valueField{"fun", `"test.ping"`, nil},
			valueField{"username", `"bench"`, fewForms}, valueField{"password", `"$SECRET"`, noForms}, valueField{"eauth", `"sharedsecret"`, emptyForms},
			valueField{"token", "", noForms}),
		login.with("few rights", valueField{"username", `"saltro"`, nil}, valueField{"client", `"local"`, nil}, valueField{"tgt", `"ms--1"`, emptyForms},
			valueField{"fun", `"cmd.run"`, fewForms}, valueField{"tgt_type", "", noForms},
			valueField{"kwarg", "", noForms}, valueField{"timeout", `1`, nil}, valueField{"gather_job_timeout", `1`, nil}),
		valueBody{name: "login", path: "/login", fields: []valueField{{"username", `"bench"`, fewForms}, {"password", `"$SECRET"`, noForms},
			{"eauth", `"sharedsecret"`, emptyForms}, {"token_expire", "", fewForms}, {"token", "", noForms}, {"client", "", noForms}}},
		valueBody{name: "token", path: "/token", fields: []valueField{{"username", `"bench"`, noForms}, {"password", `"$SECRET"`, noForms},
			{"eauth", `"sharedsecret"`, noForms}, {"token_expire", "", emptyForms}, {"kwarg", "", noForms}}},
		valueBody{name: "minions", path: "/minions", session: true, fields: []valueField{{"tgt", `"ms--0"`, noForms}, {"fun", `"test.ping"`, nil},
			{"client", "", noForms}, {"kwarg", "", noForms}, {"arg", "", noForms}, {"tgt_type", "", noForms}, {"timeout", "", noForms}}},
		valueBody{name: "root", path: "/", session: true, fields: []valueField{{"client", `"local_async"`, noForms}, {"tgt", `"ms--0"`, noForms},
			{"fun", `"test.ping"`, nil}, {"token", "", noForms}, {"eauth", "", noForms}, {"password", "", noForms}}},
		valueBody{name: "jobs", path: "/jobs", session: true, fields: []valueField{{"client", `"local_async"`, noForms}, {"tgt", `"ms--0"`, noForms},
			{"fun", `"test.ping"`, nil}, {"kwarg", "", noForms}}},
		login.with("keys", valueField{"mid", `"$NEW"`, newForms}, valueField{"keysize", "", noForms}, valueField{"force", "", noForms},
			valueField{"kwarg", "", noForms}, valueField{"fun", "", noForms}).at("/keys"),
		valueBody{name: "hook", path: "/hook/$NEW", session: true, fields: []valueField{{"a", `1`, fewForms}}},
	)
}

func (b valueBody) at(path string) valueBody {
	b.path = path
	return b
}
