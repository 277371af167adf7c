package masterconf

import (
	"path/filepath"
	"time"

	"github.com/saltern-api/saltern/saltmaster/masterconf/yaml11"
)

// Config is what a gateway needs of a master's configuration. Fields carry the name of Salt's option; where nothing is
// said they hold Salt's own default when the option is not set. The defaults are the same in Salt 3006 and 3008.
type Config struct {
	ConfFile string // the absolute path of the main file, which need not exist
	ID       string // empty when not set: Salt then makes one of the host's name

	RootDir          string // absolute, as are all that follow
	CacheDir         string // cachedir
	SockDir          string
	TokenDir         string // always <cachedir>/tokens, as in Salt
	PKIDir           string // pki_dir, or cluster_pki_dir in a cluster: accepted minions are the files in its folder minions
	ExtensionModules string
	APILogfile       string
	APIPidfile       string

	Interface         string // as written; see RequestEndpoint
	RetPort           int
	PublishPort       int
	MasterURI         string // master_uri, which beats interface and ret_port; empty when not set
	Transport         string // "zeromq", "tcp" or "ws"; any other is a problem
	SSL               *SSL   // TLS of the transports tcp and ws; nil when they have none
	IPCMode           string // "ipc" or "tcp"
	IPv6              bool
	TCPMasterPubPort  int
	TCPMasterPullPort int

	User     string // the user that the master runs as; this process's user when not set
	HashType string // in lower case

	TokenExpire             time.Duration
	TokenExpireUserOverride any    // a boolean, or a *yaml11.Map from eauth to a list of users
	KeepACLInToken          bool   // forced to true where external_auth has rest
	EauthTokens             string // the token module of Salt 3006 and 3007
	EauthTokensCacheDriver  string // eauth_tokens.cache_driver of Salt 3008; empty means that of Cache
	Cache                   string // the cache driver
	ExternalAuth            ExternalAuth
	PermissiveACL           bool
	ExpandedAuthMatching    bool // auth.enable_expanded_auth_matching

	Timeout               time.Duration
	GatherJobTimeout      time.Duration
	PublishTimeout        time.Duration
	RequestChannelTimeout time.Duration
	RequestChannelTries   int
	RestTimeout           time.Duration
	MaxEventSize          int // bytes; 0 for no limit

	JobCache        bool
	MasterJobCache  string        // the returner that is the job cache
	ExtJobCache     string        // empty when not used
	KeepJobs        time.Duration // keep_jobs_seconds; Salt 3006 still knows keep_jobs, in hours
	MinionDataCache bool
	OrderMasters    bool
	SyndicWait      time.Duration
	UniqueJID       bool

	NetapiEnableClients    []string
	NetapiEnableClientsSet bool // whether the option is there at all
	NetapiAllowRawShell    bool

	AuthPAMService string // auth.pam.service
	AuthPAMPython  string // auth.pam.python; empty when not set, as its default differs between versions

	Nodegroups *yaml11.Map // name to target, which is text or a list; never nil

	RestCherryPy *RestCherryPy // nil when there is no such section, or an empty one
	RestWSGI     *RestWSGI     // the same
	RestTornado  *RestTornado  // the same

	options *yaml11.Map
	origin  *origin
}

// Load reads dir/master and what it includes. The Config is never nil and holds what could be read, with Salt's
// defaults for the rest. The error joins one *Problem for everything that is wrong.
func Load(dir string) (*Config, []Warning, error) {
	return load(osFiles{}, expandUser(dir))
}

func load(f files, dir string) (*Config, []Warning, error) {
	rep := &report{}
	abs, err := filepath.Abs(dir)
	if err != nil {
		rep.problem(where{file: dir}, "%s", reason(err))
		abs = dir
	}
	c := &Config{ConfFile: filepath.Join(abs, "master"), options: &yaml11.Map{}}
	if info, err := f.Stat(abs); err == nil && !info.IsDir() {
		rep.problem(where{file: abs}, "is a file; name the folder that holds the master's configuration")
	} else {
		w := watch(f)
		l := loader{files: w, rep: rep, left: maxIncluded}
		c.options = l.load(c.ConfFile)
		c.origin = w.origin()
	}
	c.fill(options{set: c.options, rep: rep}, f)
	return c, rep.warnings, rep.err()
}

// Option returns an option as it is written, before any default, for what Config has no field for. The value is one
// of those that package yaml11 names.
func (c *Config) Option(name string) (any, bool) { return c.options.Get(name) }

// Where returns the place where an option is set; line is 0 when it is not set.
func (c *Config) Where(name string) (file string, line int) {
	it, _ := c.options.Item(name)
	return it.File, it.Line
}
