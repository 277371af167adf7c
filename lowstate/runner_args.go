package lowstate

import (
	"regexp"

	"saltern/saltmaster"
	"saltern/saltmaster/msgpack"
)

// notForRunner are the chunk's keys that are never a runner's arguments.
var notForRunner = map[string]bool{
	"client": true, "fun": true, "arg": true, "kwarg": true,
	"token": true, "username": true, "password": true, "eauth": true,
	"user": true, "key": true,
	"timeout": true, "full_return": true,
}

// runnerCall brings the three forms in which a runner's arguments may be
// written to one: a list arg, whose texts of the form name=value are keywords;
// an object kwarg; and any other key of the chunk itself. Later forms win.
func runnerCall(c Chunk) (saltmaster.RunnerCall, error) {
	fun, err := c.function()
	if err != nil {
		return saltmaster.RunnerCall{}, err
	}
	var args []msgpack.Raw
	var kwargs keywords
	for _, a := range c.list("arg") {
		kwargs.parse(a, &args)
	}
	named, err := c.mapping("kwarg")
	if err != nil {
		return saltmaster.RunnerCall{}, err
	}
	for _, f := range named {
		kwargs.set(f.key, f.value)
	}
	for _, f := range c.fields {
		if !notForRunner[f.key] {
			kwargs.set(f.key, f.value)
		}
	}
	return saltmaster.RunnerCall{Fun: fun, Arg: array(args), Kwarg: kwargs.encode()}, nil
}

// keywords keeps Python's order of a dict: a name set twice keeps its place
// and takes the later value.
type keywords []field

func (k *keywords) set(key string, v msgpack.Raw) {
	for i := range *k {
		if (*k)[i].key == key {
			(*k)[i].value = v
			return
		}
	}
	*k = append(*k, field{key, v})
}

func (k keywords) encode() msgpack.Raw {
	return appendFields(msgpack.AppendMap(nil, len(k)), k)
}

// nameValue is how Salt's command line writes a keyword argument.
var nameValue = regexp.MustCompile(`^([\p{L}\p{Nl}\p{Lo}_][\p{L}\p{N}_.\-]*)=((?:[^=\n].*)?)$`)

// parse puts one element of arg where it belongs: texts are read as Salt's
// command line reads them, marked maps are keywords, the rest is positional.
func (k *keywords) parse(a msgpack.Raw, args *[]msgpack.Raw) {
	switch a.Kind() {
	case msgpack.Str:
		s, _ := a.Str()
		if m := nameValue.FindStringSubmatch(s); m != nil {
			k.set(m[1], yamlified(m[2]))
			return
		}
		*args = append(*args, yamlified(s))
	case msgpack.Map:
		if mark, ok := a.Lookup("__kwarg__"); !ok || !isTrue(mark) {
			*args = append(*args, a)
			return
		}
		_ = a.Each(func(key, v msgpack.Raw) error {
			if s, _ := key.Str(); s != "__kwarg__" {
				k.set(s, v)
			}
			return nil
		})
	default:
		*args = append(*args, a)
	}
}

func isTrue(v msgpack.Raw) bool {
	b, ok := v.Bool()
	return ok && b
}

func array(elems []msgpack.Raw) msgpack.Raw {
	b := msgpack.AppendArray(nil, len(elems))
	for _, e := range elems {
		b = append(b, e...)
	}
	return b
}
