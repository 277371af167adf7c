"""Ask Salt what it makes of many odd values of options, one configuration file each."""

import hashlib
import logging
import os

import salt.config
import salt.version

logging.disable(logging.CRITICAL)

OLD = salt.version.__version__.startswith("3006")  # which reads eauth_tokens and not eauth_tokens.cache_driver
TEXTS = ("cache", "auth.pam.service", "id")
OPTIONAL_TEXTS = ("master_job_cache", "ext_job_cache", "auth.pam.python")
PATHS = ("cachedir", "sock_dir", "token_dir", "pki_dir", "extension_modules")
SECONDS = ("token_expire", "timeout", "gather_job_timeout", "publish_timeout", "rest_timeout", "syndic_wait")
FLAGS = (
    "ipv6", "keep_acl_in_token", "permissive_acl", "auth.enable_expanded_auth_matching", "job_cache",
    "minion_data_cache", "order_masters", "netapi_allow_raw_shell",
)
UNLISTED = {"auth.pam.service": "login"}
CLIENTS = (
    "local", "local_async", "local_batch", "local_subset", "runner", "runner_async", "ssh", "wheel", "wheel_async",
)


def plain(v):
    """Undo the wrappers of newer Salts."""
    if hasattr(v, "items"):
        return {k: plain(x) for k, x in v.items()}
    if isinstance(v, (list, tuple)) or type(v).__name__ == "ListProxy":
        return [plain(x) for x in v]
    return v


def attempt(use):
    """What a value is when it is used: "!" stands for an exception, which a caller gets as a 500 or which ends salt-api."""
    try:
        return canon(use())
    except Exception:
        return "!"


def port(v):
    """A port in an address, as str.format() writes it. With port 0 nobody knows where to connect."""
    if isinstance(v, bool) or not str(v).isascii() or str(v) != str(v).strip() or not 0 < int(str(v)) < 65536:
        raise ValueError
    return int(str(v))


def text(v, empty=False):
    """A name: what is no text is looked up in vain as soon as it is used."""
    if empty and not v:
        return ""
    if not isinstance(v, (str, int, float)) or isinstance(v, bool) or not v:
        raise TypeError
    return str(v)


def a_file(v):
    if not isinstance(v, str) or not os.path.isfile(v):
        raise ValueError
    return v


def seconds(v):
    return min(float(v + 0.0), 100 * 365 * 24 * 3600.0)  # as it is added to a time: text fails; a century is for ever


def main_use(opts):
    def get(key):
        return plain(opts.get(key, UNLISTED.get(key)))

    out = {}
    out["ret_port"] = attempt(lambda: port(get("ret_port")))
    out["publish_port"] = attempt(lambda: port(get("publish_port")))
    out["max_event_size"] = attempt(lambda: min(int(get("max_event_size") or 0), 2**31 - 1))
    tcp = get("ipc_mode") == "tcp"
    out["ipc_mode"] = canon("tcp" if tcp else "ipc")
    if tcp:
        for key in ("tcp_master_pub_port", "tcp_master_pull_port"):
            out[key] = attempt(lambda: port(get(key)))
    for key in TEXTS:
        out[key] = attempt(lambda: text(get(key)))
    for key in OPTIONAL_TEXTS:
        out[key] = attempt(lambda: text(get(key), empty=True))
    out["transport"] = attempt(lambda: {"zeromq": "zeromq", "tcp": "tcp", **({} if OLD else {"ws": "ws"})}[get("transport")])
    out["hash_type"] = attempt(lambda: getattr(hashlib, get("hash_type"))().hexdigest() and get("hash_type"))
    if OLD:
        out["eauth_tokens"] = attempt(lambda: text(get("eauth_tokens")))
    else:
        out["eauth_tokens.cache_driver"] = attempt(lambda: text(get("eauth_tokens.cache_driver"), empty=True))
    for key in PATHS:
        out[key] = attempt(lambda: os.path.join(get(key), ""))
    for key in SECONDS:
        out[key] = attempt(lambda: seconds(get(key)))
    for key in FLAGS:
        out[key] = attempt(lambda: bool(get(key)))
    out["master_uri"] = attempt(lambda: "tcp://" + opts["master_uri"].split("//", 1)[1])
    out["clients"] = attempt(lambda: [c for c in CLIENTS if c in get("netapi_enable_clients")])
    return out


def cherrypy_use(o):
    if not o or "port" not in o:
        return {}
    tls = not o.get("disable_ssl", False)
    if tls and ("ssl_crt" not in o or "ssl_key" not in o):
        return {}
    out = {"port": attempt(lambda: port(o["port"])), "tls": canon(tls)}
    if tls:
        out["files"] = attempt(lambda: [a_file(o["ssl_crt"]), a_file(o["ssl_key"])])
        if o.get("ssl_chain"):
            out["chain"] = attempt(lambda: a_file(o["ssl_chain"]))
    out["host"] = attempt(lambda: host(o.get("host", "0.0.0.0")))
    out["root"] = attempt(lambda: o.get("root_prefix", "/").rstrip("/"))
    out["hook"] = attempt(lambda: o.get("webhook_url", "hook").lstrip("/"))
    out["app"] = attempt(lambda: o.get("app_path", "app").lstrip("/"))
    out["sessions"] = canon(o.get("enable_sessions", True) is not False)
    for key in ("webhook_disable_auth", "stats_disable_auth", "collect_stats"):
        out[key] = canon(bool(o.get(key)))
    return out


def host(v):
    if v is None:
        return "0.0.0.0"
    if not isinstance(v, str) or v == "":
        raise ValueError  # as cherrypy's server does, or the socket
    return v


def tornado_use(o):
    if not o or "port" not in o:
        return {}
    tls = not o.get("disable_ssl", False)
    if tls and "ssl_crt" not in o:
        return {}
    out = {"port": attempt(lambda: port(o["port"])), "tls": canon(tls), "host": attempt(lambda: text(o.get("address"), o.get("address") in (None, "")))}
    if tls:
        out["files"] = attempt(lambda: [a_file(o["ssl_crt"]), a_file(o.get("ssl_key") or o["ssl_crt"])])
    out["webhook_disable_auth"] = canon(bool(o.get("webhook_disable_auth")))
    return out


def wsgi_use(o):
    if not o or "port" not in o:
        return {}
    return {"port": attempt(lambda: port(o["port"]))}


def sections(opts):
    out = {}
    for section, use in (("rest_cherrypy", cherrypy_use), ("rest_tornado", tornado_use), ("rest_wsgi", wsgi_use)):
        o = plain(opts.get(section, {}))
        try:
            part = use(o)
        except Exception:
            part = {"end": "!"}
        for key, v in part.items():
            out[section + "." + key] = v
    return out


def ask(folder, question):
    path = os.path.join(folder, "master")
    with open(path, "w", encoding="utf-8") as f:
        f.write(question["file"])
    try:
        if question["section"]:  # nothing else in it depends on the file: the whole loader is not needed
            return {"end": "ok", **sections(salt.config.load_config(path, "SALT_NO_SUCH_VARIABLE"))}
        opts = salt.config.api_config(path)
        return {"end": "ok", **main_use(opts), **sections(opts)}
    except BaseException:
        return {"end": "!"}


question = json.load(sys.stdin)
json.dump([ask(question["folder"], q) for q in question["files"]], sys.stdout)
