package role

// stands maps the exact names of functions to the permission, to see or change
// something, that allows them: the functions that endpoints call, and equivalent
// ones. The others of these modules do more: manage.down, for one, may delete keys.
var stands = map[kind]map[string]Permission{
	minions: {
		"grains.get":   MinionRead,
		"grains.item":  MinionRead,
		"grains.items": MinionRead,
		"grains.ls":    MinionRead,
		"test.ping":    MinionRead,
		"test.version": MinionRead,
	},
	runners: {
		"jobs.active":           CmdRead,
		"jobs.list_jobs":        CmdRead,
		"jobs.list_jobs_filter": CmdRead,
		"jobs.exit_success":     ReturnerRead,
		"jobs.last_run":         ReturnerRead,
		"jobs.list_job":         ReturnerRead,
		"jobs.lookup_jid":       ReturnerRead,
		"jobs.print_job":        ReturnerRead,
		"manage.present":        MinionRead,
		"manage.status":         MinionRead,
		"manage.up":             MinionRead,
		"manage.versions":       MinionRead,
	},
	wheels: {
		"file_roots.find":       FSRead,
		"file_roots.list_env":   FSRead,
		"file_roots.list_roots": FSRead,
		"file_roots.read":       FSRead,
		"file_roots.write":      FSWrite,
		"key.finger":            MinionRead,
		"key.finger_master":     MinionRead,
		"key.glob_match":        MinionRead,
		"key.key_str":           MinionRead,
		"key.list":              MinionRead,
		"key.list_all":          MinionRead,
		"key.master_key_str":    MinionRead,
		"key.name_match":        MinionRead,
		"key.accept":            MinionWrite,
		"key.accept_dict":       MinionWrite,
		"key.gen_accept":        MinionWrite,
		"key.reject":            MinionWrite,
		"key.reject_dict":       MinionWrite,
		"key.delete":            MinionDelete,
		"key.delete_dict":       MinionDelete,
	},
}
