package sqlstore

import (
	"github.com/saltern-api/saltern/records"
)

// job is a job as the database has it.
type job struct {
	id  int64 // its start in microseconds
	jid string

	user, eauth, client, fun, tgt, tgtType string
	origin                                 records.Origin

	state                                 int
	end                                   int64
	known                                 bool
	expected, returned, succeeded, failed int64

	// The fields that only writers read.
	lastReturn, ended, minionsHash, missing, bytes int64
	reported                                       bool
	arrivals                                       int64 // the last one that a return may have
}

// jobColumns are the columns of [job.fields], perhaps of a table with an alias.
func jobColumns(alias ...string) []string {
	columns := []string{"id", "jid", "usr", "eauth", "client", "fun", "tgt", "tgt_type", "state", "end_at", "known",
		"expected", "returned", "succeeded", "failed"}
	columns = append(columns, originColumns()...)
	for _, a := range alias {
		for i := range columns {
			columns[i] = a + "." + columns[i]
		}
	}
	return columns
}

// fields are the places of the values of jobColumns.
func (j *job) fields() []any {
	all := []any{&j.id, &j.jid, &j.user, &j.eauth, &j.client, &j.fun, &j.tgt, &j.tgtType, &j.state, &j.end, (*flag)(&j.known),
		&j.expected, &j.returned, &j.succeeded, &j.failed}
	for _, text := range originFields(&j.origin) {
		all = append(all, text)
	}
	return all
}

// originColumns are the columns of originFields.
func originColumns() []string {
	return []string{"job_uuid", "job_name", "tgt_uuid", "tgt_name", "sched_uuid", "sched_name"}
}

func originFields(o *records.Origin) []*string {
	return []*string{&o.Job, &o.JobName, &o.Tgt, &o.TgtName, &o.Sched, &o.SchedName}
}

// record returns the job as stores return it.
func (j *job) record(master, arguments string) records.Job {
	out := records.Job{
		JID: j.jid, Master: master, User: j.user, Eauth: j.eauth, Client: j.client, Fun: j.fun, Tgt: j.tgt, TgtType: j.tgtType, Origin: j.origin,
		Start: timeOf(j.id), State: records.States()[min(max(j.state, 0), stateMissing)], Known: j.known,
		Expected: int(j.expected), Returned: int(j.returned), Succeeded: int(j.succeeded), Failed: int(j.failed),
	}
	if arguments != "" {
		out.Arguments = []byte(arguments)
	}
	if j.end != notEnded {
		out.End = timeOf(j.end)
	}
	return out
}

// flag is a boolean that is 0 or 1 in the database.
type flag bool

// Scan implements [sql.Scanner].
func (f *flag) Scan(v any) error {
	n, ok := v.(int64)
	*f = flag(ok && n != 0)
	return nil
}

func number(b bool) int {
	if b {
		return 1
	}
	return 0
}
