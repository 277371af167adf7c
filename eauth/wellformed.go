package eauth

// maxToken is the length of the longest Salt token: a SHA-512 in hex.
const maxToken = 128

// tokenLengths are the lengths of Salt's tokens, which are the hex digests of
// random bytes, by the master's hash_type.
var tokenLengths = map[string]int{
	"md5":    32,
	"sha1":   40,
	"sha224": 56,
	"sha256": 64,
	"sha384": 96,
	"sha512": maxToken,
}

// WellFormedToken reports whether s can be a token of a master with this
// hash_type: hex digits, as many as its digest has. A hash type that is not
// known is taken for Salt's default, sha256. A token names a file on the
// master, so nothing else may ever be looked up.
func WellFormedToken(s, hashType string) bool {
	want, ok := tokenLengths[hashType]
	if !ok {
		want = tokenLengths["sha256"]
	}
	return len(s) == want && isHex(s)
}

func isHex(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') && (c < 'A' || c > 'F') {
			return false
		}
	}
	return true
}
