package eventstream

// ring holds the newest frames: those with the numbers tail to head-1.
type ring struct {
	frames     []Frame // by number modulo its length
	tail, head uint64
	bytes      int64
}

func (r *ring) at(seq uint64) *Frame { return &r.frames[seq%uint64(len(r.frames))] }

// push adds a frame and lets go of the oldest ones until all fit.
func (r *ring) push(f Frame, maxBytes int64) {
	for r.tail < r.head && (r.head-r.tail == uint64(len(r.frames)) || r.bytes+f.size() > maxBytes) {
		oldest := r.at(r.tail)
		r.bytes -= oldest.size()
		*oldest = Frame{}
		r.tail++
	}
	*r.at(r.head) = f
	r.bytes += f.size()
	r.head++
}

// reset lets go of everything. A number is left out, so that no reader of the last frame takes the next one for the
// one that followed.
func (r *ring) reset() {
	r.head++
	r.tail, r.frames, r.bytes = r.head, nil, 0
}
