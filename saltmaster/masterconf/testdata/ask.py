"""Ask Salt for the options of some configuration folders, in the form in which a gateway uses them."""

import os

import salt.config

PATHS = ["cachedir", "sock_dir", "token_dir", "pki_dir", "extension_modules", "api_logfile", "api_pidfile"]
TEXTS = [
    "master_uri", "transport", "ipc_mode", "user", "hash_type", "eauth_tokens", "eauth_tokens.cache_driver", "cache",
    "master_job_cache", "ext_job_cache", "auth.pam.service", "auth.pam.python",
]
INTS = ["ret_port", "publish_port", "tcp_master_pub_port", "tcp_master_pull_port", "request_channel_tries", "max_event_size"]
SECONDS = [
    "token_expire", "timeout", "gather_job_timeout", "publish_timeout", "request_channel_timeout", "rest_timeout",
    "keep_jobs_seconds", "syndic_wait",
]
FLAGS = [
    "ipv6", "keep_acl_in_token", "permissive_acl", "auth.enable_expanded_auth_matching", "job_cache", "minion_data_cache", "order_masters", "unique_jid", "netapi_allow_raw_shell",
]
RAW = ["token_expire_user_override", "external_auth", "nodegroups", "rest_cherrypy", "rest_wsgi"]
# Salt's defaults for options that its table of defaults lacks: they stand where the option is used.
UNLISTED = {
    "auth.pam.service": "login", "request_channel_timeout": 60, "request_channel_tries": 3, "rest_cherrypy": {},
    "rest_wsgi": {},
}
CLIENTS = [
    "local", "local_async", "local_batch", "local_subset", "runner", "runner_async", "ssh", "wheel", "wheel_async",
]


def plain(v):
    """Undo the wrappers of newer Salts."""
    if hasattr(v, "items"):
        return {k: plain(x) for k, x in v.items()}
    if isinstance(v, (list, tuple)) or type(v).__name__ == "ListProxy":
        return [plain(x) for x in v]
    return v


def used(opts):
    def get(key):
        return plain(opts.get(key, UNLISTED.get(key)))

    out = {"root_dir": os.path.abspath(opts["root_dir"])}
    for key in PATHS:
        out[key] = get(key)
    for key in TEXTS:
        out[key] = str(get(key) or "")
    for key in INTS:
        out[key] = int(get(key) or 0)
    for key in SECONDS:
        out[key] = float(get(key))
    for key in FLAGS:
        out[key] = bool(get(key))
    for key in RAW:
        out[key] = get(key)
    if not opts["id"].endswith("_master"):  # else Salt made it up
        out["id"] = opts["id"]
    out["clients"] = [c for c in CLIENTS if c in (get("netapi_enable_clients") or [])]
    return {k: canon(v) for k, v in out.items()}


def ask(folder):
    try:
        opts = salt.config.api_config(os.path.join(folder, "master"))
    except SystemExit:
        return {"end": "exit"}
    except Exception:
        return {"end": "crash"}
    try:
        return {"end": "ok", **used(opts)}
    except (TypeError, ValueError):
        return {"end": "unusable"}  # loads, and fails as soon as an option is used


json.dump([ask(folder) for folder in json.load(sys.stdin)], sys.stdout)
