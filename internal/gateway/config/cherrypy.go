package config

import (
	"errors"
	"fmt"
	"strings"

	"github.com/saltern-api/saltern/internal/settings"
	"github.com/saltern-api/saltern/saltmaster/masterconf"
	"github.com/saltern-api/saltern/saltmaster/masterconf/yaml11"
	"github.com/saltern-api/saltern/server"
)

// mainOptions returns the API's options in rest_cherrypy and saltern.yaml. The
// error joins every problem.
func mainOptions(r *masterconf.RestCherryPy, set *settings.Settings) (server.MainOptions, error) {
	o := server.MainOptions{CORSOrigins: set.CORSOrigin, PublicURL: set.PublicURL}
	if r == nil {
		return o, nil
	}
	o.RootPrefix = r.RootPrefix
	o.NoSessions = !r.EnableSessions
	o.WebhookURL, o.WebhookDisableAuth = r.WebhookURL, r.WebhookDisableAuth
	o.StatsDisableAuth = r.StatsDisableAuth
	o.Static = server.StaticFiles{
		Static: r.Static, StaticPath: r.StaticPath, App: r.App, AppPath: r.AppPath, Favicon: r.Favicon,
	}
	var problems []error
	for _, option := range []struct{ name, path string }{
		{"root_prefix", r.RootPrefix}, {"webhook_url", r.WebhookURL}, {"static_path", r.StaticPath}, {"app_path", r.AppPath},
	} {
		if strings.ContainsAny(option.path, "{}*?#% ") {
			problems = append(problems, fmt.Errorf("rest_cherrypy: %s: %q is not a plain path", option.name, option.path))
		}
	}
	for _, ip := range r.AuthorizedIPs {
		prefix, err := server.ParsePrefix(ip)
		if err != nil {
			problems = append(problems, fmt.Errorf("rest_cherrypy: authorized_ips: %q is no address", ip))
			continue
		}
		o.AuthorizedIPs = append(o.AuthorizedIPs, prefix)
	}
	var err error
	if o.APIACL, err = apiACL(r.APIACL); err != nil {
		problems = append(problems, fmt.Errorf("rest_cherrypy: api_acl: %w", err))
	}
	return o, errors.Join(problems...)
}

// BodyLimit returns the maximum request body in bytes.
func (c *Config) BodyLimit() int64 {
	var ofMaster int64 // 0 if not set
	if r := c.Master.RestCherryPy; r != nil && r.MaxRequestBodySizeSet {
		ofMaster = r.MaxRequestBodySize
	}
	return c.Settings.BodyLimit(ofMaster)
}

// apiACL parses api_acl: {users: {<name or *>: [<address or *>]}}. One without
// a user lets no user log in, as in salt-api.
func apiACL(v any) (*server.APIACL, error) {
	if v == nil {
		return nil, nil
	}
	top, ok := v.(*yaml11.Map)
	if !ok {
		return nil, errors.New("has to be a map with users")
	}
	if top.Len() == 0 {
		return nil, nil
	}
	acl := &server.APIACL{Users: make(map[string][]string)}
	list, _ := top.Get("users")
	if list == nil {
		return acl, nil
	}
	users, ok := list.(*yaml11.Map)
	if !ok {
		return nil, errors.New("users has to be a map of names with addresses")
	}
	for item := range users.All() {
		name, ok := item.Key.(string)
		if !ok { // in salt-api no user has such a name
			return nil, fmt.Errorf("users: %v has to be text; put quotes around it", item.Key)
		}
		addresses, err := aclAddresses(item.Value)
		if err != nil {
			return nil, fmt.Errorf("users: %s: %w", name, err)
		}
		acl.Users[name] = addresses
	}
	return acl, nil
}

func aclAddresses(v any) ([]string, error) {
	if v == nil {
		return nil, nil
	}
	var list []any
	switch v := v.(type) {
	case []any:
		list = v
	case *yaml11.Map: // as salt-api looks for an address in it
		for item := range v.All() {
			list = append(list, item.Key)
		}
	default:
		list = []any{v}
	}
	var addresses []string
	for _, a := range list {
		text, ok := a.(string)
		if !ok {
			return nil, errors.New("has to be a list of addresses")
		}
		if _, err := server.ParsePrefix(text); err != nil && text != "*" {
			return nil, fmt.Errorf("%q is no address", text)
		}
		addresses = append(addresses, text)
	}
	return addresses, nil
}
