//go:build linux && cgo

package pam

import (
	"errors"
	"runtime"

	libpam "github.com/msteinert/pam/v2"
)

// flags: messages are of no use here, and a user without a password may not log
// in.
const flags = libpam.Silent | libpam.DisallowNullAuthtok

// ask authenticates one login with libpam and blocks for as long as that takes.
func ask(q *question) answer {
	// A module may change a property of the thread, such as its file system
	// user, between the calls of one login.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()

	c := &conversation{user: q.user, password: q.password}
	q.password = ""
	defer c.forget()

	tx, err := start(q, c)
	if err != nil {
		return answer{verdict: broken, class: "start: " + class(err)}
	}
	defer func() { _ = tx.End() }()

	if err := tx.Authenticate(flags); err != nil {
		return c.answer(err, "")
	}
	if err := tx.AcctMgmt(flags); err != nil {
		return c.answer(err, "account: ")
	}
	user, err := tx.GetItem(libpam.User)
	if err != nil {
		return answer{verdict: broken, class: "user: " + class(err)}
	}
	return answer{verdict: right, user: user}
}

// start begins a transaction. Its modules see the client's address.
func start(q *question, c *conversation) (*libpam.Transaction, error) {
	tx, err := begin(q.service, q.user, q.confDir, c)
	if err != nil || q.rhost == "" {
		return tx, err
	}
	if err := tx.SetItem(libpam.Rhost, q.rhost); err != nil {
		_ = tx.End()
		return nil, err
	}
	return tx, nil
}

func begin(service, user, confDir string, c *conversation) (*libpam.Transaction, error) {
	handler := libpam.ConversationFunc(func(s libpam.Style, _ string) (string, error) {
		return c.respond(styleOf(s))
	})
	if confDir != "" {
		return libpam.StartConfDir(service, user, handler, confDir)
	}
	return libpam.Start(service, user, handler)
}

func styleOf(s libpam.Style) style {
	switch s {
	case libpam.PromptEchoOff:
		return promptHidden
	case libpam.PromptEchoOn:
		return promptVisible
	case libpam.TextInfo, libpam.ErrorMsg:
		return message
	default:
		return unknownStyle
	}
}

// canStart returns an error if libpam cannot start the service.
func canStart(service, confDir string) error {
	tx, err := begin(service, "", confDir, &conversation{})
	if err != nil {
		return errors.New("start: " + class(err))
	}
	_ = tx.End()
	return nil
}

// answer returns the result of one stage of a login for what PAM returned.
func (c *conversation) answer(err error, stage string) answer {
	if c.refused {
		// A module may return anything if it got no response. Such a login
		// takes more than a password, and so counts as a wrong one.
		return answer{verdict: wrong, class: stage + "unexpected prompt"}
	}
	return answer{verdict: judge(err), class: stage + class(err)}
}

// judge distinguishes a refusal from a check that failed.
func judge(err error) verdict {
	code, ok := errors.AsType[libpam.Error](err)
	if !ok {
		return broken
	}
	switch code {
	case libpam.ErrOpen, libpam.ErrSymbol, libpam.ErrModuleUnknown, libpam.ErrBuf,
		libpam.ErrAbort, libpam.ErrAuthinfoUnavail:
		return broken
	default:
		return wrong
	}
}

// classes are PAM's names of its return values, without PAM_.
var classes = map[libpam.Error]string{
	libpam.ErrOpen:             "OPEN_ERR",
	libpam.ErrSymbol:           "SYMBOL_ERR",
	libpam.ErrService:          "SERVICE_ERR",
	libpam.ErrSystem:           "SYSTEM_ERR",
	libpam.ErrBuf:              "BUF_ERR",
	libpam.ErrPermDenied:       "PERM_DENIED",
	libpam.ErrAuth:             "AUTH_ERR",
	libpam.ErrCredInsufficient: "CRED_INSUFFICIENT",
	libpam.ErrAuthinfoUnavail:  "AUTHINFO_UNAVAIL",
	libpam.ErrUserUnknown:      "USER_UNKNOWN",
	libpam.ErrMaxtries:         "MAXTRIES",
	libpam.ErrNewAuthtokReqd:   "NEW_AUTHTOK_REQD",
	libpam.ErrAcctExpired:      "ACCT_EXPIRED",
	libpam.ErrCredExpired:      "CRED_EXPIRED",
	libpam.ErrConv:             "CONV_ERR",
	libpam.ErrAbort:            "ABORT",
	libpam.ErrAuthtokExpired:   "AUTHTOK_EXPIRED",
	libpam.ErrModuleUnknown:    "MODULE_UNKNOWN",
}

func class(err error) string {
	if code, ok := errors.AsType[libpam.Error](err); ok {
		if name, known := classes[code]; known {
			return name
		}
	}
	return "other"
}

// askAccount checks an account with libpam and blocks for as long as that
// takes. Prompts are not answered.
func askAccount(q *question) answer {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()

	c := &conversation{user: q.user, prompted: true}
	tx, err := start(q, c)
	if err != nil {
		return answer{verdict: broken, class: "start: " + class(err)}
	}
	defer func() { _ = tx.End() }()
	if err := tx.AcctMgmt(flags); err != nil {
		return c.answer(err, "account: ")
	}
	return answer{verdict: right, user: q.user}
}
