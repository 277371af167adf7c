"""Prints what a real Salt makes of bodies and headers, for salt_test.go.

    PYTHON vectors.py
"""

import base64
import json
import logging
import sys
import types

import cherrypy
import salt.netapi.rest_cherrypy.app as app
import salt.payload
import salt.utils.yaml

logging.disable(logging.CRITICAL)

YAML = r"""
client: local
===
- client: local
  tgt: '*'
  fun: test.ping
- client: local
  tgt: x
  kwarg: {a: 1, b: [yes, No, on, "yes"]}
===
{"client": "local", "arg": ["a\u00e9\n", 1, 1.5, null, true]}
===
[1, -1, +1, 0, 017, 0o17, 0x1F, 0b11, 1_000, 190:20:30, 1:30, 4506]
===
[1.5, -1.5, 1e3, 1.0e+3, 1e+3, .5, 5., 1_0.5, 190:20:30.15, 685.230_15e+03]
===
[.inf, -.inf, +.INF, 18446744073709551615, -9223372036854775808, 18446744073709551616, -9223372036854775809]
===
[~, null, Null, NULL, , nil, None]
===
[y, n, Y, yes, Yes, YES, yEs, true, TRUE, off, Off, on]
===
[2001-12-14, 2001-12-14t21:59:43.10-05:00, 2001-12-14 21:59:43.10 -5, 12:30:45]
===
a: 1
a: 2
===
{1: a, true: b}
===
{1: a, 1.5: b, ~: c, yes: d, 2001-01-01: e}
===
{[1]: a}
===
? a
? b
===
a: &x {k: 1}
b: *x
c: [*x, *x]
===
base: &b {tgt: '*', fun: test.ping}
one: {<<: *b, fun: test.version}
two: {<<: [*b, {z: 1}], y: 2}
===
a: *nowhere
===
a: &x [*x]
===
a: &x 1
b: &x 2
===
a
---
b
===
---
a: 1
...
===
# nothing
===
~
===
|
  text
   more

===
>-
  folded
  text
===
'it''s'
===
"\x41\u00e9\U0001F600\n\t\e"
===
"\q"
===
a: b: c
===
[a, b
===
{a: 1
===
	a: 1
===
a: "x
===
- a
 - b
===
key: value # comment
===
key: value#no comment
===
a: 'multi
  line'
===
=
===
{=: 1}
===
<<: 1
===
!x
===
@a
===
%a
===
é: ü
===
? complex
: value
===
- - - a
- b: - c
===
- - - a
- b:
  - c
- d:
  e: {}
  f: []
===
a: !!str
===
[!!str 5, !!int "5", !!float 1, !!float "1e3", !!bool "yes", !!null x, !!null "", !!str yes, !!str ~]
===
[!!seq [a], !!map {a: 1}, !<tag:yaml.org,2002:str> 5, ! 5, ! a]
===
[!!binary YQ==, !!binary "aGk="]
===
!!binary "?"
===
[!!timestamp 2001-12-14]
===
[!!timestamp 2001-12-14 21:59:43]
===
!!timestamp x
===
!!set {a}
===
!!set {a: 1}
===
!!set [a]
===
!!omap [a: 1, b: 2]
===
!!omap {a: 1}
===
!!pairs [a: 1, a: 2]
===
!!omap [a]
===
!!str [a]
===
!!int x
===
!!int [1]
===
!!bool x
===
!!map [a]
===
!!seq {a: 1}
===
{!!str 5: a, !!int "6": b}
===
{5: a, !!int "5": b}
===
!!python/unicode x
===
!!python/tuple [a]
===
!!python/name:os.system x
===
!!python/object/apply:os.system ['true']
===
!!merge x
===
!!value x
===
%YAML 1.1
---
a: 1
===
%YAML 1.2
---
[yes, 010, 1:30]
===
%YAML 1.3
--- a
===
%YAML  1.02 # x
--- a
===
%YAML 1.21
--- a
===
%YAML 1
--- a
===
%YAML 1.
--- a
===
%YAML 1.2x
--- a
===
 %YAML 1.2
--- a
===
a
...
%YAML 1.2
---
b
===
|
%YAML 1.2
===
%YAML 2.0
--- a
===
%YAML 1.1
%YAML 1.1
--- a
===
%TAG ! tag:yaml.org,2002:
--- !str 5
===
%TAG !! tag:yaml.org,2002:python/
--- !!name:os.system x
===
%TAG !y! tag:yaml.org,2002:
--- [!y!str 5, !!int "6"]
===
%FOO bar
--- a
===
%YAML 1.1
a
===
# a comment
%YAML 1.2
---
a
===
'a
%b'
===
{yes: 1, on: 2}
===
{null: 1}
===
{"": 1, ~: 2}
===
[-0, +5, 0b2, 09, 08.5, 0_, _0, 1__0, 0x, +, -, --1, 1e, 1e3, 1.e3, 1.5e3, 1e+3, 0o8, 0O17, 0X1f, 0B1]
===
[1.2.3, 1:2:3:4, 1:60, 1:5.5, -1:30, 1 2, 1L, 0.0, -.5, +.5, .e3, ._5, 1., inf, nan, Inf, -.Inf]
===
[2001-1-1, 2001-01-01T10:00:00Z, 2001-01-01 10:00:00 +1, 2001-01-01t1:2:3.4, 10:00, 10:00:00]
===
[a, b,]
===
[a: 1, b]
===
{a, b: }
===
[, a]
===
a: |+
  x

b: >2
    y
===
a: x
  y
  z
===
? [a, b]
: c
===
? {a: 1}
: c
===
a: 'x' # y
b: "z"   
===
a:
- b
- c
===
a:	b
===
a: [1,
2]
===
"a": 1
'b': 2
===
{"a":1,"b":"c"}
===
{a:1}
===
{"a":[1,2,],}
===
<<: {a: 1}
b: 2
===
{a: 1, <<: {a: 2, b: 3}}
===
{<<: 1}
===
&a {b: *a}
===
- &a
- *a
===
a: *b c
===
a: &b
===
--- a
--- 
===
---
---
a
===
... 
===
a: 1
...
b
===
a: b
c
===
a: b
 c: d
===
a : b
===
:a
===
a: :b
===
a: -
===
a: - b
===
a: ? b
===
a: ,
===
a: b,
===
a: #b
===
a:#b
===
x: {a: {b: {c: {d: {e: [[[[[1]]]]]}}}}}
""".strip("\n").split("\n===\n")

FORMS = [
    b"client=local&tgt=*&fun=test.ping",
    b"client=local&tgt=*&fun=test.arg&arg=one&arg=2",
    b"client=local&tgt=*&fun=test.kwarg&arg=one%3D1&arg=two=2",
    b"arg=1",
    b'arg={"a": 1}',
    b"arg=%5B1%2C+2%5D&arg=%7Ba%3A+1%7D",
    b"arg=",
    b"arg=&client=local",
    b"arg",
    b"arg&arg=1",
    b"kwarg={a: 1, b: [x]}",
    b"kwarg=%7B%22a%22%3A+%7B%22b%22%3A+null%7D%7D",
    b"kwarg=a: 1",
    b"kwarg={a: 1}&kwarg={b: 2}",
    b"kwarg=",
    b"kwarg=5",
    b"tgt=a&tgt=b",
    b"tgt=a;fun=b",
    b"a=1&&b=2&",
    b"&",
    b"=",
    b"=x",
    b"a==b",
    b"a=b=c",
    b"a+b=c+d",
    b"a%20b=%2B%26%3D",
    b"a=%zz%4&b=%",
    b"a=%C3%A9\xc3\xa9",
    "é=ü".encode(),
    b"%61rg=1&arg=2",
    b"Arg=1",
    b"a=1\r\n",
    b"arg=1%0A",
    b"timeout=5&username=x&password=p%26w%2B",
    b"x=1&y=2&x=3",
] + [b"arg=" + a for a in [
    b"yes", b"no", b"null", b"None", b"~", b"1.5", b"1e3", b"017", b"0x10", b"1_000", b"1_000_", b"_1",
    b"1:30", b"2020-01-01", b"-", b"--", b"---", b"...", b"!", b"|", b">", b"%23", b"a+%23+b", b"1+%23+b", b"[1]+%23+b",
    b"%23+a", b"a:+1", b"-+a", b"[a", b"{a}", b"{a:1}", b"[]", b"{}", b"''", b"\"\"", b"'x'", b"!!binary+aGk=",
    b"!!str+1", b"!!int+%271%27", b"!x+1", b"*a", b"%26a+1", b"[%26a+1,+*a]", b"@x", b"%60x", b"%25x", b"+1+", b"+",
    b"1%09", b"a%0Ab", b"%C2%A0", b"18446744073709551616", b"99999999999999999999999", b"-9223372036854775809",
    b"=", b"<<", b".5", b".", b"{1:+2}", b"{a:+1,+a:+2}", b"20240102030405000006", b"%3D", b"\\n", b"salt://x", b"C:%5Cx",
    b"true", b"True", b"tRue", b"[yes,+no]", b"1,2", b"a,b", b"[1,+2", b"?+a", b"?", b":", b"a:", b"*", b"%26",
]]

ACCEPT = [
    None, "", "*/*", "application/json", "application/x-yaml", "application/*", "text/html", "text/plain", "*",
    "application/json, application/x-yaml", "application/x-yaml, application/json",
    "application/json;q=0.5, application/x-yaml", "application/json, application/x-yaml;q=0.9",
    "application/json;q=0", "application/json;q=0, */*", "application/json;q=0,*/*;q=0.1",
    "*/*;q=0", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "text/html, application/json;q=0.1", "application/json; charset=utf-8", "application/x-yaml;v=1;q=0.3, text/x",
    "application/x-yaml ; q=0.7 , application/json; q = 0.6", "application/json, text/plain, */*", "text/*", "text/*;q=0.1",
    "application/x-yaml, */*", "text/event-stream", "image/*", "application/*;q=0.2, application/x-yaml;q=0.1",
    "*/*;q=0.1, application/x-yaml;q=0.1", "text/html;q=0", "text/html;q=0, */*", "*/*, text/html", "*/*;q=0.5",
    "application/json;Q=0.1, application/x-yaml;q=0.2", "application/xml", ",", "application/json,",
]


def packed(value):
    return base64.b64encode(salt.payload.dumps(value)).decode()


def load(text):
    try:
        value = packed(salt.utils.yaml.safe_load(text))
    except Exception:
        return None
    # A value within itself is printed with its address.
    return None if b"<Recursion on" in base64.b64decode(value) else value


def fake_request(accept):
    headers = cherrypy.lib.httputil.HeaderMap()
    if accept is not None:
        headers["Accept"] = accept
    cherrypy.serving.load(
        types.SimpleNamespace(headers=headers, path_info="/x", query_string="", script_name="", config={}),
        types.SimpleNamespace(),
    )


def form(body):
    fake_request(None)
    app.urlencoded_processor(types.SimpleNamespace(read=lambda: body))
    return packed(cherrypy.serving.request.unserialized_data)


def best(accept):
    fake_request(accept)
    try:
        return cherrypy.lib.cptools.accept([ct for ct, _ in app.ct_out_map])
    except cherrypy.HTTPError as exc:
        return exc._message


def html(accept):
    fake_request(accept)
    cherrypy.config["apiopts"] = {"app": "/index.html"}
    try:
        app.html_override_tool()
    except cherrypy.InternalRedirect:
        return True
    return False


json.dump(
    {
        "yaml": [{"text": t, "msgpack": load(t)} for t in YAML],
        "forms": [{"body": base64.b64encode(b).decode(), "msgpack": form(b)} for b in FORMS],
        "accept": [{"header": a, "best": best(a), "html": html(a)} for a in ACCEPT],
    },
    sys.stdout,
    indent=1,
)
