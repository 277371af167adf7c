package rpc

import "github.com/saltern-api/saltern/internal/fair"

// SetReading sets the turns to read the grains of minions, before [API.Mount].
func (a *API) SetReading(s *fair.Slots) { a.reading = s }

// SetMaxLooks sets how many times of schedules the calls of a request look at.
func (a *API) SetMaxLooks(n int) { a.maxLooks = n }
