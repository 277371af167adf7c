package schedule

import "time"

// SetLook sets how often schedules are looked for that nothing has pointed to.
func (s *Service) SetLook(d time.Duration) { s.look = d }
