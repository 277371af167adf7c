package msgpack

// Outline is called with what [SkimJSON] finds.
type Outline struct {
	// Element is called before each element of a document that is a list.
	Element func(k Kind)

	// Entry is called after each entry of the objects that are such elements,
	// or of the one object that is the document, duplicates included. The key
	// is good until the next call. The value is JSON, and aliases the document.
	// An error ends the reading, and is returned.
	Entry func(key, value []byte) error
}

// SkimJSON checks a JSON document as AppendFromJSON does, and makes nothing of
// it: the memory that it takes does not grow with the document. It returns the
// kind of the document's value. Errors are those of AppendFromJSON, but that
// duplicate keys are not counted.
func SkimJSON(js []byte, o Outline) (Kind, error) {
	first := byteAt(js, skipSpace(js, 0))
	s := skim{Outline: o, depth: 1}
	if first == '[' {
		s.depth = 2
	}
	r := jsonReader{src: js, skim: &s}
	if _, err := r.checkAll(); err != nil {
		return Invalid, err
	}
	return kindOf(first), nil
}

type skim struct {
	Outline
	depth int // of the entries that Entry is called for
}

// kindOf is the kind of a value of JSON by its first byte, as far as it matters
// here: all numbers are Int.
func kindOf(first byte) Kind {
	switch first {
	case '[':
		return Array
	case '{':
		return Map
	case '"':
		return Str
	case 't', 'f':
		return Bool
	case 'n':
		return Nil
	}
	return Int
}
