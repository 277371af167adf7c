package eventbus

import "strings"

// jobOf returns the jid of a tag that belongs to one job's answer: salt/job/<jid>/ret/<minion>, everything of
// salt/run/<jid>/ and salt/wheel/<jid>/, and the bare <jid> that lists a job's minions. Other tags have none.
func jobOf(tag string) string {
	if rest, ok := strings.CutPrefix(tag, "salt/job/"); ok {
		jid, what, _ := strings.Cut(rest, "/")
		if strings.HasPrefix(what, "ret/") {
			return jid
		}
		return ""
	}
	rest, ok := strings.CutPrefix(tag, "salt/run/")
	if !ok {
		rest, ok = strings.CutPrefix(tag, "salt/wheel/")
	}
	if ok {
		if jid, _, ok := strings.Cut(rest, "/"); ok {
			return jid
		}
		return ""
	}
	if strings.Contains(tag, "/") {
		return ""
	}
	return tag
}
