package rpcclient

import (
	"context"
	"encoding/json"
)

// Rows is a page of a list.
type Rows[T any] struct {
	Count   int `json:"count"` // of all pages
	Results []T `json:"results"`
}

// Target are the minions of a command: a target for each master, or one for "*".
type Target map[string]MasterTarget

// MasterTarget is a target as Salt has it.
type MasterTarget struct {
	Tgt  any    `json:"tgt"`      // a text, or for the type list a list of texts
	Type string `json:"tgt_type"` // glob, list, grain, compound ...
}

// On returns a target of minions by a glob.
func On(glob string) Target { return Target{"*": {Tgt: glob, Type: "glob"}} }

// AllMinions is the uuid of the built-in target with all minions.
const AllMinions = "7f93b928-388b-11e6-b133-346895ecb8f3"

// Arguments are those of a function.
type Arguments struct {
	Arg   []any          `json:"arg"`
	Kwarg map[string]any `json:"kwarg"`
}

// MarshalJSON writes empty lists and objects as such, as programs expect them.
func (a Arguments) MarshalJSON() ([]byte, error) {
	if a.Arg == nil {
		a.Arg = []any{}
	}
	if a.Kwarg == nil {
		a.Kwarg = map[string]any{}
	}
	type plain Arguments
	return json.Marshal(plain(a))
}

// get calls a method, and returns its result.
func get[T any](ctx context.Context, c *Client, method string, kwarg any) (ret T, err error) {
	err = c.Call(ctx, method, kwarg, &ret)
	return ret, err
}

// Echo calls test.echo, which returns the message.
func (c *Client) Echo(ctx context.Context, message string) (string, error) {
	return get[string](ctx, c, "test.echo", map[string]string{"message": message})
}

// Versions are the versions of a server.
type Versions struct {
	RaaS map[string]string `json:"raas"`
}

// GetVersions calls api.get_versions.
func (c *Client) GetVersions(ctx context.Context) (Versions, error) {
	return get[Versions](ctx, c, "api.get_versions", nil)
}

// RouteCmd are the arguments of cmd.route_cmd: a saved job, or a command.
type RouteCmd struct {
	JobUUID string     `json:"job_uuid,omitempty"`
	Cmd     string     `json:"cmd,omitempty"` // local, runner or wheel
	Fun     string     `json:"fun,omitempty"`
	Masters []string   `json:"masters,omitempty"`
	Arg     *Arguments `json:"arg,omitempty"`
	Tgt     Target     `json:"tgt,omitempty"`
	TgtUUID string     `json:"tgt_uuid,omitempty"`
	JID     string     `json:"jid,omitempty"`
}

// RouteCmd calls cmd.route_cmd, and returns the job id. It is not sent twice: after an
// error that is neither an [*Error] nor a [*StatusError] the command may run.
func (c *Client) RouteCmd(ctx context.Context, p RouteCmd) (string, error) {
	return get[string](ctx, c, "cmd.route_cmd", p)
}

// GetCmds are the arguments of cmd.get_cmds. Others go into [Client.Call].
type GetCmds struct {
	JID      string   `json:"jid,omitempty"`
	Fun      string   `json:"fun,omitempty"`
	State    []string `json:"state,omitempty"`
	JobUUID  string   `json:"job_uuid,omitempty"`
	JobNames []string `json:"job_names,omitempty"`
	Users    []string `json:"users,omitempty"`
	SortBy   string   `json:"sort_by,omitempty"`
	Reverse  *bool    `json:"reverse,omitempty"`
	Limit    *int     `json:"limit,omitempty"` // 0: all
	Page     int      `json:"page,omitempty"`
}

// Cmd is a row of cmd.get_cmds.
type Cmd struct {
	JID            string   `json:"jid"`
	Cmd            string   `json:"cmd"`
	Fun            string   `json:"fun"`
	State          string   `json:"state"`
	User           string   `json:"user"`
	StartTime      string   `json:"start_time"`
	Duration       *float64 `json:"duration"` // seconds; nil before the end
	Expected       int      `json:"expected"`
	Returned       int      `json:"returned"`
	ReturnedGood   int      `json:"returned_good"`
	ReturnedFailed int      `json:"returned_failed"`
	NotReturned    int      `json:"not_returned"`
	JobUUID        *string  `json:"job_uuid"`
	JobName        *string  `json:"job_name"`
	TgtUUID        *string  `json:"tgt_uuid"`
	TgtName        *string  `json:"tgt_name"`
}

// GetCmds calls cmd.get_cmds.
func (c *Client) GetCmds(ctx context.Context, p GetCmds) (Rows[Cmd], error) {
	return get[Rows[Cmd]](ctx, c, "cmd.get_cmds", p)
}

// GetCmdStatus calls cmd.get_cmd_status, which returns a text for each job id.
func (c *Client) GetCmdStatus(ctx context.Context, jids ...string) ([]string, error) {
	return get[[]string](ctx, c, "cmd.get_cmd_status", map[string][]string{"jids": jids})
}

// GetJobs are the arguments of job.get_jobs.
type GetJobs struct {
	UUID    string `json:"job_uuid,omitempty"`
	Name    string `json:"name,omitempty"`
	Desc    string `json:"desc,omitempty"`
	Cmd     string `json:"cmd,omitempty"`
	Fun     string `json:"fun,omitempty"`
	TgtUUID string `json:"tgt_uuid,omitempty"`
	SortBy  string `json:"sort_by,omitempty"`
	Reverse bool   `json:"reverse,omitempty"`
	Limit   *int   `json:"limit,omitempty"` // 0: all
	Page    int    `json:"page,omitempty"`
}

// Job is a row of job.get_jobs.
type Job struct {
	UUID     string          `json:"uuid"`
	Name     string          `json:"name"`
	Desc     string          `json:"desc"`
	Cmd      string          `json:"cmd"`
	Fun      string          `json:"fun"`
	Arg      json.RawMessage `json:"arg"`
	Masters  []string        `json:"masters"`
	TgtUUID  *string         `json:"tgt_uuid"`
	TgtName  *string         `json:"tgt_name"`
	Metadata Metadata        `json:"metadata"`
}

// Metadata says who owns what is saved, and what roles may do with it.
type Metadata struct {
	Auth struct {
		Owner struct {
			UUID       string `json:"uuid"`
			ConfigName string `json:"config_name"`
			Username   string `json:"username"`
		} `json:"owner"`
		Access map[string]map[string]bool `json:"access"`
	} `json:"auth"`
}

// GetJobs calls job.get_jobs.
func (c *Client) GetJobs(ctx context.Context, p GetJobs) (Rows[Job], error) {
	return get[Rows[Job]](ctx, c, "job.get_jobs", p)
}

// SaveJob are the arguments of job.save_job.
type SaveJob struct {
	UUID    string     `json:"job_uuid,omitempty"` // "": a new job, or at Saltern one's own of this name
	Name    string     `json:"name,omitempty"`
	Desc    string     `json:"desc,omitempty"`
	Cmd     string     `json:"cmd,omitempty"`
	Fun     string     `json:"fun,omitempty"`
	Arg     *Arguments `json:"arg,omitempty"`
	Masters []string   `json:"masters,omitempty"`
	TgtUUID string     `json:"tgt_uuid,omitempty"`
}

// SaveJob calls job.save_job, and returns the uuid.
func (c *Client) SaveJob(ctx context.Context, p SaveJob) (string, error) {
	return get[string](ctx, c, "job.save_job", p)
}

// GetTargetGroup are the arguments of tgt.get_target_group.
type GetTargetGroup struct {
	UUID   string `json:"tgt_uuid,omitempty"`
	Name   string `json:"name,omitempty"`
	Desc   string `json:"desc,omitempty"`
	SortBy string `json:"sort_by,omitempty"`
	Limit  *int   `json:"limit,omitempty"` // 0: all
	Page   int    `json:"page,omitempty"`
}

// TargetGroup is a saved target.
type TargetGroup struct {
	UUID     string   `json:"uuid"`
	Name     string   `json:"name"`
	Desc     string   `json:"desc"`
	Tgt      Target   `json:"tgt"`
	Metadata Metadata `json:"metadata"`
}

// GetTargetGroup calls tgt.get_target_group.
func (c *Client) GetTargetGroup(ctx context.Context, p GetTargetGroup) (Rows[TargetGroup], error) {
	return get[Rows[TargetGroup]](ctx, c, "tgt.get_target_group", p)
}

// SaveTargetGroup are the arguments of tgt.save_target_group.
type SaveTargetGroup struct {
	UUID string `json:"tgt_uuid,omitempty"` // "": a new one
	Tgt  Target `json:"tgt"`
	Name string `json:"name,omitempty"`
	Desc string `json:"desc,omitempty"`
}

// SaveTargetGroup calls tgt.save_target_group, and returns the uuid.
func (c *Client) SaveTargetGroup(ctx context.Context, p SaveTargetGroup) (string, error) {
	return get[string](ctx, c, "tgt.save_target_group", p)
}

// DeleteTargetGroup calls tgt.delete_target_group. With force jobs for it stay without
// a target; without it they are an error.
func (c *Client) DeleteTargetGroup(ctx context.Context, uuid string, force bool) error {
	return c.Call(ctx, "tgt.delete_target_group", map[string]any{"tgt_uuid": uuid, "force": force}, nil)
}

// GetKeyState are the arguments of minions.get_minion_key_state.
type GetKeyState struct {
	MinionID string   `json:"minion_id,omitempty"` // a part of it
	State    []string `json:"key_state,omitempty"` // accepted, rejected, pending, denied
	Limit    *int     `json:"limit,omitempty"`     // 0: all
	Page     int      `json:"page,omitempty"`
}

// KeyState is a row of minions.get_minion_key_state.
type KeyState struct {
	Master string   `json:"master"`
	Minion string   `json:"minion"`
	State  []string `json:"key_state"`
}

// GetKeyState calls minions.get_minion_key_state.
func (c *Client) GetKeyState(ctx context.Context, p GetKeyState) (Rows[KeyState], error) {
	return get[Rows[KeyState]](ctx, c, "minions.get_minion_key_state", p)
}

// SetKeyState are the arguments of minions.set_minion_key_state.
type SetKeyState struct {
	State           string      `json:"state"`   // accept, reject or delete
	Minions         [][2]string `json:"minions"` // pairs of a master and a minion
	IncludeAccepted bool        `json:"include_accepted,omitempty"`
	IncludeRejected bool        `json:"include_rejected,omitempty"`
	IncludeDenied   bool        `json:"include_denied,omitempty"`
}

// KeysSet is the result of minions.set_minion_key_state.
type KeysSet struct {
	TaskIDs []string    `json:"task_ids"`
	Changed [][2]string `json:"changed"`
}

// SetKeyState calls minions.set_minion_key_state.
func (c *Client) SetKeyState(ctx context.Context, p SetKeyState) (KeysSet, error) {
	return get[KeysSet](ctx, c, "minions.set_minion_key_state", p)
}

// GetReturns are the arguments of ret.get_returns. Others go into [Client.Call].
type GetReturns struct {
	JID       string `json:"jid,omitempty"`
	MinionID  string `json:"minion_id,omitempty"`
	Fun       string `json:"fun,omitempty"`
	User      string `json:"user,omitempty"`
	JobUUID   string `json:"job_uuid,omitempty"`
	HasErrors *bool  `json:"has_errors,omitempty"`
	SortBy    string `json:"sort_by,omitempty"`
	Reverse   bool   `json:"reverse,omitempty"`
	Limit     *int   `json:"limit,omitempty"` // 0: all
	Page      int    `json:"page,omitempty"`
}

// Returned is a row of ret.get_returns.
type Returned struct {
	JID       string          `json:"jid"`
	MinionID  string          `json:"minion_id"`
	Fun       string          `json:"fun"`
	HasErrors bool            `json:"has_errors"`
	AlterTime string          `json:"alter_time"`
	Return    json.RawMessage `json:"return"`
}

// GetReturns calls ret.get_returns.
func (c *Client) GetReturns(ctx context.Context, p GetReturns) (Rows[Returned], error) {
	return get[Rows[Returned]](ctx, c, "ret.get_returns", p)
}

// MinionReturn is what one minion returned.
type MinionReturn struct {
	Return  json.RawMessage `json:"return"`
	Success bool            `json:"success"`
	Retcode int             `json:"retcode"`
	Fun     string          `json:"fun"`
}

// GetJID calls ret.get_jid, which returns what has come so far, by minions.
func (c *Client) GetJID(ctx context.Context, jid string) (map[string]MinionReturn, error) {
	return get[map[string]MinionReturn](ctx, c, "ret.get_jid", map[string]string{"jid": jid})
}

// File names a file of the file server.
type File struct {
	Env  string `json:"saltenv"`
	Path string `json:"path"`
}

// SaveFile are the arguments of fs.save_file and fs.update_file.
type SaveFile struct {
	File
	Contents    string `json:"contents"`
	ContentType string `json:"content_type,omitempty"`
}

// FileExists calls fs.file_exists.
func (c *Client) FileExists(ctx context.Context, f File) (bool, error) {
	return get[bool](ctx, c, "fs.file_exists", f)
}

// SaveFile calls fs.save_file.
func (c *Client) SaveFile(ctx context.Context, p SaveFile) error {
	return c.Call(ctx, "fs.save_file", p, nil)
}

// UpdateFile calls fs.update_file.
func (c *Client) UpdateFile(ctx context.Context, p SaveFile) error {
	return c.Call(ctx, "fs.update_file", p, nil)
}

// SaveSchedule are the arguments of schedule.save.
type SaveSchedule struct {
	UUID     string         `json:"uuid,omitempty"` // "": a new one
	Name     string         `json:"name"`
	Schedule map[string]any `json:"schedule"`
	JobUUID  string         `json:"job_uuid,omitempty"`
	TgtUUID  string         `json:"tgt_uuid,omitempty"`
	Cmd      string         `json:"cmd,omitempty"`
	Fun      string         `json:"fun,omitempty"`
	Arg      *Arguments     `json:"arg,omitempty"`
	Tgt      Target         `json:"tgt,omitempty"`
	Masters  []string       `json:"masters,omitempty"`
	Enabled  *bool          `json:"enabled,omitempty"`
}

// SaveSchedule calls schedule.save, and returns the uuid.
func (c *Client) SaveSchedule(ctx context.Context, p SaveSchedule) (string, error) {
	return get[string](ctx, c, "schedule.save", p)
}

// GetSchedules are the arguments of schedule.get. Others go into [Client.Call].
type GetSchedules struct {
	UUID    string   `json:"uuid,omitempty"`
	Names   []string `json:"names,omitempty"`
	Enabled *bool    `json:"enabled,omitempty"`
	Limit   *int     `json:"limit,omitempty"` // 0: all
	Page    int      `json:"page,omitempty"`
}

// Schedule is a row of schedule.get.
type Schedule struct {
	UUID     string         `json:"uuid"`
	Name     string         `json:"name"`
	Schedule map[string]any `json:"schedule"`
}

// GetSchedules calls schedule.get.
func (c *Client) GetSchedules(ctx context.Context, p GetSchedules) (Rows[Schedule], error) {
	return get[Rows[Schedule]](ctx, c, "schedule.get", p)
}

// TrimDatabase are the arguments of admin.trim_database: how many days to keep; nil
// leaves a category alone.
type TrimDatabase struct {
	Audit    *int `json:"audit,omitempty"`
	Events   *int `json:"events,omitempty"`
	Jobs     *int `json:"jobs,omitempty"`
	Schedule *int `json:"schedule,omitempty"`
	Test     bool `json:"test"` // count, and remove nothing
}

// Trimmed is the result of admin.trim_database.
type Trimmed struct {
	Test     bool           `json:"test"`
	Audit    int            `json:"audit"`
	Events   int            `json:"events"`
	Schedule int            `json:"schedule"`
	Jobs     map[string]int `json:"jobs"`
}

// TrimDatabase calls admin.trim_database, which is for superusers.
func (c *Client) TrimDatabase(ctx context.Context, p TrimDatabase) (Trimmed, error) {
	return get[Trimmed](ctx, c, "admin.trim_database", p)
}
