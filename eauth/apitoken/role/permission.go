package role

import (
	"regexp"
	"slices"
)

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
	GroupRead            Permission = "group-read"
	GroupWrite           Permission = "group-write"
	GroupDelete          Permission = "group-delete"
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

	// Edits marks a right to change users and roles. A token has it where the profile
	// that it was made at gives it, see [Options.Edits].
	Edits bool `json:"edits,omitempty"`
}

var permissions = []Described{
	{Permission: Superuser, Allows: "everything, the upkeep of the gateway's own data included"},

	{Permission: CmdRun, Allows: "run any function on the minions that the role's targets name, or on all with target-allminions-run"},
	{Permission: TargetAllMinionsRun, Allows: "with cmd-run: on any minion"},
	{Permission: CmdRunnerRun, Allows: "run any runner"},
	{Permission: CmdWheelRun, Allows: "run any wheel function"},
	{Permission: CmdSSHRun, Allows: "run anything by salt-ssh on any host of the roster"},
	{Permission: CmdRead, Allows: "see which commands were run, with their arguments"},
	{Permission: ReturnerRead, Allows: "see what commands returned"},

	{Permission: JobRead, Allows: "see saved jobs"},
	{Permission: JobWrite, Allows: "save jobs"},
	{Permission: JobDelete, Allows: "delete saved jobs"},
	{Permission: JobRun, Allows: "run saved jobs, where the command that they hold is allowed too"},
	{Permission: TargetRead, Allows: "see saved targets"},
	{Permission: TargetWrite, Allows: "save targets"},
	{Permission: TargetDelete, Allows: "delete saved targets"},
	{Permission: ScheduleRead, Allows: "see schedules"},
	{Permission: ScheduleWrite, Allows: "save schedules"},
	{Permission: ScheduleDelete, Allows: "delete schedules"},

	{Permission: MinionRead, Allows: "see minions: their grains, keys and whether they are there"},
	{Permission: MinionWrite, Allows: "accept and reject the keys of minions, and make new ones"},
	{Permission: MinionDelete, Allows: "delete the keys of minions"},
	{Permission: MasterRead, Allows: "see masters, and the gateway's numbers"},
	{Permission: FSRead, Allows: "read the files of file_roots"},
	{Permission: FSWrite, Allows: "write files below file_roots, which minions run"},
	{Permission: FSDelete, Allows: "delete files below file_roots, which takes a runner: with cmd-runner-run"},
	{Permission: EventRead, Allows: "listen to the event bus: everybody's commands and returns are on it"},
	{Permission: EventWrite, Allows: "fire events by the hook, which reactors may act on"},

	{Permission: UserRead, Allows: "see users"},
	{Permission: UserWrite, Allows: "give roles, groups and permissions to users", Edits: true},
	{Permission: UserDelete, Allows: "take from users what they were given", Edits: true},
	{Permission: GroupRead, Allows: "see groups, and the roles of their members"},
	{Permission: GroupWrite, Allows: "change groups, their roles and their links", Edits: true},
	{Permission: GroupDelete, Allows: "delete groups and links", Edits: true},
	{Permission: RoleRead, Allows: "see roles, to choose scopes from"},
	{Permission: RoleWrite, Allows: "change roles", Edits: true},
	{Permission: RoleDelete, Allows: "delete roles", Edits: true},
	{Permission: ServiceAccountRead, Allows: "see service accounts"},
	{Permission: ServiceAccountWrite, Allows: "make service accounts that act as oneself, and let them in; those that act as others only with superuser", LoginOnly: true},
	{Permission: ServiceAccountDelete, Allows: "delete service accounts", LoginOnly: true},

	{Permission: TokenManage, Allows: "make, see, regenerate and revoke one's own tokens", LoginOnly: true},
	{Permission: TokenManageAll, Allows: "see that others have tokens, by name only, and revoke them", LoginOnly: true},
	{Permission: TokenIntrospect, Allows: "ask whether a token is good (RFC 7662)"},
	{Permission: AuditRead, Allows: "read the audit log"},
}

// Permissions returns the table of all permissions.
func Permissions() []Described { return slices.Clone(permissions) }

// Elsewhere are permissions of SaltStack Config that allow nothing here. Roles keep
// them, as they do others of the same form.
func Elsewhere() []Permission {
	var all []Permission
	for _, resource := range []string{
		"cmd", "cmd-ssh", "fs", "formula", "group", "master", "master-config", "master-fs", "minion", "pillar", "returner",
	} {
		for _, action := range []string{"read", "write", "delete"} {
			if p := Permission(resource + "-" + action); !p.Known() {
				all = append(all, p)
			}
		}
	}
	return append(all, "license-read", "cloud-read", "metadata-auth-read", "background_jobs-read", "sec-policy-read")
}

// foreign is the form of the permissions of SaltStack Config.
var foreign = regexp.MustCompile(`^[a-z][a-z0-9_]*(-[a-z0-9_]+)*-(read|run|write|delete)$`)

// maxPermission bounds the length of a permission, in bytes.
const maxPermission = 64

// Known reports whether a permission allows something here.
func (p Permission) Known() bool {
	_, known := describe(p)
	return known
}

// WellFormed reports whether a role may have a permission: it is known, or has the
// form of those of SaltStack Config.
func (p Permission) WellFormed() bool {
	return p.Known() || len(p) <= maxPermission && foreign.MatchString(string(p))
}

func describe(p Permission) (Described, bool) {
	i := slices.IndexFunc(permissions, func(d Described) bool { return d.Permission == p })
	if i < 0 {
		return Described{}, false
	}
	return permissions[i], true
}
