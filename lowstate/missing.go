package lowstate

import "slices"

// The texts with which LocalClient shows a minion that did not return.
const (
	textNotConnected = "Minion did not return. [Not connected]"
	textNoResponse   = "Minion did not return. [No response]\n" +
		"The minions may not have all finished running and any remaining minions will return upon completion. " +
		"To look up the return data for this job later, run the following command:\n\n" +
		"salt-run jobs.lookup_jid "
)

// answer closes the results: with what the master's release says of minions
// that did not return, and of those that a list names and nobody knows.
func (w *wait) answer() Returns {
	if w.job.expect {
		w.addSilent(w.sortedPending())
	}
	missing := slices.Clone(w.missing)
	slices.Sort(missing)
	w.addSilent(missing)
	for _, id := range w.order {
		if !w.results.has(id) {
			w.results.addFalse(id)
		}
	}
	return w.results.close()
}

func (w *wait) sortedPending() []string {
	ids := make([]string, 0, len(w.pending))
	for id := range w.pending {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

func (w *wait) addSilent(ids []string) {
	var away map[string]bool
	if len(ids) > 0 && w.job.NotConnected != nil {
		away = w.job.NotConnected(ids)
	}
	for _, id := range ids {
		if w.results.has(id) {
			continue
		}
		said := textNoResponse + w.job.pub.JID
		if away[id] {
			said = textNotConnected
		}
		w.results.addSilent(id, said)
	}
}
