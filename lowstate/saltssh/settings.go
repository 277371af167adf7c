package saltssh

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// Settings are options of salt-ssh chosen by a client. The zero value has none.
type Settings struct {
	values map[string]any
	roster string // roster_file, a name in the operator's directories
	priv   string // ssh_priv, which must exist

	privileged []string // those of Privileged that were chosen
}

// known are the settings that salt.client.ssh.client.SSHClient accepts and that
// have an effect there.
var known = map[string]func(v msgpack.Raw) (any, error){
	"ssh_user":                 matching(userName),
	"ssh_passwd":               password,
	"ssh_port":                 integer(1, 65535),
	"ssh_sudo":                 boolean,
	"ssh_sudo_user":            matching(userName),
	"ssh_priv":                 matching(privateKey),
	"ssh_priv_passwd":          password,
	"ssh_identities_only":      boolean,
	"ssh_remote_port_forwards": matching(forwards),
	"ssh_keepalive":            boolean,
	"ssh_keepalive_interval":   integer(0, 1<<20),
	"ssh_keepalive_count_max":  integer(0, 1<<20),
	"ssh_options":              sshOptions,
	"ssh_max_procs":            integer(1, 1000),
	"ssh_scan_ports":           matching(ports),
	"ssh_scan_timeout":         integer(0, 3600),
	"ssh_timeout":              integer(1, 1<<20),
	"ssh_wipe":                 boolean,
	"ssh_run_pre_flight":       boolean,
	"refresh_cache":            boolean,
	"rand_thin_dir":            boolean,
	"regen_thin":               boolean,
	"ignore_host_keys":         boolean,
	"no_host_keys":             boolean,
	"roster":                   matching(modules),
	"roster_file":              matching(fileName),
	"extra_filerefs":           matching(fileRefs),
	"min_extra_mods":           matching(modules),
	"thin_extra_mods":          matching(modules),
}

// privileged are the settings with which a client chooses a server, a key, a
// file of the master's host, code that is shipped to the hosts, or an option of
// ssh: what rules about functions do not cover.
var privileged = map[string]bool{
	"ssh_priv":                 true, // another key: each is a file of the master's host
	"ssh_options":              true,
	"ssh_remote_port_forwards": true, // access from the host to the master's network
	"ssh_port":                 true, // another server on the host, which gets the roster's password
	"ssh_scan_ports":           true, // the same with the roster scan
	"ignore_host_keys":         true, // any server on the way, which then gets the roster's password
	"no_host_keys":             true, // the same
	"roster":                   true, // another list of hosts; some run programs
	"roster_file":              true,
	"thin_extra_mods":          true, // any Python package of the master's host
	"min_extra_mods":           true,
}

// Privileged returns the names of the settings that require the right to run
// everything, sorted.
func Privileged() []string { return slices.Sorted(maps.Keys(privileged)) }

// Privileged returns those of [Privileged] that are set, sorted.
func (s *Settings) Privileged() []string { return slices.Sorted(slices.Values(s.privileged)) }

// forbidden are settings that salt-ssh accepts and clients must not set.
var forbidden = map[string]string{
	"rosters":           "rosters is for the master's configuration alone",
	"ssh_update_roster": "ssh_update_roster is not allowed here: it would write what the client sends into the roster",
}

// Add adds a setting of a client. One that salt-ssh does not have, or that has
// no effect in salt-api, is silently ignored. The error is for the client and
// quotes no value.
func (s *Settings) Add(name string, v msgpack.Raw) error {
	if v.IsNil() {
		return nil
	}
	if why, ok := forbidden[name]; ok {
		return errors.New(why)
	}
	read, ok := known[name]
	if !ok {
		return nil
	}
	value, err := read(v)
	if err != nil {
		return fmt.Errorf("%s %w", name, err)
	}
	switch name {
	case "roster_file":
		s.roster = value.(string)
	case "ssh_priv":
		s.priv = value.(string)
	}
	if privileged[name] && value != false {
		s.privileged = append(s.privileged, name)
	}
	if s.values == nil {
		s.values = make(map[string]any)
	}
	s.values[name] = value
	return nil
}

// HasProxyCommand reports whether a value contains ProxyCommand, with which ssh
// runs a program on the master's host, ignoring case. (salt-api drops such
// settings silently, and checks one spelling.)
func HasProxyCommand(v msgpack.Raw) bool {
	return bytes.Contains(bytes.ToLower(v), []byte("proxycommand"))
}

// allowedOptions are the options of ssh_config(5) that a client may set. All
// others are refused, because they run programs or load libraries on the
// master's host (ProxyCommand, LocalCommand, KnownHostsCommand,
// PKCS11Provider, Match), read or write files there, or lead to another host
// than the requested one (HostName, ProxyJump).
var allowedOptions = map[string]bool{
	"addressfamily": true, "batchmode": true, "canonicalizehostname": true, "casignaturealgorithms": true,
	"checkhostip": true, "ciphers": true, "compression": true, "connectionattempts": true, "connecttimeout": true,
	"fingerprinthash": true, "gssapiauthentication": true, "hashknownhosts": true, "hostbasedauthentication": true,
	"hostkeyalgorithms": true, "identitiesonly": true, "ipqos": true, "kbdinteractiveauthentication": true,
	"kexalgorithms": true, "loglevel": true, "macs": true, "numberofpasswordprompts": true,
	"passwordauthentication": true, "port": true, "preferredauthentications": true,
	"pubkeyacceptedalgorithms": true, "pubkeyacceptedkeytypes": true, "pubkeyauthentication": true,
	"rekeylimit": true, "requiredrsasize": true, "serveralivecountmax": true, "serveraliveinterval": true,
	"stricthostkeychecking": true, "tcpkeepalive": true, "updatehostkeys": true, "verifyhostkeydns": true,
}

func sshOptions(v msgpack.Raw) (any, error) {
	list, err := texts(v)
	if err != nil {
		return nil, err
	}
	for _, option := range list {
		name, _, _ := strings.Cut(option, "=")
		switch {
		case !sshOption.matches(option) || strings.Contains(option, shell):
			return nil, errors.New("must be of the form Name=value, without spaces")
		case !allowedOptions[strings.ToLower(name)]:
			return nil, fmt.Errorf("may not set %s", name)
		}
	}
	return list, nil
}
