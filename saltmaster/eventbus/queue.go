package eventbus

import "iter"

// partItems is how many items a part of a queue has room for at most.
const partItems = 256

// queue is the items that wait for a Sub, in their order. It is in parts, so that what was
// taken of a burst does not stay, and nothing is copied when more come. The zero value has
// none.
type queue struct {
	parts [][]item // the last one has room, or is full
	taken int      // of the first part
	n     int
}

func (q *queue) len() int { return q.n }

// push adds an item at the end.
func (q *queue) push(i item) {
	last := len(q.parts) - 1
	if last < 0 || len(q.parts[last]) == cap(q.parts[last]) {
		size := 1 // most queues never have more
		if last >= 0 {
			size = min(2*cap(q.parts[last]), partItems)
		}
		q.parts = append(q.parts, make([]item, 0, size))
		last++
	}
	q.parts[last] = append(q.parts[last], i)
	q.n++
}

// pop takes the first item of a queue that has some.
func (q *queue) pop() item {
	first := q.parts[0]
	next := first[q.taken]
	first[q.taken] = item{}
	q.taken++
	if q.n--; q.n == 0 {
		*q = queue{}
	} else if q.taken == len(first) {
		q.parts[0], q.parts, q.taken = nil, q.parts[1:], 0
	}
	return next
}

// last returns the last item; ok is false if there is none.
func (q *queue) last() (i item, ok bool) {
	if q.n == 0 {
		return item{}, false
	}
	part := q.parts[len(q.parts)-1]
	return part[len(part)-1], true
}

// all are the items.
func (q *queue) all() iter.Seq[item] {
	return func(yield func(item) bool) {
		from := q.taken
		for _, part := range q.parts {
			for _, i := range part[from:] {
				if !yield(i) {
					return
				}
			}
			from = 0
		}
	}
}
