package eauth

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Check returns an error if the credentials cannot be right. No backend is
// called for them: the code behind one may cut a C string at its first NUL, and
// so check another name than the one that is authorized afterwards. The error
// never quotes the credentials.
func (c Credentials) Check() error {
	if c.Token != "" {
		if len(c.Token) > maxToken || !isHex(c.Token) {
			return errors.New("the token is not a string of hex digits")
		}
		return nil
	}
	if c.Username == "" {
		return errors.New("the user name is empty")
	}
	if err := checkText("user name", c.Username); err != nil {
		return err
	}
	// A line break would forge lines in the backend's logs, and an invisible
	// character would make two names look the same there.
	if strings.ContainsFunc(c.Username, unprintable) {
		return errors.New("the user name has control characters")
	}
	return checkText("password", c.Password)
}

func checkText(what, s string) error {
	switch {
	case len(s) > MaxCredential:
		return fmt.Errorf("the %s is longer than %d bytes", what, MaxCredential)
	case strings.IndexByte(s, 0) >= 0:
		return fmt.Errorf("the %s has a NUL", what)
	case !utf8.ValidString(s):
		return fmt.Errorf("the %s is not UTF-8", what)
	}
	return nil
}

func unprintable(r rune) bool {
	return unicode.In(r, unicode.C, unicode.Zl, unicode.Zp)
}

// String describes credentials without their password and token.
func (c Credentials) String() string {
	if c.Token != "" {
		return "token"
	}
	return fmt.Sprintf("%s user %q", c.Eauth, c.Username)
}

// GoString keeps the secrets out of %#v too.
func (c Credentials) GoString() string { return c.String() }

// LogValue keeps the secrets out of logs.
func (c Credentials) LogValue() slog.Value { return slog.StringValue(c.String()) }
