package masterconf

// RestTornado is the section rest_tornado, with the defaults of Salt's module.
type RestTornado struct {
	Port    int
	Address string // empty for every address of the machine

	DisableSSL bool
	SSLCrt     string // empty when not set; salt-api does not start without it unless DisableSSL
	SSLKey     string // empty when the file of the certificate has it

	WebhookDisableAuth bool
	CORSOrigins        []string // as written; "*" is every origin
}

// tornadoKeys are the options that rest_tornado documents or reads.
var tornadoKeys = []string{
	"address", "backlog", "cors_origin", "debug", "disable_ssl", "num_processes", "port", "ssl_crt", "ssl_key",
	"webhook_disable_auth", "websockets",
}

// readRestTornado returns nil when there is nothing to start.
func readRestTornado(top options, f files) *RestTornado {
	o, at, ok := top.section("rest_tornado")
	if !ok {
		return nil
	}
	r := &RestTornado{
		Port:               o.requiredPort(),
		Address:            o.name("address", ""),
		DisableSSL:         o.flag("disable_ssl", false),
		SSLCrt:             o.text("ssl_crt", ""),
		SSLKey:             o.name("ssl_key", ""),
		WebhookDisableAuth: o.flag("webhook_disable_auth", false),
		CORSOrigins:        o.tornadoOrigins(),
	}
	if !r.DisableSSL {
		switch {
		case r.SSLCrt == "" && r.SSLKey == "":
			at.key = "rest_tornado"
			o.rep.warn(at, "has neither ssl_crt nor disable_ssl: salt-api does not start it")
		case r.SSLCrt == "":
			at.key = "rest_tornado"
			o.rep.problem(at, "has ssl_key without ssl_crt")
		}
		o.filesExist(f, "ssl_crt", "ssl_key")
	}
	o.warnIneffective("rest_tornado")
	o.unknown("rest_tornado", tornadoKeys)
	return r
}

// tornadoOrigins reads cors_origin: "*", an origin, or a list of origins, in
// which "*" has no meaning.
func (o options) tornadoOrigins() []string {
	v, at, _ := o.value("cors_origin")
	switch v := v.(type) {
	case string:
		if v == "" {
			return nil
		}
		return []string{v}
	case []any:
		var origins []string
		for _, x := range v {
			if s, ok := x.(string); ok && s != "*" {
				origins = append(origins, s)
				continue
			}
			o.rep.warn(at, "is a list with %s in it, which matches no origin", keyText(x))
		}
		return origins
	default:
		if truthy(v) {
			o.rep.warn(at, "is %s and matches no origin", kind(v))
		}
		return nil
	}
}
