//go:build !(linux && cgo)

package pam

func askAccount(string, string, string) answer {
	return answer{verdict: broken, class: ErrNotBuilt.Error()}
}
