package settings

import "go.yaml.in/yaml/v3"

// Audit is about the log of who did what with which token.
type Audit struct {
	Off       bool
	File      string // "" for one in the state folder
	MaxSize   int64  // in bytes; a larger file is put aside
	Keep      int    // files that were put aside and are kept
	Arguments bool   // whether the arguments of commands are written down
}

func defaultAudit() Audit { return Audit{MaxSize: 100 << 20, Keep: 10} }

func (d *decoder) audit(n *yaml.Node, key string, a *Audit) {
	d.mapping(n, key, fields{
		"file": func(n *yaml.Node, key string) {
			if a.Off = isA(n, "!!str") && n.Value == "off"; !a.Off {
				d.optional(&a.File)(n, key)
			}
		},
		"max_size":  d.size(&a.MaxSize),
		"keep":      d.number(&a.Keep, 1, 10000),
		"arguments": d.boolean(&a.Arguments),
	})
}
