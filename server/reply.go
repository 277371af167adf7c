package server

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"

	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/server/format"
)

// What goes around and between answers.
const (
	answersHead  = `{"return": [`
	answersComma = `, `
	answersTail  = `]}`
)

// writeAnswers writes the chunks' answers without joining them first.
func writeAnswers(x *exchange, answers []lowstate.Answer) { writeTexts(x, textsOf(answers)) }

// textsOf are the answers as they go out.
func textsOf(answers []lowstate.Answer) [][]byte {
	texts := make([][]byte, len(answers))
	for i, a := range answers {
		texts[i] = a.JSON()
	}
	return texts
}

func writeTexts(x *exchange, answers [][]byte) {
	if x.media == format.YAML {
		whole := append([]byte(answersHead), bytes.Join(answers, []byte(answersComma))...)
		writeJSON(x, http.StatusOK, append(whole, answersTail...))
		return
	}
	size := len(answersHead) + len(answersTail) + len(answersComma)*max(0, len(answers)-1)
	for _, a := range answers {
		size += len(a)
	}
	writeHead(x, "application/json", http.StatusOK, size)
	parts := [][]byte{[]byte(answersHead)}
	for i, a := range answers {
		if i > 0 {
			parts = append(parts, []byte(answersComma))
		}
		parts = append(parts, a)
	}
	parts = append(parts, []byte(answersTail))
	for _, p := range parts {
		if _, err := x.Write(p); err != nil {
			x.err = fmt.Errorf("write the answer: %w", err)
			return
		}
	}
}

// writeJSON writes a whole body, in the media type that the client asked for.
func writeJSON(x *exchange, status int, body []byte) {
	if x.media == format.YAML {
		if yaml, err := format.AppendYAML(nil, body); err == nil {
			writeBody(x, "application/x-yaml", status, yaml)
			return
		}
	}
	writeBody(x, "application/json", status, body)
}

// writeBody writes a whole body.
func writeBody(x *exchange, mediaType string, status int, body []byte) {
	writeHead(x, mediaType, status, len(body))
	if _, err := x.Write(body); err != nil && x.err == nil {
		x.err = fmt.Errorf("write the answer: %w", err)
	}
}

func writeHead(x *exchange, mediaType string, status, size int) {
	h := x.Header()
	h.Set("Content-Type", mediaType)
	h.Set("Content-Length", strconv.Itoa(size))
	x.WriteHeader(status)
}
