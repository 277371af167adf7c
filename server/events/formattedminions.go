package events

import (
	"bytes"
	"encoding/json"
	"slices"

	"github.com/saltern-api/saltern/saltmaster/eventstream"
	"github.com/saltern-api/saltern/server/web"
)

// minionsView is the connected minions, within bounds.
type minionsView struct {
	minions []*minionView
	bytes   int
}

// minionView is a minion.
type minionView struct {
	id     string
	grains json.RawMessage // nil until they are known
}

// key applies that a key was accepted or deleted.
func (v *minionsView) key(e eventstream.View) bool {
	id := e.Text("id")
	switch e.Text("act") {
	case "delete":
		v.forget(id)
	case "accept":
		v.know(id)
	}
	return id != ""
}

// presence applies the minions that have connected and disconnected.
func (v *minionsView) presence(e eventstream.View) (arrived []string, changed bool) {
	present, lost, arrived := e.Texts("present"), e.Texts("lost"), e.Texts("new")
	if len(lost) == 0 && e.JSON("present") != nil {
		for _, m := range v.minions {
			if !slices.Contains(present, m.id) {
				lost = append(lost, m.id)
			}
		}
	}
	if len(arrived) == 0 {
		for _, id := range present {
			if v.find(id) < 0 {
				arrived = append(arrived, id)
			}
		}
	}
	for _, id := range lost {
		v.forget(id)
	}
	for _, id := range arrived {
		v.know(id)
	}
	return arrived, len(lost)+len(arrived) > 0
}

func (v *minionsView) find(id string) int {
	return slices.IndexFunc(v.minions, func(m *minionView) bool { return m.id == id })
}

func (v *minionsView) forget(id string) {
	if i := v.find(id); i >= 0 {
		v.bytes -= len(id) + resultOverhead + len(v.minions[i].grains)
		v.minions = slices.Delete(v.minions, i, i+1)
	}
}

// know returns a minion's view, a new one if needed; nil if there is no room.
func (v *minionsView) know(id string) *minionView {
	if i := v.find(id); i >= 0 {
		return v.minions[i]
	}
	size := len(id) + resultOverhead
	if id == "" || v.bytes+size > maxViewBytes {
		return nil
	}
	m := &minionView{id: id}
	v.minions = append(v.minions, m)
	v.bytes += size
	return m
}

func (v *minionsView) setGrains(id string, grains json.RawMessage) {
	m := v.know(id)
	if m == nil {
		return
	}
	v.bytes -= len(m.grains)
	if m.grains = grains; v.bytes+len(grains) > maxViewBytes {
		m.grains = json.RawMessage(trimmed)
	}
	v.bytes += len(m.grains)
}

func (v *minionsView) message(style viewStyle) []byte {
	open, end := `{"minions": {`, "}}"
	if style.listed {
		open, end = `{"minions": [`, "]}"
	}
	var b bytes.Buffer
	b.WriteString(open)
	for i, m := range v.minions {
		comma(&b, i)
		if !style.listed {
			b.WriteString(web.JSONText(m.id) + ": ")
		}
		b.WriteByte('{')
		if m.grains != nil {
			b.WriteString(`"grains": `)
			b.Write(m.grains)
			b.WriteString(", ")
		}
		b.WriteString(`"id": ` + web.JSONText(m.id) + "}")
	}
	b.WriteString(end + style.end)
	return b.Bytes()
}
