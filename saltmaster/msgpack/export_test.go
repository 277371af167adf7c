package msgpack

// The ways of AppendJSON, and those of Valid.

func OnePass(v []byte) (js []byte, ok bool)     { return appendOnePass(nil, v, nil) }
func TwoPasses(v []byte) (js []byte, err error) { return appendTwoPass(nil, v, 0, nil) }

func Pass(v []byte) (end int, ok bool) {
	end = pass(v, 0)
	return end, end != gaveUp
}
func SkipWithin(v []byte) (end int, err error) { return skipWithin(v, 0, 0) }

// Piece is about how much JSONWriter writes at once, in bytes.
const Piece = piece

// WriteSection is that of [JSONWriter] with so many bytes in memory.
func WriteSection(to Sink, s Section, window int) error {
	return NewJSONWriter(to).writeSection(s, make([]byte, window))
}
