package msgpack

// AppendJSONString appends s as a JSON string, by the rules of [AppendJSON].
func AppendJSONString(dst []byte, s string) []byte {
	return appendQuoted(dst, []byte(s))
}
