package sqlstore

import (
	"fmt"

	"github.com/huandu/go-sqlbuilder"

	"github.com/saltern-api/saltern/records"
)

// checkOrigin returns an [*records.InvalidError] for a filter that cannot be used.
func checkOrigin(f records.OriginFilter) error {
	for field, texts := range map[string][]string{
		"job": append([]string{f.Job}, f.JobNames...), "tgt": append([]string{f.Tgt}, f.TgtNames...), "sched": append([]string{f.Sched}, f.SchedNames...),
	} {
		if len(texts) > records.MaxNames+1 {
			return &records.InvalidError{Field: field, Why: fmt.Sprintf("there are more than %d names", records.MaxNames)}
		}
		for _, text := range texts {
			if len(text) > records.MaxFilter || !isText(text) {
				return &records.InvalidError{Field: field, Why: "it is too long, or no text"}
			}
		}
	}
	return nil
}

// byOrigin adds the conditions of a filter to a query of jobs j. Each says, too, that
// its column is not empty: the indices have those jobs alone.
func byOrigin(q *sqlbuilder.SelectBuilder, f records.OriginFilter) {
	for column, text := range map[string]string{"j.job_uuid": f.Job, "j.tgt_uuid": f.Tgt, "j.sched_uuid": f.Sched} {
		if text != "" {
			q.Where(q.Equal(column, text), column+" <> ''")
		}
	}
	for column, names := range map[string][]string{"j.job_name": f.JobNames, "j.tgt_name": f.TgtNames, "j.sched_name": f.SchedNames} {
		if len(names) > 0 {
			q.Where(q.In(column, sqlbuilder.Flatten(names)...), column+" <> ''")
		}
	}
	switch {
	case f.Scheduled == nil:
	case *f.Scheduled:
		q.Where("j.sched_uuid <> ''")
	default:
		q.Where("j.sched_uuid = ''")
	}
}
