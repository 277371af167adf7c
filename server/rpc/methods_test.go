package rpc_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/server/audit"
	"github.com/saltern-api/saltern/server/rpc"
	"github.com/saltern-api/saltern/server/rpc/method"
	"github.com/saltern-api/saltern/server/rpc/saved"
)

// uuidOfBob is bob's, which is made of the name.
const uuidOfBob = "f4628701-cb3b-5754-9309-bc42c78a5f1b"

// attempt is a call of a method.
type attempt struct {
	by    string // a user; admin if it is empty
	kwarg string // "" stands for {}
	ret   string // a pattern
	code  int    // 0 stands for none
}

// cases have a good call of each method and an invalid one. A method that needs a
// permission has a refused one too, by a caller without any; all others are refused
// without a credential.
var cases = map[string]struct{ good, invalid, failed attempt }{
	"admin.trim_database": {
		good:    attempt{kwarg: `{"audit":123,"events":"30","jobs":"0","schedule":48,"test":"True"}`, ret: `^\{"test":true,"audit":0,"events":0,"jobs":\{"commands":4,"minions-expected":6,"returns":2,"jids":4\},"schedule":0\}$`},
		invalid: attempt{kwarg: `{"jobs":-2}`, code: 4001},
	},
	"api.discover": {
		good:    attempt{kwarg: `{"include":["test"]}`, ret: `^\{"test":\{"__doc__":`},
		invalid: attempt{kwarg: `{"include":1}`, code: 4001},
	},
	"api.get_versions": {
		good:    attempt{ret: `^\{"opts":\{\},"raas":\{"raas":"1.2.3","saltern":"1.2.3"\}\}$`},
		invalid: attempt{kwarg: `{"a":1}`, code: 4001},
	},
	"auth.get_jwt": {good: attempt{ret: `^\{"expires":"20[^"]*Z","jwt":"[\w-]+\.[\w-]+\.[\w-]+"\}$`}, invalid: attempt{kwarg: `{"a":1}`, code: 4001}},
	"auth.get_all_roles": {
		good:    attempt{kwarg: `{"sort_order":"DESC"}`, ret: `^\{.*"User":\{"name":"User","desc":"[^"]+","uuid":"[0-9a-f-]{36}","perms":\["cmd-run",.*\},"Superuser":\{"name":"Superuser","desc":"[^"]+","uuid":"[0-9a-f-]{36}","perms":\["superuser"\]\}.*\}$`},
		invalid: attempt{kwarg: `{"sort_order":"down"}`, code: 4001},
	},
	"auth.get_role": {
		good:    attempt{kwarg: `{"role_name":"Superuser"}`, ret: `^\{"Superuser":\{`},
		invalid: attempt{code: 4001},
		failed:  attempt{kwarg: `{"role_name":"no such"}`, code: 4040},
	},
	"auth.get_all_users": {
		good:    attempt{kwarg: `{"config_name":"internal","include_roles":true,"include_groups":true,"reverse":"true","limit":"1"}`, ret: `^\{"count":2,"results":\[\{"uuid":"[0-9a-f-]{36}","config_name":"internal","username":"bob","email":null,"remote_uid":null,"roles":\["User","worker"\],"groups":\["staff"\]\}\]\}$`},
		invalid: attempt{kwarg: `{"sort_by":"x"}`, code: 4001},
	},
	"auth.get_user": {
		good:    attempt{kwarg: `{"username":"bob","config_name":"pam"}`, ret: `"perms":\["cmd-run",`},
		invalid: attempt{kwarg: `{"username":"bob"}`, code: 4001},
		failed:  attempt{kwarg: `{"username":"nobody","config_name":"internal"}`, code: 4040},
	},
	"auth.get_all_groups": {
		good:    attempt{kwarg: `{"include_users":true}`, ret: `"name":"staff","desc":"","roles":\[\],"users":\[\{"uuid":"[^"]+","config_name":"internal","username":"bob",.*\{"uuid":null,"config_name":null,"remote_uid":null,"name":null,"desc":"","roles":\[\],"users":\[.*\]\}\]\}$`},
		invalid: attempt{kwarg: `{"page":-1}`, code: 4001},
	},
	"auth.get_group": {
		good:    attempt{kwarg: `{"group_name":"staff","config_name":"internal"}`, ret: `^\{"uuid":`},
		invalid: attempt{kwarg: `{"group_name":"staff"}`, code: 4001},
		failed:  attempt{kwarg: `{"group_name":"x","config_name":"internal"}`, code: 4040},
	},
	"auth.save_role": {
		good:    attempt{kwarg: `{"role_name":"Web team","perms":["job-read","license-read","job-read"],"description":"web"}`, ret: `^"[0-9a-f-]{36}"$`},
		invalid: attempt{kwarg: `{"role_name":"x","perms":["to-fly"]}`, code: 4001},
		failed:  attempt{kwarg: `{"role_name":"User","perms":["cmd-read"]}`, code: 4030},
	},
	"auth.delete_role": {
		good:    attempt{kwarg: `{"role_name":"to go"}`, ret: `^null$`},
		invalid: attempt{kwarg: `{"role_name":"User","role_uuid":"60c14cfc-09ca-4b5a-bc76-000000000001"}`, code: 4001},
		failed:  attempt{kwarg: `{"role_name":"User"}`, code: 4030},
	},
	"auth.save_user": {
		good:    attempt{kwarg: `{"config_name":"internal","username":"carol","roles":["User"],"perms":["pillar-read"],"groups":["team"],"custom_data":{"a": 1}}`, ret: `^"[0-9a-f-]{36}"$`},
		invalid: attempt{kwarg: `{"config_name":"internal","username":"carol","roles":["none"]}`, code: 4001},
		failed:  attempt{kwarg: `{"config_name":"internal","username":"carol","password":"x"}`, code: 4051},
	},
	"auth.save_user_link": {
		good:    attempt{kwarg: `{"config_name":"ldap","username":"dave","user_dn":["uid=dave"]}`, ret: `^null$`},
		invalid: attempt{kwarg: `{"config_name":"ldap","username":"dave"}`, code: 4001},
		failed:  attempt{kwarg: `{"config_name":"ldap","username":"dave","user_dn":"x","enabled":false}`, code: 4051},
	},
	"auth.delete_user": {
		good:    attempt{kwarg: `{"config_name":"internal","username":"erin"}`, ret: `^null$`},
		invalid: attempt{kwarg: `{"username":"erin"}`, code: 4001},
		failed:  attempt{kwarg: `{"config_name":"internal","username":"nobody"}`, code: 4040},
	},
	"auth.change_password": {
		good:    attempt{kwarg: `{"account_uuid":"60c14cfc-09ca-4b5a-bc76-000000000001","password":"x"}`, code: 4051},
		invalid: attempt{kwarg: `{"password":"x"}`, code: 4001},
	},
	"auth.save_group": {
		good:    attempt{kwarg: `{"config_name":"ldap","group_name":"cn=web","roles":["User"],"description":"web","remote_uid":"7","custom_data":{}}`, ret: `^"[0-9a-f-]{36}"$`},
		invalid: attempt{kwarg: `{"group_name":"web","roles":["User"]}`, code: 4001},
		failed:  attempt{kwarg: `{"group_uuid":"60c14cfc-09ca-4b5a-bc76-000000000001"}`, code: 4040},
	},
	"auth.delete_group": {
		good:    attempt{kwarg: `{"config_name":"internal","group_name":"to go"}`, ret: `^null$`},
		invalid: attempt{kwarg: `{"group_name":"web"}`, code: 4001},
		failed:  attempt{kwarg: `{"config_name":"ldap","group_name":"none"}`, code: 4040},
	},
	"auth.get_group_links": {
		good:    attempt{kwarg: `{"group_name":"tea","enabled":"true"}`, ret: `^\[\{"group_uuid":"[0-9a-f-]{36}","group_name":"team","config_name":"ldap","ext_group_name":"cn=team","ext_group_uid":"","ext_group_dn":"","enabled":true\}\]$`},
		invalid: attempt{kwarg: `{"enabled":"perhaps"}`, code: 4001},
	},
	"auth.save_group_link": {
		good:    attempt{kwarg: `{"group_name":"team","config_name":"ldap","ext_group_name":"cn=others"}`, ret: `^null$`},
		invalid: attempt{kwarg: `{"group_name":"team","config_name":"ldap"}`, code: 4001},
		failed:  attempt{kwarg: `{"group_name":"none","config_name":"ldap","ext_group_name":"x"}`, code: 4040},
	},
	"auth.delete_group_link": {
		good:    attempt{kwarg: `{"group_name":"team","config_name":"ldap","ext_group_name":"cn=gone"}`, ret: `^null$`},
		invalid: attempt{kwarg: `{"group_name":"team"}`, code: 4001},
		failed:  attempt{kwarg: `{"group_name":"team","config_name":"ldap","ext_group_name":"none"}`, code: 4040},
	},
	"auth.transfer_resources": {
		good:    attempt{kwarg: `{"from_user_uuid":"` + uuidOfBob + `","to_user_uuid":"` + uuidOfBob + `","resource_types":["jobs","pillars"],"test":"true"}`, ret: `^\{"test":true,"jobs":\[\],"target_groups":\[\]\}$`},
		invalid: attempt{kwarg: `{"from_user_uuid":"` + uuidOfBob + `"}`, code: 4001},
		failed:  attempt{kwarg: `{"from_user_uuid":"` + uuidOfBob + `","to_user_uuid":"60c14cfc-09ca-4b5a-bc76-000000000000"}`, code: 4040},
	},
	"cmd.route_cmd": {
		good:    attempt{kwarg: `{"cmd":"local","fun":"test.ping","tgt":{"*":{"tgt":"*","tgt_type":"glob"}}}`, ret: `^"` + jidOf(59) + `"$`},
		invalid: attempt{kwarg: `{"cmd":"local","fun":"test.ping"}`, code: 4001},
		failed:  attempt{kwarg: `{"job_uuid":"60c14cfc-09ca-4b5a-bc76-000000000000"}`, code: 4040},
	},
	"cmd.get_cmds": {
		good:    attempt{kwarg: `{"jid":"` + jidOf(0) + `"}`, ret: `^\{"count":1,"results":\[\{"cmd":"local","duration":5\.75`},
		invalid: attempt{kwarg: `{"daterange":["yesterday","today"]}`, code: 4001},
	},
	"cmd.get_cmd_status": {
		good:    attempt{kwarg: `{"jids":["` + jidOf(0) + `","` + jidOf(1) + `","x"]}`, ret: `^\["complete","new","not-found"\]$`},
		invalid: attempt{kwarg: `{"jids":"x"}`, code: 4001},
	},
	"cmd.get_cmd_details": {
		good:    attempt{kwarg: `{"jid":"` + jidOf(0) + `","has_errors":true}`, ret: `^\{"count":1,"results":\[\{"minion_id":"web2","master_id":"salt","has_return":true,"has_errors":true,"alter_time":"2026-11-29T12:00:56Z"\}\]\}$`},
		invalid: attempt{kwarg: `{"jid":"1"}`, code: 4001},
		failed:  attempt{kwarg: `{"jid":"` + jidOf(30) + `"}`, code: 4040},
	},
	"fs.get_envs": {good: attempt{ret: `^\["base","dev"\]$`}, invalid: attempt{kwarg: `{"saltenv":"base"}`, code: 4001}},
	"fs.get_env": {
		good: attempt{kwarg: `{"saltenv":"base"}`, ret: `^\[\{"uuid":"[0-9a-f-]{36}","saltenv":"base","path":"logo.png","metadata":\{"root":"/srv/salt"\}\},.*"path":"top.sls",` +
			`"metadata":\{"root":"/srv/more"\}\},\{"uuid":"[0-9a-f-]{36}","saltenv":"base","path":"web/init.sls","metadata":\{"root":"/srv/salt"\}\}\]$`},
		invalid: attempt{kwarg: `{"saltenv":"../base"}`, code: 4001},
		failed:  attempt{kwarg: `{"saltenv":"prod"}`, code: 4040},
	},
	"fs.get_file": {
		good: attempt{kwarg: `{"saltenv":"base","path":"web/init.sls"}`, ret: `^\{"uuid":"[0-9a-f-]{36}","saltenv":"base","path":"web/init.sls","content_type":"text/plain","size":4,` +
			`"sha256":"[0-9a-f]{64}","data":"a: 1"\}$`},
		invalid: attempt{kwarg: `{"saltenv":"base"}`, code: 4001},
		failed:  attempt{kwarg: `{"saltenv":"base","path":"logo.png"}`, code: 5001},
	},
	"fs.file_exists": {
		good:    attempt{kwarg: `{"saltenv":"base","path":"no.sls"}`, ret: `^false$`},
		invalid: attempt{kwarg: `{"file_uuid":"60c14cfc-09ca-4b5a-bc76-000000000001","path":"top.sls"}`, code: 4001},
	},
	"fs.save_file": {
		good:    attempt{kwarg: `{"saltenv":"base","path":"new/init.sls","contents":"YTogMQ==","content_type":"application/octet-stream"}`, ret: `^"[0-9a-f-]{36}"$`},
		invalid: attempt{kwarg: `{"saltenv":"base","path":"new/init.sls"}`, code: 4001},
		failed:  attempt{kwarg: `{"saltenv":"prod","path":"new/init.sls","contents":"a"}`, code: 4040},
	},
	"fs.update_file": {
		good:    attempt{kwarg: `{"saltenv":"base","path":"top.sls","contents":"a: 1"}`, ret: `^"[0-9a-f-]{36}"$`},
		invalid: attempt{kwarg: `{"saltenv":"base","path":"top.sls","contents":"/w==","content_type":"image/png"}`, code: 4001},
		failed:  attempt{kwarg: `{"saltenv":"base","path":"no.sls","contents":"a"}`, code: 4040},
	},
	"fs.delete_file": {
		good:    attempt{kwarg: `{"saltenv":"base","path":"top.sls"}`, ret: `^null$`},
		invalid: attempt{kwarg: `{"saltenv":"base","path":"/etc/passwd"}`, code: 4001},
		failed:  attempt{kwarg: `{"saltenv":"base","path":"no.sls"}`, code: 4040},
	},
	"cmd.stop_job": {
		good:    attempt{kwarg: `{"jid":"` + jidOf(1) + `"}`, ret: `^"` + jidOf(59) + `"$`},
		invalid: attempt{code: 4001},
		failed:  attempt{kwarg: `{"jid":"` + jidOf(30) + `"}`, code: 4040},
	},
	"cmd.pause_job": {
		good:    attempt{kwarg: `{"jid":"` + jidOf(1) + `"}`, ret: `^"` + jidOf(59) + `"$`},
		invalid: attempt{kwarg: `{"jid":"` + jidOf(0) + `"}`, code: 4001},
	},
	"cmd.resume_job": {
		good:    attempt{kwarg: `{"jid":"` + jidOf(1) + `"}`, ret: `^"` + jidOf(59) + `"$`},
		invalid: attempt{kwarg: `{"jid":"` + jidOf(1) + `","job_uuid":"` + checkDisk + `"}`, code: 4001},
		failed:  attempt{kwarg: `{"job_uuid":"` + checkDisk + `"}`, code: 4040},
	},
	"job.get_jobs": {
		good:    attempt{kwarg: `{"name":"check"}`, ret: `^\{"count":1,"results":\[\{"uuid":"60c14cfc-09ca-4b5a-bc76-8294287c2e6c","name":"Check disk usage",`},
		invalid: attempt{kwarg: `{"sort_by":"uuid"}`, code: 4001},
	},
	"job.save_job": {
		good:    attempt{kwarg: `{"name":"other","cmd":"runner","fun":"jobs.active"}`, ret: `^"[0-9a-f-]{36}"$`},
		invalid: attempt{kwarg: `{"name":"other 2"}`, code: 4001},
		failed:  attempt{kwarg: `{"name":"x","cmd":"local","fun":"a","tgt_uuid":"60c14cfc-09ca-4b5a-bc76-000000000000"}`, code: 4040},
	},
	"job.delete_job": {
		good:    attempt{kwarg: `{"job_uuid":"60c14cfc-09ca-4b5a-bc76-000000000001"}`, ret: `^null$`},
		invalid: attempt{code: 4001},
		failed:  attempt{kwarg: `{"job_uuid":"60c14cfc-09ca-4b5a-bc76-000000000000"}`, code: 4040},
	},
	"job.get_job_access": {
		good:    attempt{kwarg: `{"job_uuid":"` + checkDisk + `"}`, ret: `^\{"auth":\{"owner":\{"uuid":"[0-9a-f-]{36}","config_name":"internal","username":"admin"\},"access":\{\}\}\}$`},
		invalid: attempt{code: 4001},
	},
	"job.save_job_access": {
		good:    attempt{kwarg: `{"job_uuid":"` + checkDisk + `","access_payload":{"User":["read"]}}`, ret: `^"` + checkDisk + `"$`},
		invalid: attempt{kwarg: `{"job_uuid":"` + checkDisk + `","access_payload":{"User":["run"]}}`, code: 4001},
	},
	"tgt.get_target_group": {
		good:    attempt{kwarg: `{"name":"web"}`, ret: `^\{"count":1,"results":\[\{"name":"web","tgt":\{"\*":\{"tgt_type":"glob","tgt":"web\*"\}\},"uuid":"`},
		invalid: attempt{kwarg: `{"limit":-2}`, code: 4001},
	},
	"tgt.get_target_group_minions": {
		good:    attempt{kwarg: `{"tgt_uuid":"60c14cfc-09ca-4b5a-bc76-000000000002"}`, ret: `^\{"salt":\["web1","web2"\]\}$`},
		invalid: attempt{code: 4001},
		failed:  attempt{kwarg: `{"tgt_uuid":"60c14cfc-09ca-4b5a-bc76-000000000000"}`, code: 4040},
	},
	"tgt.save_target_group": {
		good:    attempt{kwarg: `{"name":"db","tgt":{"*":{"tgt":"db*"}},"wait_for_match":"true"}`, ret: `^"[0-9a-f-]{36}"$`},
		invalid: attempt{kwarg: `{"name":"db","tgt":{"*":{}}}`, code: 4001},
		failed:  attempt{kwarg: `{"tgt_uuid":"60c14cfc-09ca-4b5a-bc76-000000000000","tgt":{"*":{"tgt":"db*"}}}`, code: 4040},
	},
	"tgt.delete_target_group": {
		good:    attempt{kwarg: `{"tgt_uuid":["60c14cfc-09ca-4b5a-bc76-000000000003"]}`, ret: `^null$`},
		invalid: attempt{kwarg: `{"tgt_uuid":"x"}`, code: 4001},
		failed:  attempt{kwarg: `{"tgt_uuid":"` + saved.AllMinions + `"}`, code: 4030},
	},
	"tgt.get_target_group_access": {
		good:    attempt{kwarg: `{"tgt_uuid":"60c14cfc-09ca-4b5a-bc76-000000000002"}`, ret: `"username":"admin"`},
		invalid: attempt{code: 4001},
	},
	"tgt.save_target_group_access": {
		good:    attempt{kwarg: `{"tgt_uuid":"60c14cfc-09ca-4b5a-bc76-000000000002","access_payload":{"User":{"read":"true","write":false}}}`, ret: `^"60c14cfc-`},
		invalid: attempt{kwarg: `{"tgt_uuid":"60c14cfc-09ca-4b5a-bc76-000000000002","access_payload":{"User":{"run":true}}}`, code: 4001},
	},
	"minions.get_minion_key_state": {
		good:    attempt{kwarg: `{"key_state":"pending","limit":"1"}`, ret: `^\{"count":2,"results":\[\{"master":"salt","minion":"new1","key_state":\["pending","denied"\]\}\]\}$`},
		invalid: attempt{kwarg: `{"key_state":["new"]}`, code: 4001},
	},
	"minions.set_minion_key_state": {
		good:    attempt{kwarg: `{"state":"accept","minions":[["salt","new1"],["salt","web1"]]}`, ret: `^\{"task_ids":\["` + jidOf(57) + `"\],"changed":\[\["salt","new1"\]\]\}$`},
		invalid: attempt{kwarg: `{"state":"accept","minions":["new1"]}`, code: 4001},
	},
	"minions.get_minion_presence": {
		good:    attempt{kwarg: `{"status":"lost"}`, ret: `^\{"count":1,"results":\[\{"minion":"web2","master":"salt","status":"lost","timestamp":null\}\]\}$`},
		invalid: attempt{kwarg: `{"status":"away"}`, code: 4001},
	},
	"minions.get_minion_cache": {
		good:    attempt{kwarg: `{"minion_id":"b2"}`, ret: `^\{"salt":\{"web2":\{"grains":\{"os": ?"Ubuntu",.*\}\}\}\}$`},
		invalid: attempt{kwarg: `{"sort_by":"os"}`, code: 4001},
		failed:  attempt{kwarg: `{"tgt_uuid":"60c14cfc-09ca-4b5a-bc76-000000000000"}`, code: 4040},
	},
	"minions.get_minion_details": {
		good:    attempt{kwarg: `{"grains":{"os":"Debian"}}`, ret: `^\{"count":1,"results":\[\{"master_id":"salt","minion_id":"web1","presence":"present","grains":\{.*\}\}\]\}$`},
		invalid: attempt{kwarg: `{"grains":["os"]}`, code: 4001},
		failed:  attempt{kwarg: `{"response_file":"a.csv"}`, code: 4001},
	},
	"minions.get_minion_grain_keys": {
		good:    attempt{kwarg: `{"minion_id":"web1"}`, ret: `^\["host","ipv4","num_cpus","os","saltversion"\]$`},
		invalid: attempt{kwarg: `{"tgt_uuid":"x"}`, code: 4001},
	},
	"minions.get_minion_grain_values": {
		good:    attempt{kwarg: `{"key":"num_cpus"}`, ret: `^\[4,10\]$`},
		invalid: attempt{code: 4001},
	},
	"ret.get_returns": {
		good:    attempt{kwarg: `{"jid":"` + jidOf(0) + `","has_errors":"false"}`, ret: `^\{"count":1,"limit":50,"results":\[\{"alter_time":"2026-11-29T12:00:55Z","fun":"disk.usage",.*"full_ret":\{"_stamp":"2026-11-29T12:00:55Z","cmd":"_return","fun":"disk.usage".*"return":\{"/": ?\{"used": ?1\}\}\},"return":\{"/": ?\{"used": ?1\}\}\}\]\}$`},
		invalid: attempt{kwarg: `{"start":"1"}`, code: 4001},
	},
	"ret.get_jid": {
		good:    attempt{kwarg: `{"jid":"` + jidOf(0) + `"}`, ret: `^\{"web1":\{"_stamp":.*"return":\{"/": ?\{"used": ?1\}\}.*\},"web2":\{.*"retcode":1,"success":true,"return":"it failed"\}\}$`},
		invalid: attempt{kwarg: `{"jid":"1"}`, code: 4001},
	},
	"ret.get_jids": {
		good:    attempt{kwarg: `{"start":"` + jidOf(0) + `","end":"` + jidOf(0) + `"}`, ret: `^\{"` + jidOf(0) + `":\{"arg":\["/"\],"cmd":"publish","fun":"disk.usage"`},
		invalid: attempt{kwarg: `{"limit":"x"}`, code: 4001},
	},
	"ret.get_load": {
		good:    attempt{kwarg: `{"master_id":"salt","jid":"` + jidOf(0) + `"}`, ret: `"minions":\["web1","web2","web3"\]`},
		invalid: attempt{kwarg: `{"jid":"` + jidOf(0) + `"}`, code: 4001},
		failed:  attempt{kwarg: `{"master_id":"salt","jid":"` + jidOf(30) + `"}`, code: 4040},
	},
	"ret.get_fun": {
		good:    attempt{kwarg: `{"fun":"disk.usage"}`, ret: `^\{"web2":"disk.usage"\}$`},
		invalid: attempt{kwarg: `{"function":"x"}`, code: 4001},
	},
	"ret.get_minions": {good: attempt{ret: `^\{"salt":\["web1","web2"\]\}$`}, invalid: attempt{kwarg: `{"a":1}`, code: 4001}},
	"schedule.get": {
		good: attempt{kwarg: `{"names":["nightly"],"cmd":"local","fun":"disk","sort_by":"next_fire_time","limit":"0"}`, ret: `^\{"count":1,"results":\[\{"uuid":"60c14cfc-09ca-4b5a-bc76-000000000041","name":"nightly",` +
			`"schedule":\{"cron":"30 2 \* \* \*","timezone":"Europe/Berlin"\},"enabled":true,"expired":false,"function":"job.run","cmd":"local","fun":"disk.usage","arg":\{"arg":\[\],"kwarg":\{\}\},"tgt":null,` +
			`"tgt_uuid":null,"tgt_name":null,"job_uuid":"` + checkDisk + `","job_name":"Check disk usage","masters":\[\],"next_fire_time":"20[^"]*Z","last_fire_time":null,"status":null,"last_run":null,"missed":0,`},
		invalid: attempt{kwarg: `{"state":["completed"]}`, code: 4001},
	},
	"schedule.save": {
		good:    attempt{kwarg: `{"name":"x","schedule":{"minutes":"30"},"tgt_uuid":"` + saved.AllMinions + `","cmd":"local","fun":"test.ping"}`, ret: `^"[0-9a-f-]{36}"$`},
		invalid: attempt{kwarg: `{"name":"x","schedule":{"seconds":5},"cmd":"local","fun":"test.ping","tgt":{"*":{"tgt":"*"}}}`, code: 4001},
		failed:  attempt{kwarg: `{"name":"x","schedule":{"minutes":5},"job_uuid":"60c14cfc-09ca-4b5a-bc76-000000000000"}`, code: 4040},
	},
	"schedule.update": {
		good:    attempt{kwarg: `{"name":"every hour","schedule":{"hours":2},"delete_fields":["masters"]}`, ret: `^"60c14cfc-09ca-4b5a-bc76-000000000042"$`},
		invalid: attempt{kwarg: `{"enabled":true}`, code: 4001},
		failed:  attempt{kwarg: `{"uuid":"60c14cfc-09ca-4b5a-bc76-000000000000","enabled":true}`, code: 4040},
	},
	"schedule.remove": {
		good:    attempt{kwarg: `{"uuid":"60c14cfc-09ca-4b5a-bc76-000000000043"}`, ret: `^true$`},
		invalid: attempt{code: 4001},
		failed:  attempt{kwarg: `{"uuid":"60c14cfc-09ca-4b5a-bc76-000000000000"}`, code: 4040},
	},
	"schedule.futures": {
		good:    attempt{kwarg: `{"uuid":"60c14cfc-09ca-4b5a-bc76-000000000041","limit":1}`, ret: `^\{"count":5[4567],"results":\[\{"uuid":"[0-9a-f-]{36}","sched_uuid":"60c14cfc-09ca-4b5a-bc76-000000000041","sched_name":"nightly","cmd":"local","fun":"disk.usage",.*"state":"scheduled"\}\]\}$`},
		invalid: attempt{kwarg: `{"daterange":["now"]}`, code: 4001},
	},
	"schedule.save_skip": {
		good:    attempt{kwarg: `{"uuids":[],"skip":true}`, ret: `^\{\}$`},
		invalid: attempt{kwarg: `{"uuids":["x"]}`, code: 4001},
		failed:  attempt{kwarg: `{"uuids":["60c14cfc-09ca-4b5a-bc76-000000000000"]}`, code: 4040},
	},
	"schedule.get_inflight": {
		good:    attempt{kwarg: `{"include_adhoc":"true","sort_by":"user","fun":"state*"}`, ret: `^\{"count":1,"results":\[\{"cmd":"local","duration":null,"expected":1,"fun":"state.apply"`},
		invalid: attempt{kwarg: `{"sort_by":"returned_good"}`, code: 4001},
	},
	"schedule.search_history": {
		good:    attempt{kwarg: `{"query":"night","name":true}`, ret: `^\{"count":0,"results":\[\]\}$`},
		invalid: attempt{kwarg: `{"daterange":["2026-01-02","2026-01-01"]}`, code: 4001},
	},
	"audit.get_audit": {
		good: attempt{kwarg: `{"failed":"false","sort_by":"start_time"}`, ret: `^\{"count":2,"results":\[\{"id":3,"start_time":"2026-11-29T11:00:00Z","end_time":"2026-11-29T11:00:00Z","event_type":"system","event_name":"lost",` +
			`"username":null,"account_uuid":null,"session_uuid":null,"failed":false,"event_data":\{.*\}\},\{"id":1,.*"event_type":"auth","event_name":"login","username":"bob","account_uuid":"[0-9a-f-]{36}",`},
		invalid: attempt{kwarg: `{"username":"a","account_uuid":"60c14cfc-09ca-4b5a-bc76-000000000000"}`, code: 4001},
	},
	"kv.get_key":           {good: attempt{kwarg: `{"key":"none"}`, ret: `^null$`}, invalid: attempt{code: 4001}},
	"kv.list_keys":         {good: attempt{ret: `^\[\]$`}, invalid: attempt{kwarg: `{"key":"a"}`, code: 4001}},
	"kv.delete_key":        {good: attempt{kwarg: `{"key":"none"}`, ret: `^0$`}, invalid: attempt{code: 4001}},
	"kv.set_key":           {good: attempt{kwarg: `{"key":"a","value":{"b": [1, null]}}`, ret: `^null$`}, invalid: attempt{kwarg: `{"value":1}`, code: 4001}},
	"kv.set_system_key":    {good: attempt{kwarg: `{"key":"a","value":"b"}`, ret: `^null$`}, invalid: attempt{kwarg: `{"key":""}`, code: 4001}},
	"kv.delete_system_key": {good: attempt{kwarg: `{"key":"none"}`, ret: `^0$`}, invalid: attempt{code: 4001}},
	"license.get_current_license": {
		good:    attempt{ret: `^\{"edition":"open source","state":"valid","expires":null,"minions":null\}$`},
		invalid: attempt{kwarg: `{"a":1}`, code: 4001},
	},
	"master.get_master_details": {
		good: attempt{kwarg: `{"salt_version":"3008","limit":"0"}`, ret: `^\{"count":1,"results":\[\{"master_id":"salt","state":"accepted","cluster_id":null,"salt_version":"3008.3",` +
			`"plugin_version":null,"plugin_status":null,"last_update_jid":null,"presence_status":"present"\}\]\}$`},
		invalid: attempt{kwarg: `{"state":"new"}`, code: 4001},
	},
	"master.get_master_presence": {
		good:    attempt{kwarg: `{"status":"present"}`, ret: `^\{"count":1,"results":\[\{"uuid":"[0-9a-f-]{36}","master_id":"salt","cluster_id":null,"last_seen":"20[^"]*Z","status":"present"\}\]\}$`},
		invalid: attempt{kwarg: `{"page":-1}`, code: 4001},
	},
	"master.get_master_grains": {
		good:    attempt{kwarg: `{"master_id":"salt"}`, ret: `^\{"salt":\{"grains":\{"os": ?"Debian"\}\}\}$`},
		invalid: attempt{kwarg: `{"master_uuid":"x"}`, code: 4001},
	},
	"master.get_master_keys": {
		good:    attempt{ret: `^\[\{"master_id":"salt","state":"accepted","fingerprint":"aa:bb"\}\]$`},
		invalid: attempt{kwarg: `{"sort_by":"x"}`, code: 4001},
	},
	"stats.get_system_metric_sources": {
		good:    attempt{kwarg: `{"metric":"sse_masters"}`, ret: `^\["salt"\]$`},
		invalid: attempt{kwarg: `{"metric":"redis_memory_bytes"}`, code: 4001},
	},
	"stats.get_system_metrics": {
		good: attempt{kwarg: `{"daterange":{"end":"2026-11-30T00:00:00Z","timedelta":"86400"},"metrics":["sse_masters","sse_jobs_complete_missing_returns","sse_jobs_in_progress"]}`,
			ret: `^\{"count":3,"results":\[\{"name":"sse_masters-salt","series":\[\{"value":1,"name":"2026-11-30T00:00:00Z"\}\]\},\{"name":"sse_jobs_in_progress-salt","series":\[\{"value":[0-9]+,`},
		invalid: attempt{kwarg: `{"daterange":{"start":"2026-01-01","end":"2026-01-02","timedelta":5}}`, code: 4001},
	},
	"stats.null": {good: attempt{ret: `^null$`}, invalid: attempt{kwarg: `{"a":1}`, code: 4001}},
	"test.echo":  {good: attempt{kwarg: `{"message":"a"}`, ret: `^"a"$`}, invalid: attempt{code: 4001}},
	"test.error": {good: attempt{code: 5001}, invalid: attempt{kwarg: `{"a":1}`, code: 4001}},
	"test.sleep": {
		good:    attempt{kwarg: `{"seconds":"0.001"}`, ret: `^"Slept for 1ms"$`},
		invalid: attempt{kwarg: `{"seconds":1000}`, code: 4001},
	},
	"test.warnings": {good: attempt{ret: `^true$`}, invalid: attempt{kwarg: `{"a":1}`, code: 4001}},
}

// TestMethods requires of each method that is declared that it has its cases, and that
// they are answered as these say.
func TestMethods(t *testing.T) {
	t.Parallel()
	e := newEnv(t, nil)
	e.record(t)
	e.APIToken(t, apitoken.ProfileNative)
	e.unable(t) // and its role
	e.save(t)
	for n, save := range map[int]string{
		1: `"name":"nightly","schedule":{"cron": "30 2 * * *","timezone":"Europe/Berlin"},"job_uuid":"` + checkDisk + `"`,
		2: `"name":"every hour","schedule":{"hours":1},"cmd":"runner","fun":"jobs.active","masters":["salt"]`,
		3: `"name":"gone","schedule":{"hours":1},"cmd":"wheel","fun":"key.list_all"`,
	} {
		e.must(t, e.by(t, "admin"), "schedule.save", fmt.Sprintf(`{"uuid":"60c14cfc-09ca-4b5a-bc76-00000000004%d",%s}`, n, save))
	}
	e.team(t)
	users := map[string]string{"admin": e.by(t, "admin"), "bob": e.by(t, "bob")}
	require.NoError(t, e.Tokens.RecordLogin(t.Context(), "bob", "pam", []string{"staff"}))
	for _, m := range rpc.Methods() {
		c, ok := cases[m.String()]
		require.True(t, ok, "%s has no cases", m)
		require.True(t, c.good.ret != "" || c.good.code != 0, m)
		require.NotZero(t, c.invalid.code, m)
		for name, a := range map[string]attempt{"good": c.good, "invalid": c.invalid, "failed": c.failed} {
			if name == "failed" && a == (attempt{}) {
				continue
			}
			got := e.post(t, callOf(m, a.kwarg), users[cmp.Or(a.by, "admin")])
			require.Equal(t, a.code, got.code(), "%s, %s: %+v", m, name, got.Error)
			if a.code == 0 {
				require.Regexp(t, a.ret, string(got.Ret), "%s, %s", m, name)
			}
		}
		a := e.Send(t, http.MethodPost, rpc.Path, callOf(m, c.good.kwarg))
		require.Equal(t, http.StatusUnauthorized, a.Status, m)
		if len(m.Needs) > 0 || m.Rights != "" {
			got := e.post(t, callOf(m, c.good.kwarg), e.unable(t))
			require.Contains(t, []int{4030, 4031, 4032}, got.code(), "%s", m)
			require.Equal(t, audit.Refused, e.lines.last(t).Event)
			require.Equal(t, m.String(), e.lines.last(t).Subject)
		}
	}
	require.Len(t, cases, len(rpc.Methods()))
}

func callOf(m *method.Method, kwarg string) string {
	if kwarg == "" {
		kwarg = "{}"
	}
	return fmt.Sprintf(`{"resource":%q,"method":%q,"kwarg":%s}`, m.Resource, m.Name, kwarg)
}

// What is discovered is what is served, with the parameters in their order.
func TestDiscover(t *testing.T) {
	t.Parallel()
	e := newEnv(t, nil)
	bob := e.by(t, "bob")
	got := e.post(t, `{"resource":"api","method":"discover"}`, bob)
	var doc map[string]map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(got.Ret, &doc))
	served := 0
	for resource, methods := range doc {
		for name, about := range methods {
			if name == "__doc__" {
				continue
			}
			served++
			var m struct {
				Formatted string
				Detailed  struct {
					Signature, Doc string
					Schema         map[string]any
					Parameters     [][]any
				}
			}
			require.NoError(t, json.Unmarshal(about, &m))
			require.NotEmpty(t, m.Detailed.Doc)
			require.Contains(t, m.Formatted, "signature: ")
			require.NotEqual(t, 4002, e.post(t, fmt.Sprintf(`{"resource":%q,"method":%q,"kwarg":{"no such":1}}`, resource, name), bob).code())
		}
	}
	require.Equal(t, len(rpc.Methods()), served)
	require.JSONEq(t, `{"signature":"(message)","returns":"the text","doc":"Return a text.","schema":{
		"$schema":"http://json-schema.org/draft-07/schema#","$ref":"#/definitions/TestEchoSchema","definitions":{"TestEchoSchema":{
		"type":"object","additionalProperties":false,"required":["message"],"properties":{
		"message":{"type":"string","description":"The text to return."}}}}},"parameters":[["message"]]}`,
		string(member(t, doc["test"]["echo"], "detailed")))

	for include, want := range map[string]string{
		`[]`: `{}`, `["no"]`: `{}`, `{"test":["__doc__","no"]}`: `{"test":{"__doc__":"Calls that do nothing, to try the API out."}}`,
		`{"test":"__doc__"}`: `{"test":{"__doc__":"Calls that do nothing, to try the API out."}}`,
	} {
		got := e.post(t, `{"resource":"api","method":"discover","kwarg":{"include":`+include+`}}`, bob)
		require.JSONEq(t, want, string(got.Ret), include)
	}
	got = e.post(t, `{"resource":"api","method":"discover","arg":[{"constants":["permissions","command-states"]}]}`, bob)
	require.Contains(t, string(got.Ret), `"cmd-run"`)
	require.Contains(t, string(got.Ret), `"completed_missing_returns"`)
	require.Equal(t, 4001, e.post(t, `{"resource":"api","method":"discover","arg":[{"test":1}]}`, bob).code())
}

func member(t *testing.T, object json.RawMessage, name string) json.RawMessage {
	t.Helper()
	var all map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(object, &all))
	return all[name]
}
