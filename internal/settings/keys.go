package settings

// Key is one key of saltern.yaml.
type Key struct {
	Name    string // dotted, such as limits.connections; [] stands for each item of a list
	Type    string // the type in the documentation, such as duration
	Default string // in the form of the file; "" is nothing
	Meaning string // one line
}

// Keys returns every key of [Parse], in the order of the documentation, except
// those that only hold others.
func Keys() []Key {
	d := decoder{}
	return d.schema(Default()).list("", false)
}

// list returns the keys below a path. Those in the maps of a list have no default.
func (f fields) list(path string, inList bool) (all []Key) {
	for _, field := range f {
		name := join(path, field.key)
		v := field.value
		if v.keys == nil || v.kind != "map" {
			k := Key{Name: name, Type: v.kind, Meaning: field.meaning}
			if v.show != nil && !inList {
				k.Default = v.show()
			}
			all = append(all, k)
		}
		if v.isList {
			name += "[]"
		}
		all = append(all, v.keys.list(name, inList || v.isList)...)
	}
	return all
}
