package rpc

// Waiting returns how many commands are looked at later.
func (f *Following) Waiting() int64 { return f.waiting.Load() }
