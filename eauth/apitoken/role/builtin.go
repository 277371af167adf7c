package role

import "slices"

// builtIn are the roles that are always there.
var builtIn = []Role{
	{
		Name:        "Superuser",
		Description: "Everything that the owner may do.",
		Permissions: []Permission{Superuser},
	},
	{
		// All but the upkeep of the gateway's own data, which destroys what
		// tells of others, and needs the role above.
		Name:        "Administrator",
		Description: "Everything but the upkeep of the gateway's own data.",
		Permissions: administrator(),
	},
	{
		// Runs what it wants on minions. Nothing that acts on the master
		// itself: no runners, which may run as root there and reach every
		// minion by orchestration, no wheel functions, which hold the keys and
		// the configuration, and no salt-ssh, which holds the keys to its
		// hosts. Nothing about other people but to see which roles there are.
		Name:        "User",
		Description: "Run functions on minions, and see what came of it.",
		Permissions: []Permission{
			CmdRun, TargetAllMinionsRun, CmdRead, ReturnerRead,
			JobRead, JobRun, TargetRead, ScheduleRead,
			MinionRead, EventRead, RoleRead,
			TokenManage,
		},
	},
	{
		// Sees all that commands do and changes nothing. Not the audit log:
		// it is about people. No tokens of its own, by the same measure.
		Name:        "Read-only",
		Description: "See minions, jobs and events; change nothing.",
		Permissions: []Permission{
			CmdRead, ReturnerRead, JobRead, TargetRead, ScheduleRead,
			MinionRead, MasterRead, EventRead,
			UserRead, RoleRead, ServiceAccountRead,
		},
	},
}

func administrator() []Permission {
	var all []Permission
	for _, d := range permissions {
		if d.Permission != Superuser {
			all = append(all, d.Permission)
		}
	}
	return all
}

// BuiltIn returns the roles that are always there.
func BuiltIn() []Role {
	roles := slices.Clone(builtIn)
	for i := range roles {
		roles[i].Permissions = slices.Clone(roles[i].Permissions)
		roles[i].BuiltIn = true
	}
	return roles
}
