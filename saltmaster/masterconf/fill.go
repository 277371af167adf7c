package masterconf

import (
	"math"
	"net/netip"
	"os/user"
	"slices"
	"strings"
	"time"

	"github.com/saltern-api/saltern/saltmaster/masterconf/yaml11"
)

// The values of ipc_mode.
const (
	ipcUnix = "ipc"
	ipcTCP  = "tcp"
)

// hashTypes are the digests that Salt takes from Python and that name token and job folders here.
var hashTypes = []string{"md5", "sha1", "sha224", "sha256", "sha384", "sha512"}

// fill reads every option. The default of each stands beside its name.
func (c *Config) fill(o options, f files) {
	o.warnIneffective("")
	c.id(o)
	c.network(o)
	c.paths(o) // after ipc_mode
	c.User = o.unused().text("user", currentUser())
	c.HashType = strings.ToLower(o.path("hash_type", "sha256"))
	if !slices.Contains(hashTypes, c.HashType) {
		_, at, _ := o.item("hash_type")
		o.rep.problem(at, "%q is not one of %s", c.HashType, strings.Join(hashTypes, ", "))
	}

	c.TokenExpire = o.seconds("token_expire", 12*time.Hour)
	c.TokenExpireUserOverride = o.raw("token_expire_user_override")
	if c.TokenExpireUserOverride == nil {
		c.TokenExpireUserOverride = false
	}
	c.KeepACLInToken = o.flag("keep_acl_in_token", false)
	c.EauthTokens = o.scalar("eauth_tokens", "localfs")                  // a name that only Salt 3006 and 3007 read
	c.EauthTokensCacheDriver = o.scalar("eauth_tokens.cache_driver", "") // and one that only Salt 3008 reads
	c.Cache = o.text("cache", "localfs")
	c.externalAuth(o)
	c.PermissiveACL = o.flag("permissive_acl", false)
	c.ExpandedAuthMatching = o.flag("auth.enable_expanded_auth_matching", false)

	c.Timeout = o.seconds("timeout", 5*time.Second)
	c.GatherJobTimeout = o.seconds("gather_job_timeout", 10*time.Second)
	c.PublishTimeout = o.seconds("publish_timeout", 30*time.Second)
	c.RequestChannelTimeout = o.unused().seconds("request_channel_timeout", time.Minute)
	c.RequestChannelTries = int(o.unused().number("request_channel_tries", 3, 1, math.MaxInt32))
	c.RestTimeout = o.seconds("rest_timeout", 5*time.Minute)
	switch v, at, ok := o.item("max_event_size"); {
	case v == true:
		c.MaxEventSize = 1 // a number in Python
		o.rep.warn(at, "is a boolean: Salt takes it for 1 byte, and trims every event")
	case !ok || truthy(v):
		c.MaxEventSize = int(o.number("max_event_size", 1<<20, 0, math.MaxInt32))
	}

	c.JobCache = o.flag("job_cache", true)
	c.MasterJobCache = o.name("master_job_cache", "local_cache")
	c.ExtJobCache = o.name("ext_job_cache", "")
	c.KeepJobs = o.unused().seconds("keep_jobs_seconds", 24*time.Hour)
	c.MinionDataCache = o.flag("minion_data_cache", true)
	c.OrderMasters = o.flag("order_masters", false)
	c.SyndicWait = o.seconds("syndic_wait", 5*time.Second)
	c.UniqueJID = o.flag("unique_jid", false)

	c.netapiClients(o)
	c.NetapiAllowRawShell = o.flag("netapi_allow_raw_shell", false)
	c.AuthPAMService = o.text("auth.pam.service", "login")
	c.AuthPAMPython = o.name("auth.pam.python", "")
	c.nodegroups(o)

	c.RestCherryPy = readRestCherryPy(o, f)
	c.RestWSGI = readRestWSGI(o)
	c.RestTornado = readRestTornado(o, f)
	o.rep.settleIdle(c.RestCherryPy != nil || c.RestWSGI != nil || c.RestTornado != nil)
}

// id makes text of a number, and appends the domain that Salt appends.
func (c *Config) id(o options) {
	v, _, ok := o.item("id")
	if c.ID = keyText(v); !ok || c.ID == "" {
		c.ID = ""
		return
	}
	domain := o.text("append_domain", "")
	if domain != "" && !strings.HasSuffix(c.ID, domain) && !strings.HasSuffix(c.ID, ".") {
		c.ID += "." + domain
	}
}

// network reads where the master listens.
func (c *Config) network(o options) {
	c.RetPort = o.port("ret_port", 4506)
	c.PublishPort = o.port("publish_port", 4505)
	c.IPv6 = o.flagOrUnset("ipv6")
	c.Interface = o.path("interface", "0.0.0.0")
	c.MasterURI = o.text("master_uri", "")
	if c.MasterURI != "" {
		if _, err := parseMasterURI(c.MasterURI); err != nil {
			_, at, _ := o.item("master_uri")
			o.rep.problem(at, "%s", err)
		}
	} else if _, err := parseInterface(c.Interface); err != nil {
		_, at, _ := o.item("interface")
		o.rep.problem(at, "%q is not an IP address, and Salt takes nothing else", c.Interface)
	}

	c.Transport = o.path("transport", TransportZeroMQ)
	switch c.Transport {
	case TransportZeroMQ, TransportTCP, TransportWS:
	default:
		_, at, _ := o.item("transport")
		o.rep.problem(at, "%q is not supported; zeromq, tcp and ws are", c.Transport)
	}
	c.SSL = o.ssl(c.Transport)
	c.IPCMode = ipcUnix
	switch v, at, ok := o.value("ipc_mode"); {
	case v == ipcTCP:
		c.IPCMode = ipcTCP
		if c.IPv6 {
			o.rep.warn(at, "with ipv6 the event bus is on ::1, unless the master is older than Salt 3007: that of 3006 stays on 127.0.0.1, and is not found there")
		}
	case ok && v != ipcUnix:
		o.rep.warn(at, "is neither ipc nor tcp: Salt takes everything else for ipc")
	}
	tcp := o
	tcp.mild = c.IPCMode != ipcTCP
	c.TCPMasterPubPort = tcp.port("tcp_master_pub_port", 4512)
	c.TCPMasterPullPort = tcp.port("tcp_master_pull_port", 4513)
}

// flagOrUnset reads a boolean whose default is null.
func (o options) flagOrUnset(key string) bool {
	if v, _, _ := o.item(key); v == nil {
		return false
	}
	return o.flag(key, false)
}

func parseInterface(s string) (netip.Addr, error) {
	return netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(s, "["), "]"))
}

// currentUser returns the name of this process's user, empty when it has none.
func currentUser() string {
	u, err := user.Current()
	if err != nil {
		return ""
	}
	return u.Username
}

// netapiClients are the names that salt-api knows.
var netapiClients = []string{
	"local", "local_async", "local_batch", "local_subset", "runner", "runner_async", "ssh", "wheel", "wheel_async",
}

// netapiClients reads netapi_enable_clients. Salt only checks whether a client's name is "in" the value, so that text
// enables every client whose name it contains.
func (c *Config) netapiClients(o options) {
	const key = "netapi_enable_clients"
	v, at, ok := o.value(key)
	c.NetapiEnableClientsSet = ok
	if !ok {
		return
	}
	switch v := v.(type) {
	case []any:
		for _, x := range v {
			name := keyText(x)
			if !slices.Contains(netapiClients, name) {
				o.rep.warn(at, "%q is not a client of salt-api", name)
			}
			c.NetapiEnableClients = append(c.NetapiEnableClients, name)
		}
	case string:
		for _, name := range netapiClients {
			if strings.Contains(v, name) {
				c.NetapiEnableClients = append(c.NetapiEnableClients, name)
			}
		}
		o.rep.warn(at, "is text and not a list: it enables [%s]", strings.Join(c.NetapiEnableClients, ", "))
	case *yaml11.Map:
		for it := range v.All() {
			if name := keyText(it.Key); it.Value != false {
				c.NetapiEnableClients = append(c.NetapiEnableClients, name)
			}
		}
		o.rep.warn(at, "is a mapping and not a list: it enables [%s]", strings.Join(c.NetapiEnableClients, ", "))
	default:
		o.rep.warn(at, "is %s and not a list: no client is enabled", kind(v))
	}
}

// nodegroups reads a mapping, or a list of mappings of one key each.
func (c *Config) nodegroups(o options) {
	c.Nodegroups = &yaml11.Map{}
	_, at, _ := o.item("nodegroups")
	switch v := o.raw("nodegroups").(type) {
	case nil:
	case *yaml11.Map:
		c.Nodegroups = v
	case []any:
		for _, x := range v {
			m, ok := x.(*yaml11.Map)
			if !ok || m.Len() != 1 {
				o.rep.warn(at, "is a list with %s in it; only mappings of one key are used", kind(x))
				continue
			}
			for it := range m.All() {
				c.Nodegroups.Set(it)
			}
		}
	default:
		o.rep.warn(at, "has to be a mapping, not %s: there are no node groups", kind(v))
	}
}
