package pam

import (
	"bufio"
	"io"
	"os"
	"strings"
)

// Limits of the file with the passwords. A line is a few hundred bytes.
const (
	maxShadowFile = 64 << 20 // bytes
	maxShadowLine = 64 << 10 // bytes
)

// passwordLocked reports whether a user's password is locked: usermod -L and
// passwd -l put a ! in front of its hash. pam_unix refuses such a password but
// not the account, which may still be used without a password. If the file
// cannot be read, or does not contain the user, the result is false.
func passwordLocked(file, user string) bool {
	f, err := os.Open(file)
	if err != nil {
		return false
	}
	defer f.Close() //nolint:errcheck // it was only read
	lines := bufio.NewScanner(io.LimitReader(f, maxShadowFile))
	lines.Buffer(nil, maxShadowLine)
	for lines.Scan() {
		name, rest, _ := strings.Cut(lines.Text(), ":")
		if name == user {
			return strings.HasPrefix(rest, "!") // the first line of a user counts, as in libc
		}
	}
	return false
}
