//go:build !(linux && cgo)

package pam

func ask(q *question) answer {
	q.password = ""
	return answer{verdict: broken, class: ErrNotBuilt.Error()}
}

func canStart(string, string) error { return ErrNotBuilt }

func askAccount(*question) answer {
	return answer{verdict: broken, class: ErrNotBuilt.Error()}
}
