package msgpack

import (
	"cmp"
	"hash/maphash"
	"slices"
)

// maxDetours bounds the memory that duplicate keys may cost.
const maxDetours = 1 << 16

// dict applies the rule of Python's dict to maps with duplicate keys: the
// last value wins, at the place (and with the spelling) of the first key.
//
// Both transcoders pass over their input twice. The first pass checks it and
// notes a hash of every key here; maps with duplicates are found when they
// end, and leave detours behind. The second pass writes, and takes a detour
// where there is one. Either pass sees each byte once, whatever the nesting.
type dict struct {
	seed    maphash.Seed
	open    []entry // the entries of all maps now open, innermost last
	detours map[uint32]detour
}

// entry is one entry of a map, by offsets into the input.
type entry struct {
	hash uint64 // of the key
	key  uint32
	next uint32 // after the value
}

// detour says how to treat the entry whose key it is filed under.
type detour struct {
	value uint32 // the value to write for this key; 0 if the entry is dropped
	next  uint32 // where to go on
}

func newDict() dict { return dict{seed: maphash.MakeSeed()} }

// add notes an entry. Documents without a map pay for no room.
func (d *dict) add(e entry) {
	if d.open == nil {
		d.open = make([]entry, 0, 16)
	}
	d.open = append(d.open, e)
}

func byHash(a, b entry) int {
	if c := cmp.Compare(a.hash, b.hash); c != 0 {
		return c
	}
	return cmp.Compare(a.key, b.key)
}

// close ends the map whose entries start at mark. It returns nil if their
// keys differ, otherwise the entries ordered by hash, for merge.
func (d *dict) close(mark int) []entry {
	entries := d.open[mark:]
	d.open = d.open[:mark]
	slices.SortFunc(entries, byHash)
	for i := 1; i < len(entries); i++ {
		if entries[i].hash == entries[i-1].hash {
			return entries
		}
	}
	return nil
}

// merge notes a detour for each key that stands more than once in entries,
// and returns how many entries that drops. same compares the keys at two
// offsets, value finds the value of the key at an offset.
func (d *dict) merge(entries []entry, same func(a, b uint32) bool, value func(key uint32) uint32) (int, error) {
	if d.detours == nil {
		d.detours = make(map[uint32]detour)
	}
	dropped := 0
	for len(entries) > 0 {
		n := 1
		for n < len(entries) && entries[n].hash == entries[0].hash {
			n++
		}
		// More than one round needs two keys with one 64-bit hash.
		for run := entries[:n]; len(run) > 1; {
			first, last, others := run[0], run[0], run[:0]
			for _, e := range run[1:] {
				if !same(first.key, e.key) {
					others = append(others, e)
					continue
				}
				if len(d.detours) >= maxDetours {
					return 0, ErrDuplicate
				}
				d.detours[e.key] = detour{next: e.next}
				last = e
				dropped++
			}
			if last != first {
				d.detours[first.key] = detour{value: value(last.key), next: first.next}
			}
			run = others
		}
		entries = entries[n:]
	}
	return dropped, nil
}
