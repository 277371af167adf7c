//go:build !(linux && cgo)

package pam

func askAccount(*question) answer {
	return answer{verdict: broken, class: ErrNotBuilt.Error()}
}
