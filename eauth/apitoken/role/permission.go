package role

import "slices"

// Permission is one right. The names are those of SaltStack Config (RaaS):
// resource[-qualifier]-action. A right that does not exist there has a name of the
// same form.
type Permission string

// The permissions. [Permissions] describes what each allows.
const (
	Superuser Permission = "superuser"

	CmdRun              Permission = "cmd-run"
	TargetAllMinionsRun Permission = "target-allminions-run"
	CmdRunnerRun        Permission = "cmd-runner-run"
	CmdWheelRun         Permission = "cmd-wheel-run"
	CmdSSHRun           Permission = "cmd-ssh-run"
	CmdRead             Permission = "cmd-read"
	ReturnerRead        Permission = "returner-read"

	JobRead        Permission = "job-read"
	JobWrite       Permission = "job-write"
	JobDelete      Permission = "job-delete"
	JobRun         Permission = "job-run"
	TargetRead     Permission = "target-read"
	TargetWrite    Permission = "target-write"
	TargetDelete   Permission = "target-delete"
	ScheduleRead   Permission = "schedule-read"
	ScheduleWrite  Permission = "schedule-write"
	ScheduleDelete Permission = "schedule-delete"

	MinionRead   Permission = "minion-read"
	MinionWrite  Permission = "minion-write"
	MinionDelete Permission = "minion-delete"
	MasterRead   Permission = "master-read"
	FSRead       Permission = "fs-read"
	FSWrite      Permission = "fs-write"
	FSDelete     Permission = "fs-delete"
	EventRead    Permission = "event-read"
	EventWrite   Permission = "event-write"

	UserRead             Permission = "user-read"
	UserWrite            Permission = "user-write"
	UserDelete           Permission = "user-delete"
	RoleRead             Permission = "role-read"
	RoleWrite            Permission = "role-write"
	RoleDelete           Permission = "role-delete"
	ServiceAccountRead   Permission = "service-account-read"
	ServiceAccountWrite  Permission = "service-account-write"
	ServiceAccountDelete Permission = "service-account-delete"

	TokenManage     Permission = "token-manage"
	TokenManageAll  Permission = "token-manage-all"
	TokenIntrospect Permission = "token-introspect"
	AuditRead       Permission = "audit-read"
)

// Described is a permission with what it allows.
type Described struct {
	Permission Permission `json:"name"`
	Allows     string     `json:"allows"`

	// LoginOnly marks a right that only a login has, and no token, whatever its
	// scopes. Otherwise a leaked token could be used to create others, which would
	// stay valid, unnoticed, after it is revoked.
	LoginOnly bool `json:"login_only,omitempty"`
}

var permissions = []Described{
	{Superuser, "everything, the upkeep of the gateway's own data included", false},

	{CmdRun, "run any function on the minions that the role's targets name, or on all with target-allminions-run", false},
	{TargetAllMinionsRun, "with cmd-run: on any minion", false},
	{CmdRunnerRun, "run any runner", false},
	{CmdWheelRun, "run any wheel function", false},
	{CmdSSHRun, "run anything by salt-ssh on any host of the roster", false},
	{CmdRead, "see which commands were run, with their arguments", false},
	{ReturnerRead, "see what commands returned", false},

	{JobRead, "see saved jobs", false},
	{JobWrite, "save jobs", false},
	{JobDelete, "delete saved jobs", false},
	{JobRun, "run saved jobs, where the command that they hold is allowed too", false},
	{TargetRead, "see saved targets", false},
	{TargetWrite, "save targets", false},
	{TargetDelete, "delete saved targets", false},
	{ScheduleRead, "see schedules", false},
	{ScheduleWrite, "save schedules", false},
	{ScheduleDelete, "delete schedules", false},

	{MinionRead, "see minions: their grains, keys and whether they are there", false},
	{MinionWrite, "accept and reject the keys of minions, and make new ones", false},
	{MinionDelete, "delete the keys of minions", false},
	{MasterRead, "see masters, and the gateway's numbers", false},
	{FSRead, "read the files of file_roots", false},
	{FSWrite, "write files below file_roots, which minions run", false},
	{FSDelete, "delete files below file_roots, which takes a runner: with cmd-runner-run", false},
	{EventRead, "listen to the event bus: everybody's commands and returns are on it", false},
	{EventWrite, "fire events by the hook, which reactors may act on", false},

	{UserRead, "see users", false},
	{UserWrite, "change users and passwords", true},
	{UserDelete, "delete users", true},
	{RoleRead, "see roles, to choose scopes from", false},
	{RoleWrite, "change roles", true},
	{RoleDelete, "delete roles", true},
	{ServiceAccountRead, "see service accounts", false},
	{ServiceAccountWrite, "make service accounts that act as oneself, and let them in; those that act as others only with superuser", true},
	{ServiceAccountDelete, "delete service accounts", true},

	{TokenManage, "make, see, regenerate and revoke one's own tokens", true},
	{TokenManageAll, "see that others have tokens, by name only, and revoke them", true},
	{TokenIntrospect, "ask whether a token is good (RFC 7662)", false},
	{AuditRead, "read the audit log", false},
}

// Permissions returns the table of all permissions.
func Permissions() []Described { return slices.Clone(permissions) }

// LoginOnly reports whether no token grants the right.
func (p Permission) LoginOnly() bool {
	d, _ := describe(p)
	return d.LoginOnly
}

func describe(p Permission) (Described, bool) {
	i := slices.IndexFunc(permissions, func(d Described) bool { return d.Permission == p })
	if i < 0 {
		return Described{}, false
	}
	return permissions[i], true
}
