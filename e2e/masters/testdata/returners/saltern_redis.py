"""A returner that keeps jobs in Redis: a master_job_cache, and an ext_job_cache."""

import json

import redis

import salt.utils.jid


def _server():
    return redis.Redis(unix_socket_path=__opts__["saltern_redis"])


def prep_jid(nocache=False, passed_jid=None):
    return passed_jid if passed_jid is not None else salt.utils.jid.gen_jid(__opts__)


def save_load(jid, load, minions=None):
    load = {k: v for k, v in load.items() if k not in ("username", "password", "eauth", "token")}
    if minions:
        load["Minions"] = list(minions)
    _server().hsetnx("loads", jid, json.dumps(load, default=str))  # Salt saves again with each return


def save_minions(jid, minions, syndic_id=None):
    pass


def returner(ret):
    kept = {k: ret[k] for k in ("return", "retcode", "success", "out", "fun") if k in ret}
    _server().hset("ret:" + ret["jid"], ret["id"], json.dumps(kept, default=str))


def get_load(jid):
    load = _server().hget("loads", jid)
    return json.loads(load) if load else {}


def get_jid(jid):
    return {k.decode(): json.loads(v) for k, v in _server().hgetall("ret:" + jid).items()}


def get_jids():
    loads = _server().hgetall("loads")
    return {
        jid.decode(): salt.utils.jid.format_jid_instance(jid.decode(), json.loads(load)) for jid, load in loads.items()
    }


def get_minions():
    return []


def clean_old_jobs():
    pass
