package mastertest

import "time"

// Faults are what goes wrong, from the next request on. The zero value is a healthy master.
type Faults struct {
	// Mute accepts connections and never greets, as the kernel does for a stopped master.
	Mute bool
	// Silent reads requests and neither answers nor carries them out.
	Silent bool
	// DropRequest closes the connection when a request arrives, and does not carry it out.
	DropRequest bool
	// DropReply carries a request out and closes the connection instead of answering.
	DropReply bool
	// Delay is how long a request waits before it is looked at.
	Delay time.Duration
	// Reply is sent in place of every answer when it is not nil.
	Reply []byte
	// EarlyReturns lets minions without a delay answer before the publication's reply is sent.
	EarlyReturns bool
	// DuplicateReturns says every return twice.
	DuplicateReturns bool
	// TrimReturns cuts every return to VALUE_TRIMMED on the bus, as if it were larger than MaxEventSize.
	TrimReturns bool
	// CacheDelay is how long after its event a return is written to the job cache.
	CacheDelay time.Duration
	// OutDelay is how long after a return its outputter is written there.
	OutDelay time.Duration
	// DropFired loses the events that others fire.
	DropFired bool
}

// Fail changes the faults.
func (m *Master) Fail(change func(*Faults)) {
	m.faultsMu.Lock()
	defer m.faultsMu.Unlock()
	change(&m.faults)
	m.peer.Mute.Store(m.faults.Mute)
}

func (m *Master) currentFaults() Faults {
	m.faultsMu.Lock()
	defer m.faultsMu.Unlock()
	return m.faults
}

// DropRequests closes every connection of the request channel.
func (m *Master) DropRequests() {
	for _, c := range m.peer.Conns() {
		_ = c.Close()
	}
}

// DropBus closes every connection of the event bus. Subscribers may connect again at once.
func (m *Master) DropBus() { m.bus.dropAll() }

// StopBus stops the event bus alone, StartBus starts it again.
func (m *Master) StopBus() { m.bus.stop() }

// StartBus starts the event bus after StopBus.
func (m *Master) StartBus() error { return m.bus.start() }

// WriteBus writes bytes to all subscribers as they are.
func (m *Master) WriteBus(b []byte) { m.bus.send(b) }
