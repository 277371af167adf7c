package role

import "slices"

// builtIn are the built-in roles.
var builtIn = []Role{
	{
		Name:        "Superuser",
		Description: "Everything that the owner may do.",
		Permissions: []Permission{Superuser},
	},
	{
		// All but the upkeep of the gateway's own data, which deletes records
		// about other users and needs the role Superuser.
		Name:        "Administrator",
		Description: "Everything but the upkeep of the gateway's own data.",
		Permissions: administrator(),
	},
	{
		// Runs any function on minions. Nothing that acts on the master itself:
		// no runners, which may run as root there and reach every minion by
		// orchestration, no wheel functions, which manage the keys and the
		// configuration, and no salt-ssh, which has the keys to its hosts.
		// Nothing about other users except the list of roles. It may read the files of
		// the master's file_roots, as any function on any minion may.
		Name:        "User",
		Description: "Run functions on minions, and see what came of it.",
		Permissions: []Permission{
			CmdRun, TargetAllMinionsRun, CmdRead, ReturnerRead,
			JobRead, JobRun, TargetRead, ScheduleRead,
			MinionRead, MasterRead, FSRead, EventRead, RoleRead,
			TokenManage,
		},
	},
	{
		// Sees all that commands do and changes nothing. Not the audit log, which
		// is about people. No tokens of its own either, since creating them is a
		// change.
		Name:        "Read-only",
		Description: "See minions, jobs and events; change nothing.",
		Permissions: []Permission{
			CmdRead, ReturnerRead, JobRead, TargetRead, ScheduleRead,
			MinionRead, MasterRead, EventRead,
			UserRead, GroupRead, RoleRead, ServiceAccountRead,
		},
	},
	{
		// That of the accounts of masters in SaltStack Config. No master signs in
		// here: it is there for programs that name it.
		Name:        "Salt Master",
		Description: "See minions, masters and saved targets.",
		Permissions: []Permission{MinionRead, MasterRead, TargetRead},
	},
}

func administrator() []Permission {
	var all []Permission
	for _, d := range permissions {
		if d.Permission != Superuser {
			all = append(all, d.Permission)
		}
	}
	return append(all, Elsewhere()...)
}

// BuiltIn returns the built-in roles.
func BuiltIn() []Role {
	roles := slices.Clone(builtIn)
	for i := range roles {
		roles[i].Permissions = slices.Clone(roles[i].Permissions)
		roles[i].BuiltIn = true
	}
	return roles
}
