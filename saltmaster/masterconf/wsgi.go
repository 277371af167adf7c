package masterconf

// RestWSGI is the section rest_wsgi. It always listens on localhost.
type RestWSGI struct {
	Port int
}

// readRestWSGI returns nil when there is nothing to start.
func readRestWSGI(top options) *RestWSGI {
	o, _, ok := top.section("rest_wsgi")
	if !ok {
		return nil
	}
	w := &RestWSGI{Port: o.requiredPort()}
	o.unknown("rest_wsgi", []string{"port"})
	return w
}

// requiredPort reads the port of a section that has one.
func (o options) requiredPort() int {
	if v, at, _ := o.item("port"); v == nil {
		o.problem(at, "is missing: salt-api does not start the section without it")
		return 0
	}
	return o.port("port", 0)
}
