// Package saltssh runs Salt's own salt-ssh program on the master's host. The
// client ssh of salt-api runs the same code in its own process; here it is a
// child, which cannot outlive its caller, and whose options a client chooses
// from a list.
//
//	p := saltssh.New(saltssh.Options{MasterFile: "/etc/salt/master"})
//	var set saltssh.Settings
//	err := set.Add("ssh_user", user)
//	out, err := p.Run(ctx, saltssh.Call{Target: "web1", Fun: "test.ping", JID: jid, Settings: set})
//
// # How the program is called
//
// No shell is involved. The arguments are the kind of target, "--", the target,
// the function and its arguments: nothing else, so that nothing a client writes
// is parsed as an option. All other settings, including passwords, are in a
// configuration of mode 0600 in a directory of mode 0700, which exists as long
// as the call, or until the next start ([Program.Sweep]) if the process was
// killed: it includes the master's own configuration and adds to it. The
// function's arguments do appear in the process list of the master's host, as
// they do for a command that is typed there.
//
// salt-ssh itself joins the command line of ssh into one text and splits it
// again, so that a value with a space in it becomes several options. Every
// setting therefore has a pattern that excludes this.
//
// Where this process is root and the master is not, salt-ssh runs as the master's user, as
// it does under salt-api. The directory is that user's then, and its output is read only
// if the user owns it.
//
// The package imports msgpack, the form in which a client's values come, and
// nothing else of Saltern.
package saltssh
