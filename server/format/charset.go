package format

import (
	"bytes"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/ianaindex"
)

// maxTranscoded is the maximum size of a body in another charset, in bytes. In
// UTF-8 it grows to three times that at most.
const maxTranscoded = 1 << 20

// Text returns a body, without its compression, in UTF-8.
//
// A body that is UTF-8 is returned unchanged, whatever its Content-Type is, as
// in salt-api: clients that send ISO-8859-1 by default use letters and digits
// that are the same in both. For any other body the charset must be a known
// one; forms may have its bytes in %XX, if they are not large. A body with an
// unknown Content-Encoding is returned if it is UTF-8, and an error otherwise.
//
// Errors are *Error.
func Text(h http.Header, body []byte) ([]byte, error) {
	_, params, _ := mime.ParseMediaType(h.Get("Content-Type"))
	charset := params["charset"]
	isForm := IsForm(h.Get("Content-Type")) && len(body) <= maxTranscoded
	if utf8.Valid(body) && (!isForm || charset == "" || isUTF8(charset)) {
		return body, nil
	}
	if !utf8.Valid(body) && hasUnknownCoding(h) {
		return nil, &Error{Status: http.StatusUnsupportedMediaType, Text: "Content-Encoding is not supported: only gzip is"}
	}
	if charset == "" || isUTF8(charset) {
		return body, nil // decoding it gives a more specific error, with the position
	}
	if isForm {
		return formText(charset, body)
	}
	text, err := transcoded(charset, body)
	if err != nil {
		return nil, err
	}
	return text, nil
}

func isUTF8(charset string) bool {
	return strings.EqualFold(charset, "utf-8") || strings.EqualFold(charset, "utf8")
}

// formText returns a form of which every part, once unescaped, is UTF-8.
func formText(charset string, body []byte) ([]byte, error) {
	var out bytes.Buffer
	for i, part := range bytes.FieldsFunc(body, func(c rune) bool { return c == '&' }) {
		if i > 0 {
			out.WriteByte('&')
		}
		name, value, ok := bytes.Cut(part, []byte("="))
		for j, text := range [][]byte{name, value} {
			if j > 0 && ok {
				out.WriteByte('=')
			}
			plain := unescaped(text)
			if utf8.ValidString(plain) {
				out.Write(text)
				continue
			}
			decoded, err := transcoded(charset, []byte(plain))
			if err != nil {
				return nil, err
			}
			out.WriteString(url.QueryEscape(string(decoded)))
		}
	}
	return out.Bytes(), nil
}

// transcoded decodes text that is not UTF-8.
func transcoded(charset string, text []byte) ([]byte, error) {
	if len(text) > maxTranscoded {
		return nil, &Error{Status: http.StatusRequestEntityTooLarge,
			Text: fmt.Sprintf("The request body is larger than %d bytes, and not UTF-8", maxTranscoded)}
	}
	known, err := ianaindex.MIME.Encoding(charset)
	if err != nil || known == nil {
		return nil, unsupported("Content type not supported: the charset is not known, and the body is not UTF-8")
	}
	decoded, err := known.NewDecoder().Bytes(text)
	if err == nil && bytes.ContainsRune(decoded, utf8.RuneError) {
		err = errWrongCharset
	}
	if err != nil {
		return nil, badRequest("The request body is not in its charset", err)
	}
	return decoded, nil
}

var errWrongCharset = errors.New("bytes that the charset does not have")

// hasUnknownCoding reports whether a body may have been compressed with a
// coding that [Decompress] ignores.
func hasUnknownCoding(h http.Header) bool {
	for coding := range codings(h) {
		switch coding {
		case "gzip", "x-gzip", "identity", "":
		default:
			return true
		}
	}
	return false
}
