package masterconf

// RestWSGI is the section rest_wsgi. It always listens on localhost.
type RestWSGI struct {
	Port int
}

// readRestWSGI returns nil when there is nothing to start.
func readRestWSGI(top options) *RestWSGI {
	o, at, ok := top.section("rest_wsgi")
	if !ok {
		return nil
	}
	w := &RestWSGI{Port: o.requiredPort(at)}
	o.unknown("rest_wsgi", []string{"port"})
	return w
}

// requiredPort reads a port without which salt-api does not start a section.
func (o options) requiredPort(section where) int {
	v, at, ok := o.item("port")
	switch {
	case !ok:
		at = section
		at.key = o.prefix + "port"
		fallthrough
	case v == nil:
		o.rep.problem(at, "is missing: salt-api does not start the section without it")
		return 0
	}
	return o.port("port", 0)
}
