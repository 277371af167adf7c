package differential

import (
	"fmt"
	"strconv"
	"strings"
)

// oddCase is a request as it goes over the wire, but for the names in it (see
// httpWorld) and *, the length of its body.
type oddCase struct {
	name string
	head string // with the empty line
	body string
}

// What the requests are made from: the cheapest ones of each kind.
const (
	oddPing = `[{"client": "local", "tgt": "nobody", "fun": "test.ping"}]`
	oddForm = "client=local&tgt=nobody&fun=test.ping"
	oddCred = `{"username": "bench", "password": "$SECRET", "eauth": "sharedsecret"}`
)

// oddCases makes the requests of the suite.
func oddCases() []oddCase {
	var all oddList
	all.paths()
	all.queries()
	all.methods()
	all.versions()
	all.lines()
	all.credentials()
	all.types()
	all.accepts()
	all.codings()
	all.lengths()
	return all
}

type oddList []oddCase

func (l *oddList) add(name, body string, lines ...string) {
	*l = append(*l, oddCase{name: name, head: strings.Join(lines, "\r\n") + "\r\n\r\n", body: body})
}

// get adds a GET with more headers.
func (l *oddList) get(name, target string, headers ...string) {
	l.add(name, "", append([]string{"GET " + target + " HTTP/1.1", "Host: $HOST", "Connection: close"}, headers...)...)
}

// post adds a POST to the root within the session, in place of whose headers
// there may be others.
func (l *oddList) post(name, body string, headers ...string) {
	lines := []string{"POST / HTTP/1.1", "Host: $HOST", "Connection: close"}
	for _, other := range []string{"X-Auth-Token: $SESSION", "Content-Type: application/json", "Content-Length: *"} {
		key, _, _ := strings.Cut(other, ":")
		if !strings.Contains(strings.ToLower(strings.Join(headers, "\n")), strings.ToLower(key)) {
			lines = append(lines, other)
		}
	}
	for _, h := range headers {
		if !strings.HasSuffix(h, ": -") {
			lines = append(lines, h)
		}
	}
	l.add(name, body, lines...)
}

func (l *oddList) paths() {
	for _, base := range []string{"/", "/run", "/login", "/token", "/minions/nobody", "/index"} {
		first, rest, _ := strings.Cut(strings.TrimPrefix(base, "/"), "/")
		for _, path := range []string{
			base, base + "/", base + "//", "/" + base, "//" + base, "/." + base, base + "/.", base + "/..", base + "/x",
			"/x/.." + base, base + "%2F", "/%2F" + first + "/" + rest, base + "/index", base + ".json", base + ";x=1", base + "#x",
			strings.ToUpper(base), "/" + first + "//" + rest, "/" + first + "%2F" + rest, "/%" + fmt.Sprintf("%x", (first + "/")[0]) + base[min(2, len(base)):],
			base + "%20", base + "%00", base + "%FF", base + "%zz", base + "\\", base + "%5C", base + "+", base + "*", base + "%3F",
		} {
			l.get("path "+path, path, "X-Auth-Token: $SESSION")
		}
	}
	for _, target := range []string{
		// Each of these costs the master a process.
		"/jobs//$JOB", "/jobs/$JOB//5", "/jobs/x%FF", "/jobs/x%zz", "/jobs/a%2Fb", "/jobs?jid=x", "//jobs/x",
		"/keys//nobody", "/keys/nobody%FF", "/keys/nobody%2F", "/keys?mid=nobody", "http://$HOST/", "http://elsewhere.example/login", "https://$HOST/login", "HTTP://$HOST/minions/nobody",
		"http://$HOST", "$HOST/", "login", "*", "", "?x", "/ /x", "/\tx",
	} {
		l.get("path or target "+target, target, "X-Auth-Token: $SESSION")
	}
	for _, path := range []string{"/", "//", "/run/", "//run", "/jobs/", "/minions//", "/index", "/index/", "/jobs/x", "/run/x"} {
		l.add("path POST "+path, oddPing, "POST "+path+" HTTP/1.1", "Host: $HOST", "Connection: close",
			"X-Auth-Token: $SESSION", "Content-Type: application/json", "Content-Length: *")
	}
	for _, path := range []string{"/hook", "/hook/", "/hook//a", "/hook/a//b/", "/hook/a%2Fb", "//hook/a", "/hook/..", "/hook/a%20b"} {
		l.add("path POST "+path, "{}", "POST "+path+" HTTP/1.1", "Host: $HOST", "Connection: close",
			"X-Auth-Token: $SESSION", "Content-Type: application/json", "Content-Length: *")
	}
	for _, path := range []string{"/login", "/login/", "//login", "///login", "/login//", "/login?x=1", "/login/x"} {
		l.add("path POST "+path, oddCred, "POST "+path+" HTTP/1.1", "Host: $HOST", "Connection: close",
			"Content-Type: application/json", "Content-Length: *")
	}
}

func (l *oddList) queries() {
	for _, base := range []string{"/", "/run", "/login", "/minions", "/minions/nobody"} {
		for _, query := range []string{
			"?", "?&", "?&&", "?=", "?x", "?x=", "?x=1", "?mid=nobody", "?jid=x", "?timeout=5", "?mid=", "?mid=nobody&mid=nobody",
			"?x=%FF", "?%00", "?;", "??", "?token=$SESSION", "?session_id=$SESSION", "?callback=x", "?_=1700000000",
		} {
			if base == "/minions" && !strings.Contains(query, "nobody") {
				continue // all grains of all minions, each time
			}
			l.get("query "+base+query, base+query, "X-Auth-Token: $SESSION")
		}
	}
	l.add("query POST", oddPing, "POST /?x=1&tgt=* HTTP/1.1", "Host: $HOST", "Connection: close",
		"X-Auth-Token: $SESSION", "Content-Type: application/json", "Content-Length: *")
}

func (l *oddList) methods() {
	for _, path := range []string{"/", "/run", "/login", "/minions/nobody", "/keys/nobody", "/stats"} {
		for _, method := range []string{"HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "BREW", "get", "Get"} {
			for _, length := range []string{"Content-Length: 0", "X-Nothing: 0"} {
				l.add("method "+method+" "+path+" "+length, "", method+" "+path+" HTTP/1.1", "Host: $HOST", "Connection: close",
					"X-Auth-Token: $SESSION", length)
			}
		}
		l.get("method override "+path, path, "X-Auth-Token: $SESSION", "X-HTTP-Method-Override: DELETE", "X-HTTP-Method: DELETE")
	}
	l.add("method CONNECT", "", "CONNECT $HOST HTTP/1.1", "Host: $HOST", "Connection: close")
	for _, method := range []string{"POST", "PUT", "PATCH"} {
		l.add("method with a body "+method, oddPing, method+" / HTTP/1.1", "Host: $HOST", "Connection: close",
			"X-Auth-Token: $SESSION", "Content-Type: application/json", "Content-Length: *")
	}
	for _, method := range []string{"GET", "HEAD", "DELETE"} {
		l.add("method with a body "+method, "{}", method+" /login HTTP/1.1", "Host: $HOST", "Connection: close",
			"X-Auth-Token: $SESSION", "Content-Type: application/json", "Content-Length: *")
	}
}

func (l *oddList) versions() {
	for _, version := range []string{"HTTP/1.0", "HTTP/1.1", "HTTP/1.2", "HTTP/2.0", "HTTP/0.9", "HTTP/1.01", "HTTP/1", "http/1.1", "HTTP/1.1 ", "HTTPS/1.1", ""} {
		l.add("version "+version, "", "GET / "+version, "Host: $HOST", "Connection: close")
		l.add("version and POST "+version, oddPing, "POST / "+version, "Host: $HOST", "Connection: close",
			"X-Auth-Token: $SESSION", "Content-Type: application/json", "Content-Length: *")
	}
	l.add("version 1.0 without a host", "", "GET / HTTP/1.0")
	l.add("version 1.0 to be kept", "", "GET / HTTP/1.0", "Connection: Keep-Alive")
	l.add("version 1.0 with chunks", "3\r\n{}\n\r\n0\r\n\r\n", "POST / HTTP/1.0", "Host: $HOST", "X-Auth-Token: $SESSION", "Transfer-Encoding: chunked")
	l.add("version 1.1 without a host", "", "GET / HTTP/1.1", "Connection: close")
	l.add("line with two blanks", "", "GET  / HTTP/1.1", "Host: $HOST", "Connection: close")
	l.add("line with a tabulator", "", "GET\t/ HTTP/1.1", "Host: $HOST", "Connection: close")
	l.add("line after an empty one", "", "", "GET / HTTP/1.1", "Host: $HOST", "Connection: close")
	l.add("line after two empty ones", "", "", "", "GET / HTTP/1.1", "Host: $HOST", "Connection: close")
	*l = append(*l, oddCase{name: "lines that end with LF", head: "GET / HTTP/1.1\nHost: $HOST\nConnection: close\n\n"},
		oddCase{name: "lines that end with CR", head: "GET / HTTP/1.1\rHost: $HOST\rConnection: close\r\r\n\r\n"})
}

// lines are about headers that mean nothing, or that proxies and browsers add.
func (l *oddList) lines() {
	for i, h := range []string{
		"Accept-Charset: utf-8", "Accept-Language: xx", "Range: bytes=0-1", "If-None-Match: *", "If-Match: x", "If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT",
		"If-Unmodified-Since: Thu, 01 Jan 1970 00:00:00 GMT", "Expect: 100-continue", "Expect: 100-Continue", "Expect:", "Expect: more",
		"Upgrade: h2c", "Upgrade: websocket", "Upgrade-Insecure-Requests: 1", "Cache-Control: only-if-cached", "Pragma: no-cache", "DNT: 1",
		"X-Forwarded-For: 1.2.3.4", "X-Forwarded-For: nonsense", "X-Forwarded-Proto: https", "X-Forwarded-Host: elsewhere.example", "X-Forwarded-Prefix: /x",
		"Forwarded: for=1.2.3.4", "X-Real-Ip: 1.2.3.4", "X-Original-Url: /jobs", "X-Rewrite-Url: /jobs", "Via: 1.1 x", "Max-Forwards: 0", "TE: trailers", "Trailer: X",
		"Origin: null", "Origin: https://elsewhere.example", "Origin:", "Referer: https://elsewhere.example/x", "Sec-Fetch-Site: cross-site",
		"User-Agent:", "User-Agent: \xe4\xf6", "X-Requested-With: XMLHttpRequest", "From: x@example.com", "Date: nonsense", "Content-MD5: x",
		"Content-Language: de", "Content-Location: /x", "Content-Range: bytes 0-1/2", "Content-Disposition: attachment", "Authorization:", "Keep-Alive: 5",
		"X-Odd: \xff\xfe", "X-Odd: a\x01b", "X-Odd: a\x00b", "X-Odd: a\tb", "X-Odd:", "X-Odd:x", "X-Odd:   x   ", "X_Odd: x", "X-Odd : x", "X Odd: x", "X\xe4: x", ": x", "X-Odd",
		"X-Odd: a\r\n b", "X-Odd: a\r\n\tb", "X-Odd: " + strings.Repeat("x", 20_000), strings.Repeat("X-Odd: x\r\n", 300) + "X-Odd: x", "Proxy: http://x",
		"Connection: keep-alive", "Connection: Upgrade", "Connection: close, X-Auth-Token", "Proxy-Connection: close",
		"Host: $HOST", "Host: elsewhere.example",
	} {
		name := fmt.Sprintf("line %d %.40q", i, h)
		l.get(name, "/", h)
		if strings.HasPrefix(h, "Expect") || strings.HasPrefix(h, "Content") || strings.HasPrefix(h, "Connection") || i%5 == 0 {
			l.post(name+" and POST", oddPing, h)
		}
	}
	for _, host := range []string{"", "elsewhere.example", "a b", "a/b", "x@y", "[::1]", "[::1]:80", "$HOST.", "a_b", "A:99999", "\xe4", "a,b", "127.0.0.1:x"} {
		l.add("host "+strconv.Quote(host), "", "GET / HTTP/1.1", "Host: "+host, "Connection: close")
	}
}

func (l *oddList) credentials() {
	const unknown = "0123456789abcdef0123456789abcdef01234567"
	for i, lines := range [][]string{
		{"X-Auth-Token: $SESSION"}, {"x-auth-token: $SESSION"}, {"X-AUTH-TOKEN: $SESSION"}, {"X-Auth-Token:$SESSION"}, {"X-Auth-Token:  $SESSION  "},
		{"X-Auth-Token: \t$SESSION\t"}, {`X-Auth-Token: "$SESSION"`}, {"X-Auth-Token: $SESSION,"}, {"X-Auth-Token: Bearer $SESSION"}, {"X_Auth_Token: $SESSION"},
		{"X-Auth-Token : $SESSION"}, {"X-Auth-Token: $SESSION", "X-Auth-Token: $SESSION"}, {"X-Auth-Token: " + unknown, "X-Auth-Token: $SESSION"},
		{"X-Auth-Token: $SESSION", "X-Auth-Token: " + unknown}, {"X-Auth-Token: $SESSION, $SESSION"}, {"X-Auth-Token:", "X-Auth-Token: $SESSION"},
		{"X-Auth-Token: $SESSION", "X-Auth-Token:"}, {"X-Auth-Token:\r\n $SESSION"}, {"X-Auth-Token: $SESSION;x"}, {"X-Auth-Token: %22$SESSION"},
		{"X-Auth-Token: $TOKEN"}, {"X-Auth-Token: " + unknown}, {"X-Auth-Token: -"},
		{"Cookie: session_id=$SESSION"}, {"cookie: session_id=$SESSION"}, {"Cookie: session_id=$SESSION;"}, {"Cookie: session_id=$SESSION; "}, {"Cookie: a=b;session_id=$SESSION"},
		{"Cookie: a=b, session_id=$SESSION"}, {`Cookie: session_id="$SESSION"`}, {"Cookie: session_id = $SESSION"}, {"Cookie: SESSION_ID=$SESSION"},
		{"Cookie: session_id=" + unknown + "; session_id=$SESSION"}, {"Cookie: session_id=$SESSION; session_id=" + unknown}, {"Cookie: a=b", "Cookie: session_id=$SESSION"},
		{"Cookie: session_id=$SESSION", "Cookie: a=b"}, {"Cookie: session_id=" + unknown, "Cookie: session_id=$SESSION"}, {"Cookie: $Version=1; session_id=$SESSION; $Path=/"},
		{"Cookie: session_id=$SESSION; session_id="}, {"Cookie: ; session_id=$SESSION"}, {"Cookie: a; session_id=$SESSION"}, {"Cookie: a b=c; session_id=$SESSION"}, {"Cookie: a=\xe4; session_id=$SESSION"},
		{"Cookie: a={\"b\": 1}; session_id=$SESSION"}, {"Cookie: a=b=c==; session_id=$SESSION"}, {"Cookie: expires=x; session_id=$SESSION"}, {"Cookie: session_id=$SESSION; path=/; HttpOnly"},
		{"Cookie2: session_id=$SESSION"}, {"Cookie: session_id=$TOKEN"},
		{"Authorization: Bearer x.y.z", "Cookie: session_id=$SESSION"}, {"Authorization: bearer x.y.z", "X-Auth-Token: $SESSION"}, {"Authorization: Basic eDp5", "Cookie: session_id=$SESSION"},
		{"Authorization: Negotiate YII=", "Cookie: session_id=$SESSION"}, {"Authorization: Bearer", "Cookie: session_id=$SESSION"}, {"Authorization: nonsense", "Cookie: session_id=$SESSION"},
		{"Authorization: Bearer " + unknown, "Cookie: session_id=$SESSION"}, {"Authorization: Bearer $SESSION_RO", "Cookie: session_id=$SESSION"},
		{"Authorization: Bearer saltern_api_0123", "Cookie: session_id=$SESSION"}, {"Authorization: Bearer a", "Authorization: Bearer b", "Cookie: session_id=$SESSION"},
		{"Authorization: Bearer $SESSION"}, {"Authorization: Token $SESSION"}, {"Authorization: Basic JFNFU1NJT046"}, {"Proxy-Authorization: Bearer x", "Cookie: session_id=$SESSION"},
		{"X-Auth-Token:", "Cookie: session_id=$SESSION"}, {"X-Auth-Token: " + unknown, "Cookie: session_id=$SESSION"}, {"X-Auth-Token: null", "Cookie: session_id=$SESSION"},
		{"X-Auth-Token: undefined", "Cookie: session_id=$SESSION"}, {"X-Auth-Token: $SESSION", "Cookie: session_id=" + unknown},
		{"Cookie: session_id=$SESSION", "Sec-Fetch-Site: cross-site"}, {"Cookie: session_id=$SESSION", "Sec-Fetch-Site: same-site"},
		{"Cookie: session_id=$SESSION", "Sec-Fetch-Site: same-origin", "Origin: https://elsewhere.example"}, {"Cookie: session_id=$SESSION", "Origin: https://elsewhere.example"},
		{"Cookie: session_id=$SESSION", "Origin: null"},
	} {
		headers := append([]string{"X-Auth-Token: -"}, lines...)
		name := fmt.Sprintf("credential %d %.70q", i, strings.Join(lines, "|"))
		l.post(name, oddPing, headers...)
	}
}

func (l *oddList) types() {
	for i, kind := range []string{
		"application/json", "application/json;", "application/json; charset=utf-8", "application/json;charset=UTF8", "application/json; charset=iso-8859-1",
		"application/json; charset=nosuch", "application/json; charset=", "application/json; charset", "application/json; charset=\"utf-8\"", "application/json; charset='utf-8'",
		"application/json ; charset=utf-8", "application/json; a=b; a=c", "application/json; q=1", " application/json ", "application/json, application/json", "application/json,",
		"application/json/x", "APPLICATION/JSON", "application/JSON", "application/json\t", "text/json", "application/x-json", "application/vnd.api+json", "application/*", "*/*", "json", "",
		"text/plain", "text/plain; charset=utf-8", "text/plain; charset=us-ascii", "text/yaml", "application/x-yaml", "application/yaml", "text/x-yaml", "text/html", "text/*", "application/xml",
		"application/octet-stream", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/javascript", "application/json; charset=utf-16", "application/json; charset=utf-7",
		"application/json; version=1; charset=utf-8", "application/json\xe4", "application/json; charset=\xe4",
	} {
		l.post(fmt.Sprintf("type %d %q", i, kind), oddPing, "Content-Type: "+kind)
	}
	for _, lines := range [][]string{
		{"Content-Type: application/json", "Content-Type: application/json"}, {"Content-Type: text/plain", "Content-Type: application/json"},
		{"Content-Type: application/json", "Content-Type: application/xml"}, {"content-type: application/json"}, {"Content-Type: -"}, {"Content_Type: application/json"},
	} {
		l.post(fmt.Sprintf("type %q", lines), oddPing, lines...)
	}
	for i, kind := range []string{
		"application/x-www-form-urlencoded", "application/x-www-form-urlencoded; charset=ISO-8859-1", "application/x-www-form-urlencoded; charset=UTF-8", "application/x-www-form-urlencoded;",
		"application/x-www-form-urlencoded; charset=nosuch", "application/x-www-form-urlencoded, x", "application/X-WWW-form-urlencoded",
	} {
		l.post(fmt.Sprintf("type of a form %d %q", i, kind), oddForm, "Content-Type: "+kind)
	}
	for i, body := range []string{
		oddForm + "&", "&" + oddForm, "&&" + oddForm, oddForm + "&x", oddForm + "&=", oddForm + "&=x", oddForm + "\r\n", oddForm + "&a%20b=c+d", oddForm + ";x=1", oddForm + "&x=%zz", oddForm + "&x=%",
		"client=local&tgt=nobody&tgt_type=glob&fun=test.ping", "client=%6cocal&tgt=nobody&fun=test%2Eping", "client=local&tgt=no%62ody&fun=test.ping&arg=", oddForm + "&arg=%E4", oddForm + "&\x00=1",
		"CLIENT=local&tgt=nobody&fun=test.ping", oddForm + "&arg[]=1", oddForm + "&client=local",
	} {
		l.post(fmt.Sprintf("form %d %q", i, body), body, "Content-Type: application/x-www-form-urlencoded")
	}
	for i, body := range []string{"\r\n" + oddPing, oddPing + "\r\n", "\ufeff" + oddPing, " " + oddPing + " ", oddPing + "\x00", "[]", "{}", "", "null", strings.Trim(oddPing, "[]"), "[" + oddPing + "]"} {
		for _, kind := range []string{"application/json", "text/plain", "application/x-yaml"} {
			l.post(fmt.Sprintf("body %d %.20q as %s", i, body, kind), body, "Content-Type: "+kind)
		}
	}
}

func (l *oddList) accepts() {
	for i, accept := range []string{
		"", "*/*", "application/json", "application/*", "*", "application/json;q=0", "application/json; q=0.5", "application/json;q=x", "application/x-yaml", "application/yaml", "text/yaml", "text/html",
		"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "application/json, text/plain, */*", "application/json,application/x-yaml", "application/x-yaml,application/json;q=0.9",
		"Application/JSON", "application/json; charset=utf-8", "application/json;version=1", "application/json,", ",application/json", ",", "application/json;", "json", "text/*", "application/json;q=2",
		"*/*;q=0.1", "application/json;q=0,*/*", "image/webp", "application/json;q=1;x=y", "application/problem+json, application/json", "\xe4",
	} {
		l.get(fmt.Sprintf("accept %d %q", i, accept), "/", "Accept: "+accept)
	}
	l.get("accept twice", "/", "Accept: text/html", "Accept: application/json")
	l.get("accept in lower case", "/", "accept: application/x-yaml")
	for _, coding := range []string{"", "gzip", "GZIP", "br", "identity", "identity;q=0", "*", "*;q=0", "gzip;q=0", "gzip;q=x", "nosuch", "gzip, deflate, br", "gzip;q=1.0, identity; q=0.5, *;q=0"} {
		l.get("accept-encoding "+coding, "/", "Accept-Encoding: "+coding)
	}
}

func (l *oddList) codings() {
	for _, coding := range []string{"", "UTF-8", "utf8", "identity", "Identity", "none", "gzip", "x-gzip", "GZIP", "deflate", "br", "zstd", "compress", "gzip, identity", "gzip, gzip", "application/json", "7bit", "*", "gzip;q=1"} {
		l.post("coding "+coding, oddPing, "Content-Encoding: "+coding)
		l.post("coding of a form "+coding, oddForm, "Content-Encoding: "+coding, "Content-Type: application/x-www-form-urlencoded")
	}
	l.post("coding twice", oddPing, "Content-Encoding: identity", "Content-Encoding: UTF-8")
	for _, coding := range []string{"base64", "binary", "8bit", "quoted-printable"} {
		l.post("transfer of mail "+coding, oddPing, "Content-Transfer-Encoding: "+coding)
	}
}

// lengths are about where a body ends. Whoever reads it otherwise than a proxy
// in front takes a part of it for the next request.
func (l *oddList) lengths() {
	n := len(oddPing)
	for i, length := range []string{
		"*", "+" + strconv.Itoa(n), "0" + strconv.Itoa(n), " " + strconv.Itoa(n) + " ", strconv.Itoa(n) + ", " + strconv.Itoa(n), strconv.Itoa(n) + ";x", "0x3a", strconv.Itoa(n) + ".0", "5_8", "", "0", "-1", "x", "99999999999999999999",
	} {
		l.post(fmt.Sprintf("length %d %q", i, length), oddPing, "Content-Length: "+length)
	}
	l.post("length twice", oddPing, "Content-Length: *", "Content-Length: *")
	l.post("length twice, another first", oddPing, "Content-Length: 1", "Content-Length: *")
	l.post("length twice, another last", oddPing, "Content-Length: *", "Content-Length: 1")
	l.post("length absent", oddPing, "Content-Length: -")
	l.post("length in lower case", oddPing, "content-length: *")
	l.post("length with a blank before the colon", oddPing, "Content-Length : *")
	l.post("length with an underscore", oddPing, "Content_Length: *", "Content-Length: *")
	l.post("length folded", oddPing, "Content-Length:\r\n *")
	l.post("length after NUL", oddPing, "Content-Length: \x00*")
	chunked := fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", n, oddPing)
	for i, te := range []string{"chunked", "Chunked", "identity", "gzip, chunked", "chunked, chunked", "chunked, identity", "xchunked", "", "chunked;x", "\x0bchunked", "gzip"} {
		l.post(fmt.Sprintf("transfer %d %q", i, te), chunked, "Content-Length: -", "Transfer-Encoding: "+te)
		l.post(fmt.Sprintf("transfer and length %d %q", i, te), chunked, "Transfer-Encoding: "+te)
		l.post(fmt.Sprintf("transfer and a plain body %d %q", i, te), oddPing, "Transfer-Encoding: "+te)
	}
	l.post("transfer twice", chunked, "Content-Length: -", "Transfer-Encoding: chunked", "Transfer-Encoding: chunked")
	l.post("transfer with a blank before the colon", oddPing, "Transfer-Encoding : chunked")
	l.post("transfer with an underscore", oddPing, "Transfer_Encoding: chunked")
	for i, body := range []string{
		fmt.Sprintf("%x;x=y\r\n%s\r\n0\r\n\r\n", n, oddPing), fmt.Sprintf("%x\n%s\n0\n\n", n, oddPing), fmt.Sprintf("0x%x\r\n%s\r\n0\r\n\r\n", n, oddPing), fmt.Sprintf("%x\r\n%s\r\n0\r\nX: y\r\n\r\n", n, oddPing),
		fmt.Sprintf("%X\r\n%s\r\n00\r\n\r\n", n, oddPing), "0\r\n\r\n",
	} {
		l.post(fmt.Sprintf("chunks %d", i), body, "Content-Length: -", "Transfer-Encoding: chunked")
	}
}
