// Package presence lists which of the minions that a master knows are
// connected to it, the way Salt does (salt.utils.minions.CkMinions): by the
// addresses in their cached grains and the machine's TCP connections.
//
// It knows files and msgpack, and imports nothing else of Saltern.
//
//	p := presence.Minions{CacheDir: "/var/cache/salt/master", PublishPort: 4505}
//	away := p.NotConnected([]string{"web1"})
package presence
