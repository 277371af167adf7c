// Package pam is the eauth backend that checks passwords through the libpam of
// this machine, in this process. Salt starts a Python for each such check.
//
//	b := pam.New(pam.Options{Service: "login", Mint: mint})
//	if err := b.Check(); err != nil {
//		return err // let the master check eauth pam
//	}
//	id, ok, err := b.Authenticate(ctx, credentials)
//
// A user whose password was right acts at the master through what
// [Options.Mint] grants.
//
// # Wrong, or broken
//
// Every refusal by PAM is a wrong password to the client: a locked account, an
// expired one, a wrong password; the class of the refusal is logged. That
// includes PAM_SYSTEM_ERR, since pam_exec returns it when its program fails.
// Broken, and so an error, is only a failure with which no user could have
// passed: a missing module or service, no memory, a password store that does
// not respond.
//
// # Privileges
//
// pam_unix checks the passwords of others only for root and for members of the
// group that may read /etc/shadow. Debian's helper unix_chkpwd is set-group-id
// shadow, which no_new_privs switches off; a process in group shadow needs no
// helper. Where /etc/shadow is root's alone, as on Red Hat, it takes root or
// SSSD.
//
// # Panics, threads
//
// PAM calls back into Go for the password; that callback never panics. A call
// into PAM cannot be stopped, so the guard holds its slot until it returns.
//
// Without cgo, or on another system than Linux, the package builds and its
// [Backend.Check] returns [ErrNotBuilt]. It may import
// eauth, eauth/guard and eauth/admission.
package pam
