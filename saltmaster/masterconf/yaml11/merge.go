package yaml11

import (
	"slices"

	"go.yaml.in/yaml/v3"
)

type pair struct{ key, value *yaml.Node }

// flatten returns the pairs of a mapping with its merge keys (<<) resolved, merged ones first. As in Salt's loader a
// merged key gives way to one of the mapping's own when both are written alike, and two merged mappings may not
// share a key: that shows later as a key that stands twice.
func (d *decoder) flatten(n *yaml.Node, depth int) ([]pair, *Error) {
	var own, merged []pair
	written := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if err := d.spend(key.Line); err != nil {
			return nil, err
		}
		if !isMerge(key) {
			own = append(own, pair{key, value})
			written[target(key).Value] = true
			continue
		}
		m, err := d.merge(target(value), depth+1)
		if err != nil {
			return nil, err
		}
		merged = append(merged, m...)
	}
	merged = slices.DeleteFunc(merged, func(p pair) bool { return written[target(p.key).Value] })
	return append(merged, own...), nil
}

// merge returns the pairs that the value of a merge key brings: those of a mapping, or of a list of mappings from the
// last to the first.
func (d *decoder) merge(n *yaml.Node, depth int) ([]pair, *Error) {
	var sources []*yaml.Node
	switch n.Kind {
	case yaml.MappingNode:
		sources = []*yaml.Node{n}
	case yaml.SequenceNode:
		sources = slices.Clone(n.Content)
		slices.Reverse(sources)
	default:
		return nil, errAt(n.Line, "expected a mapping or a list of mappings to merge")
	}
	var pairs []pair
	for _, s := range sources {
		s = target(s)
		if s.Kind != yaml.MappingNode {
			return nil, errAt(s.Line, "expected a mapping to merge")
		}
		if err := d.enter(s, depth); err != nil {
			return nil, err
		}
		p, err := d.flatten(s, depth)
		d.leave(s)
		if err != nil {
			return nil, err
		}
		for range p {
			if err := d.spend(s.Line); err != nil {
				return nil, err
			}
		}
		pairs = append(pairs, p...)
	}
	return pairs, nil
}

func isMerge(key *yaml.Node) bool {
	key = target(key)
	return key.Kind == yaml.ScalarNode && scalarTag(key) == tagMerge
}

// target follows an alias to what it stands for.
func target(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}
