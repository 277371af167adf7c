CREATE TABLE records_schema (
		id INTEGER PRIMARY KEY AUTOINCREMENT,
		version_id INTEGER NOT NULL,
		is_applied INTEGER NOT NULL,
		tstamp TIMESTAMP DEFAULT (datetime('now'))
	);
CREATE TABLE jobs (
    id           INTEGER PRIMARY KEY,
    master       TEXT    NOT NULL,
    jid          TEXT    NOT NULL,
    search       TEXT    NOT NULL DEFAULT '', -- the text that is searched, in lower case
    usr          TEXT    NOT NULL DEFAULT '',
    eauth        TEXT    NOT NULL DEFAULT '',
    client       TEXT    NOT NULL DEFAULT '',
    fun          TEXT    NOT NULL DEFAULT '',
    tgt          TEXT    NOT NULL DEFAULT '',
    tgt_type     TEXT    NOT NULL DEFAULT '',
    state        INTEGER NOT NULL DEFAULT 0,
    end_at       INTEGER NOT NULL DEFAULT 9223372036854775807,
    ended        INTEGER NOT NULL DEFAULT 0, -- when it was said that nothing is waited for
    last_return  INTEGER NOT NULL DEFAULT 0,
    reported     INTEGER NOT NULL DEFAULT 0, -- whether its end was reported
    known        INTEGER NOT NULL DEFAULT 0, -- whether its minions are known
    minions_hash INTEGER NOT NULL DEFAULT 0, -- of the list that was recorded last
    expected     INTEGER NOT NULL DEFAULT 0,
    missing      INTEGER NOT NULL DEFAULT 0,
    returned     INTEGER NOT NULL DEFAULT 0,
    succeeded    INTEGER NOT NULL DEFAULT 0,
    failed       INTEGER NOT NULL DEFAULT 0,
    bytes        INTEGER NOT NULL DEFAULT 0, -- of the job and its returns, about
    arguments    TEXT    NOT NULL DEFAULT '', arrivals INTEGER NOT NULL DEFAULT 0, job_uuid   TEXT NOT NULL DEFAULT '', job_name   TEXT NOT NULL DEFAULT '', tgt_uuid   TEXT NOT NULL DEFAULT '', tgt_name   TEXT NOT NULL DEFAULT '', sched_uuid TEXT NOT NULL DEFAULT '', sched_name TEXT NOT NULL DEFAULT '',
    UNIQUE (master, jid)
);
CREATE INDEX jobs_start ON jobs (master, id);
CREATE INDEX jobs_tgt   ON jobs (master, tgt, id);
CREATE INDEX jobs_state ON jobs (master, state, id);
CREATE INDEX jobs_end   ON jobs (master, end_at, id);
CREATE TABLE returns (
    job     INTEGER NOT NULL,
    minion  TEXT    NOT NULL,
    meant   INTEGER NOT NULL DEFAULT 0,
    outcome INTEGER NOT NULL DEFAULT 0,
    at      INTEGER NOT NULL DEFAULT 0,
    success INTEGER NOT NULL DEFAULT 0,
    retcode INTEGER NOT NULL DEFAULT 0,
    size    INTEGER NOT NULL DEFAULT 0,
    coding  INTEGER NOT NULL DEFAULT 0,
    fun     TEXT    NOT NULL DEFAULT '', -- where it is another than the job's
    value   BLOB, arrival INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (job, minion)
) WITHOUT ROWID;
CREATE INDEX returns_minion  ON returns (minion, job);
CREATE INDEX returns_outcome ON returns (job, outcome, minion) WHERE outcome <> 1;
CREATE VIRTUAL TABLE jobs_text USING fts5 (search, content = 'jobs', content_rowid = 'id', tokenize = 'trigram case_sensitive 1');
CREATE TRIGGER jobs_added AFTER INSERT ON jobs BEGIN
    INSERT INTO jobs_text (rowid, search) VALUES (new.id, new.search);
END;
CREATE TRIGGER jobs_changed AFTER UPDATE OF search ON jobs WHEN old.search <> new.search BEGIN
    INSERT INTO jobs_text (jobs_text, rowid, search) VALUES ('delete', old.id, old.search);
    INSERT INTO jobs_text (rowid, search) VALUES (new.id, new.search);
END;
CREATE TRIGGER jobs_removed AFTER DELETE ON jobs BEGIN
    INSERT INTO jobs_text (jobs_text, rowid, search) VALUES ('delete', old.id, old.search);
END;
CREATE INDEX returns_arrival ON returns (job, arrival, minion) WHERE outcome <> 0;
CREATE TABLE callbacks (
    id          TEXT    NOT NULL PRIMARY KEY,
    master      TEXT    NOT NULL,
    created     INTEGER NOT NULL,
    jid         TEXT    NOT NULL DEFAULT '',
    usr         TEXT    NOT NULL,
    eauth       TEXT    NOT NULL,
    destination TEXT    NOT NULL,
    results     INTEGER NOT NULL DEFAULT 0,
    state       INTEGER NOT NULL,
    due_at      INTEGER NOT NULL DEFAULT 0,
    since       INTEGER NOT NULL DEFAULT 0,
    tried       INTEGER NOT NULL DEFAULT 0,
    done        INTEGER NOT NULL DEFAULT 0,
    attempts    INTEGER NOT NULL DEFAULT 0,
    error       TEXT    NOT NULL DEFAULT ''
) WITHOUT ROWID;
CREATE INDEX callbacks_due     ON callbacks (master, state, due_at) WHERE state <= 2;
CREATE INDEX callbacks_done    ON callbacks (master, done) WHERE state > 2;
CREATE INDEX callbacks_jid     ON callbacks (master, jid);
CREATE INDEX callbacks_usr     ON callbacks (master, usr, created, id);
CREATE INDEX callbacks_created ON callbacks (master, created, id);
CREATE TABLE saved (
    master  TEXT    NOT NULL,
    kind    INTEGER NOT NULL,
    id      TEXT    NOT NULL,
    version INTEGER NOT NULL,
    usr     TEXT    NOT NULL,
    eauth   TEXT    NOT NULL,
    name    TEXT    NOT NULL DEFAULT '',
    descr   TEXT    NOT NULL DEFAULT '',
    cmd     TEXT    NOT NULL DEFAULT '',
    fun     TEXT    NOT NULL DEFAULT '',
    tgt     TEXT    NOT NULL DEFAULT '',
    changed INTEGER NOT NULL,
    body    TEXT    NOT NULL, readers TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (master, kind, id)
) WITHOUT ROWID;
CREATE INDEX saved_owner ON saved (master, kind, usr, eauth, name);
CREATE INDEX saved_name  ON saved (master, kind, name, id);
CREATE INDEX saved_tgt   ON saved (master, kind, tgt);
CREATE INDEX jobs_usr ON jobs (master, usr, id, state);
CREATE INDEX jobs_fun ON jobs (master, fun, id, state);
CREATE INDEX jobs_job_uuid   ON jobs (master, job_uuid, id)   WHERE job_uuid   <> '';
CREATE INDEX jobs_job_name   ON jobs (master, job_name, id)   WHERE job_name   <> '';
CREATE INDEX jobs_tgt_uuid   ON jobs (master, tgt_uuid, id)   WHERE tgt_uuid   <> '';
CREATE INDEX jobs_tgt_name   ON jobs (master, tgt_name, id)   WHERE tgt_name   <> '';
CREATE INDEX jobs_sched_uuid ON jobs (master, sched_uuid, id) WHERE sched_uuid <> '';
CREATE INDEX jobs_sched_name ON jobs (master, sched_name, id) WHERE sched_name <> '';
CREATE INDEX jobs_scheduled  ON jobs (master, id)             WHERE sched_uuid <> '';
CREATE TABLE schedules (
    master   TEXT    NOT NULL,
    id       TEXT    NOT NULL,
    version  INTEGER NOT NULL,
    usr      TEXT    NOT NULL,
    eauth    TEXT    NOT NULL,
    name     TEXT    NOT NULL,
    job      TEXT    NOT NULL DEFAULT '',
    tgt      TEXT    NOT NULL DEFAULT '',
    enabled  INTEGER NOT NULL,
    saved    INTEGER NOT NULL,
    changed  INTEGER NOT NULL,
    due_at   INTEGER NOT NULL DEFAULT 0,
    start_at INTEGER NOT NULL DEFAULT 0,
    body     TEXT    NOT NULL,
    PRIMARY KEY (master, id)
) WITHOUT ROWID;
CREATE INDEX schedules_start ON schedules (master, start_at) WHERE enabled = 1 AND start_at > 0;
CREATE TABLE runs (
    master   TEXT    NOT NULL,
    schedule TEXT    NOT NULL,
    due_at   INTEGER NOT NULL,
    name     TEXT    NOT NULL,
    usr      TEXT    NOT NULL,
    eauth    TEXT    NOT NULL,
    cmd      TEXT    NOT NULL,
    fun      TEXT    NOT NULL,
    state    INTEGER NOT NULL,
    jid      TEXT    NOT NULL DEFAULT '',
    why      TEXT    NOT NULL DEFAULT '',
    claimed  INTEGER NOT NULL,
    until    INTEGER NOT NULL DEFAULT 0,
    done     INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (master, schedule, due_at)
) WITHOUT ROWID;
CREATE INDEX runs_due     ON runs (master, due_at);
CREATE INDEX runs_claimed ON runs (master, until) WHERE state = 0;
CREATE TABLE vals (
    master  TEXT    NOT NULL,
    eauth   TEXT    NOT NULL,
    usr     TEXT    NOT NULL,
    key     TEXT    NOT NULL,
    value   TEXT    NOT NULL,
    PRIMARY KEY (master, eauth, usr, key)
) WITHOUT ROWID;
INSERT INTO records_schema VALUES(1,0,1,'2026-11-30 11:38:50');
INSERT INTO records_schema VALUES(2,1,1,'2026-11-30 11:38:50');
INSERT INTO records_schema VALUES(3,2,1,'2026-11-30 11:38:50');
INSERT INTO records_schema VALUES(4,3,1,'2026-11-30 11:38:50');
INSERT INTO records_schema VALUES(5,4,1,'2026-11-30 11:38:50');
INSERT INTO records_schema VALUES(6,5,1,'2026-11-30 11:38:50');
INSERT INTO records_schema VALUES(7,6,1,'2026-11-30 11:38:50');
INSERT INTO jobs VALUES(1795354449055051,'','20261122133409055051','test.ping
web*
ops
{"arg":["package-0%_"]}','ops','','runner','test.ping','web*','glob',4,1795354509055051,1795354509055051,1795354452055051,1,1,-7715138023742183325,4,2,2,2,0,1028,'{"arg":["Package-0%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795354869055051,'','20261122134109055051','state.sls
*
ops
{"arg":["package-1%_"]}','ops','','runner','state.sls','*','glob',2,1795354871055051,0,1795354871055051,1,1,7357398747658311227,1,0,1,1,0,701,'{"arg":["Package-1%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795355289055051,'','20261122134809055051','état.été
web*
root
{"arg":["package-2%_"]}','root','','local','état.été','web*','glob',1,9223372036854775807,0,1795355292055051,0,1,-2043267939230719064,3,1,2,2,0,926,'{"arg":["Package-2%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795355709055051,'','20261122135509055051','state.apply
web*
dev
{"arg":["package-3%_"]}','dev','pam','runner','state.apply','web*','glob',2,1795355712055051,0,1795355712055051,1,1,2843324956980811629,2,0,2,2,0,824,'{"arg":["Package-3%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795356129055051,'','20261122140209055051','state.sls
web*
root
{"arg":["package-4%_"]}','root','pam','runner','state.sls','web*','glob',1,9223372036854775807,0,1795356131055051,0,1,2740873321034738355,3,1,2,0,2,930,'{"arg":["Package-4%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795356549055051,'','20261122140909055051','état.été
web*
dev
{"arg":["package-5%_"]}','dev','pam','runner','état.été','web*','glob',2,1795356552055051,0,1795356552055051,1,1,2844281532097165974,2,0,2,2,0,824,'{"arg":["Package-5%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795356969055051,'','20261122141609055051','state.sls
*
ops
{"arg":["package-6%_"]}','ops','','local','state.sls','*','glob',1,9223372036854775807,0,1795356972055051,0,1,2844281532097165974,2,1,1,1,0,805,'{"arg":["Package-6%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795357389055051,'','20261122142309055051','test.ping
*
dev
{"arg":["package-7%_"]}','dev','pam','runner','test.ping','*','glob',1,9223372036854775807,0,1795357392055051,0,1,6476738458648992550,3,1,2,2,0,920,'{"arg":["Package-7%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795357809055051,'','20261122143009055051','test.ping
*
root
{"arg":["package-8%_"]}','root','pam','local','test.ping','*','glob',1,9223372036854775807,0,1795357811055051,0,1,2740873321034738355,3,1,2,2,0,922,'{"arg":["Package-8%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795358229055051,'','20261122143709055051','état.été
web*
ops
{"arg":["package-9%_"]}','ops','pam','runner','état.été','web*','glob',2,1795358230055051,1795358289055051,1795358230055051,1,1,8895178154665786745,1,0,1,1,0,715,'{"arg":["Package-9%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795358649055051,'','20261122144409055051','état.été
*
ops
{"arg":["package-10%_"]}','ops','pam','runner','état.été','*','glob',2,1795358649055051,0,0,1,1,-3750763034362895579,0,0,0,0,0,604,'{"arg":["Package-10%_"]}',0,'','','','','','');
INSERT INTO jobs VALUES(1795359069055051,'','20261122145109055051','état.été
*
dev
{"arg":["package-11%_"]}','dev','','local','état.été','*','glob',2,1795359069055051,0,0,1,1,-3750763034362895579,0,0,0,0,0,596,'{"arg":["Package-11%_"]}',0,'','','','','','');
INSERT INTO jobs VALUES(1795359489055051,'','20261122145809055051','state.apply
web*
dev
{"arg":["package-12%_"]}','dev','','local','state.apply','web*','glob',2,1795359489055051,0,0,1,1,-3750763034362895579,0,0,0,0,0,602,'{"arg":["Package-12%_"]}',0,'','','','','','');
INSERT INTO jobs VALUES(1795359909055051,'','20261122150509055051','state.apply
web*
ops
{"arg":["package-13%_"]}','ops','pam','runner','state.apply','web*','glob',4,1795359969055051,1795359969055051,1795359910055051,1,1,-2043267939230719064,3,1,2,0,2,934,'{"arg":["Package-13%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795360329055051,'','20261122151209055051','state.sls
*
dev
{"arg":["package-14%_"]}','dev','','runner','state.sls','*','glob',4,1795360389055051,1795360389055051,1795360330055051,1,1,1881767569510632215,2,1,1,1,0,809,'{"arg":["Package-14%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795360749055051,'','20261122151909055051','état.été
web*
ops
{"arg":["package-15%_"]}','ops','','local','état.été','web*','glob',0,9223372036854775807,0,0,0,1,7357398747658311227,1,1,0,0,0,710,'{"arg":["Package-15%_"]}',0,'','','','','','');
INSERT INTO jobs VALUES(1795361169055051,'','20261122152609055051','état.été
web*
root
{"arg":["package-16%_"]}','root','pam','runner','état.été','web*','glob',1,9223372036854775807,0,1795361171055051,0,1,2844281532097165974,2,1,1,0,1,827,'{"arg":["Package-16%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795361589055051,'','20261122153309055051','test.ping
web*
dev
{"arg":["package-17%_"]}','dev','','local','test.ping','web*','glob',0,9223372036854775807,0,0,0,1,7357398747658311227,1,1,0,0,0,706,'{"arg":["Package-17%_"]}',0,'','','','','','');
INSERT INTO jobs VALUES(1795362009055051,'','20261122154009055051','test.ping
web*
root
{"arg":["package-18%_"]}','root','','runner','test.ping','web*','glob',2,1795362010055051,0,1795362010055051,1,1,7357398747658311227,1,0,1,1,0,711,'{"arg":["Package-18%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795362429055051,'','20261122154709055051','état.été
web*
ops
{"arg":["package-19%_"]}','ops','','runner','état.été','web*','glob',2,1795362432055051,1795362489055051,1795362432055051,1,1,2844281532097165974,2,0,2,2,0,820,'{"arg":["Package-19%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795362849055051,'','20261122155409055051','test.ping
web*
dev
{"arg":["package-20%_"]}','dev','pam','runner','test.ping','web*','glob',4,1795362909055051,1795362909055051,1795362850055051,1,1,1878897844161569180,2,1,1,1,0,821,'{"arg":["Package-20%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795363269055051,'','20261122160109055051','état.été
web*
ops
{"arg":["package-21%_"]}','ops','pam','runner','état.été','web*','glob',2,1795363272055051,0,1795363272055051,1,1,2740873321034738355,3,0,3,3,0,935,'{"arg":["Package-21%_"]}',3,'','','','','','');
INSERT INTO jobs VALUES(1795363689055051,'','20261122160809055051','state.sls
*
dev
{"arg":["package-22%_"]}','dev','pam','runner','state.sls','*','glob',0,9223372036854775807,0,0,0,1,7354529022309248192,1,1,0,0,0,708,'{"arg":["Package-22%_"]}',0,'','','','','','');
INSERT INTO jobs VALUES(1795364109055051,'','20261122161509055051','état.été
*
dev
{"arg":["package-23%_"]}','dev','','local','état.été','*','glob',1,9223372036854775807,0,1795364112055051,0,1,6476738458648992550,3,1,2,2,0,918,'{"arg":["Package-23%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795364529055051,'','20261122162209055051','test.ping
*
ops
{"arg":["package-24%_"]}','ops','pam','runner','test.ping','*','glob',4,1795364589055051,1795364589055051,1795364531055051,1,1,2844281532097165974,2,1,1,1,0,815,'{"arg":["Package-24%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795364949055051,'','20261122162909055051','state.apply
web*
ops
{"arg":["package-25%_"]}','ops','pam','runner','state.apply','web*','glob',1,9223372036854775807,0,1795364951055051,0,1,1878897844161569180,2,1,1,1,0,825,'{"arg":["Package-25%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795365369055051,'','20261122163609055051','test.ping
web*
dev
{"arg":["package-26%_"]}','dev','pam','local','test.ping','web*','glob',1,9223372036854775807,0,1795365370055051,0,1,1881767569510632215,2,1,1,1,0,819,'{"arg":["Package-26%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795365789055051,'','20261122164309055051','state.sls
*
root
{"arg":["package-27%_"]}','root','','local','state.sls','*','glob',2,1795365792055051,0,1795365792055051,1,1,7354529022309248192,1,0,1,1,0,703,'{"arg":["Package-27%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795366209055051,'','20261122165009055051','state.apply
web*
ops
{"arg":["package-28%_"]}','ops','','runner','state.apply','web*','glob',2,1795366209055051,1795366269055051,0,1,1,-3750763034362895579,0,0,0,0,0,604,'{"arg":["Package-28%_"]}',0,'','','','','','');
INSERT INTO jobs VALUES(1795366629055051,'','20261122165709055051','state.sls
web*
ops
{"arg":["package-29%_"]}','ops','pam','runner','state.sls','web*','glob',1,9223372036854775807,0,1795366631055051,0,1,-8756403328560928124,2,1,1,1,0,823,'{"arg":["Package-29%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795367049055051,'','20261122170409055051','état.été
web*
dev
{"arg":["package-30%_"]}','dev','pam','runner','état.été','web*','glob',2,1795367050055051,1795367109055051,1795367050055051,1,1,7354529022309248192,1,0,1,1,0,719,'{"arg":["Package-30%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795367469055051,'','20261122171109055051','état.été
web*
root
{"arg":["package-31%_"]}','root','','local','état.été','web*','glob',2,1795367470055051,0,1795367470055051,1,1,-8756403328560928124,2,0,2,2,0,822,'{"arg":["Package-31%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795367889055051,'','20261122171809055051','state.sls
*
ops
{"arg":["package-32%_"]}','ops','','runner','state.sls','*','glob',2,1795367892055051,0,1795367892055051,1,1,8896134729782141090,1,0,1,1,0,701,'{"arg":["Package-32%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795368309055051,'','20261122172509055051','state.sls
*
ops
{"arg":["package-33%_"]}','ops','','local','state.sls','*','glob',2,1795368309055051,1795368369055051,0,1,1,-3750763034362895579,0,0,0,0,0,592,'{"arg":["Package-33%_"]}',0,'','','','','','');
INSERT INTO jobs VALUES(1795368729055051,'','20261122173209055051','state.sls
*
ops
{"arg":["package-34%_"]}','ops','','runner','state.sls','*','glob',2,1795368732055051,0,1795368732055051,1,1,8895178154665786745,1,0,1,1,0,701,'{"arg":["Package-34%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795369149055051,'','20261122173909055051','test.ping
*
dev
{"arg":["package-35%_"]}','dev','pam','runner','test.ping','*','glob',0,9223372036854775807,0,0,0,1,2843324956980811629,2,2,0,0,0,814,'{"arg":["Package-35%_"]}',0,'','','','','','');
INSERT INTO jobs VALUES(1795369569055051,'','20261122174609055051','état.été
web*
dev
{"arg":["package-36%_"]}','dev','pam','runner','état.été','web*','glob',4,1795369629055051,1795369629055051,0,1,1,1881767569510632215,2,2,0,0,0,824,'{"arg":["Package-36%_"]}',0,'','','','','','');
INSERT INTO jobs VALUES(1795369989055051,'','20261122175309055051','state.sls
*
root
{"arg":["package-37%_"]}','root','','local','state.sls','*','glob',2,1795369991055051,0,1795369991055051,1,1,7357398747658311227,1,0,1,1,0,703,'{"arg":["Package-37%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795370409055051,'','20261122180009055051','état.été
*
dev
{"arg":["package-38%_"]}','dev','','local','état.été','*','glob',2,1795370410055051,0,1795370410055051,1,1,7354529022309248192,1,0,1,1,0,705,'{"arg":["Package-38%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795370829055051,'','20261122180709055051','état.été
*
dev
{"arg":["package-39%_"]}','dev','','local','état.été','*','glob',2,1795370832055051,1795370889055051,1795370832055051,1,1,7354529022309248192,1,0,1,1,0,705,'{"arg":["Package-39%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795371249055051,'','20261122181409055051','test.ping
*
dev
{"arg":["package-40%_"]}','dev','','local','test.ping','*','glob',3,1795371250055051,1795371309055051,1795371250055051,1,1,1881767569510632215,2,0,2,0,2,808,'{"arg":["Package-40%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795371669055051,'','20261122182109055051','state.sls
*
ops
{"arg":["package-41%_"]}','ops','pam','local','state.sls','*','glob',2,1795371672055051,1795371729055051,1795371672055051,1,1,750009885853985106,2,0,2,2,0,812,'{"arg":["Package-41%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795372089055051,'','20261122182809055051','state.apply
web*
root
{"arg":["package-42%_"]}','root','','local','state.apply','web*','glob',3,1795372092055051,1795372149055051,1795372092055051,1,1,2740873321034738355,3,0,3,2,1,929,'{"arg":["Package-42%_"]}',3,'','','','','','');
INSERT INTO jobs VALUES(1795372509055051,'','20261122183509055051','état.été
*
ops
{"arg":["package-43%_"]}','ops','','local','état.été','*','glob',2,1795372509055051,0,0,1,1,-3750763034362895579,0,0,0,0,0,596,'{"arg":["Package-43%_"]}',0,'','','','','','');
INSERT INTO jobs VALUES(1795372929055051,'','20261122184209055051','test.ping
web*
root
{"arg":["package-44%_"]}','root','pam','runner','test.ping','web*','glob',0,9223372036854775807,0,0,0,1,7354529022309248192,1,1,0,0,0,716,'{"arg":["Package-44%_"]}',0,'','','','','','');
INSERT INTO jobs VALUES(1795373349055051,'','20261122184909055051','test.ping
*
root
{"arg":["package-45%_"]}','root','','runner','test.ping','*','glob',4,1795373409055051,1795373409055051,1795373351055051,1,1,6475781883532638205,3,1,2,2,0,918,'{"arg":["Package-45%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795373769055051,'','20261122185609055051','état.été
*
ops
{"arg":["package-46%_"]}','ops','pam','local','état.été','*','glob',4,1795373829055051,1795373829055051,1795373770055051,1,1,750009885853985106,2,1,1,1,0,815,'{"arg":["Package-46%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795374189055051,'','20261122190309055051','test.ping
web*
dev
{"arg":["package-47%_"]}','dev','','runner','test.ping','web*','glob',2,1795374191055051,1795374249055051,1795374191055051,1,1,6476738458648992550,3,0,3,3,0,923,'{"arg":["Package-47%_"]}',3,'','','','','','');
INSERT INTO jobs VALUES(1795374609055051,'','20261122191009055051','state.sls
web*
ops
{"arg":["package-48%_"]}','ops','','local','state.sls','web*','glob',2,1795374611055051,1795374669055051,1795374611055051,1,1,750009885853985106,2,0,2,2,0,812,'{"arg":["Package-48%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795375029055051,'','20261122191709055051','state.sls
*
dev
{"arg":["package-49%_"]}','dev','pam','runner','state.sls','*','glob',2,1795375030055051,1795375089055051,1795375030055051,1,1,7357398747658311227,1,0,1,1,0,709,'{"arg":["Package-49%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795375449055051,'','20261122192409055051','state.sls
web*
root
{"arg":["package-0%_"]}','root','pam','local','state.sls','web*','glob',4,1795375509055051,1795375509055051,0,1,1,8895178154665786745,1,1,0,0,0,710,'{"arg":["Package-0%_"]}',0,'','','','','','');
INSERT INTO jobs VALUES(1795375869055051,'','20261122193109055051','state.apply
web*
dev
{"arg":["package-1%_"]}','dev','','runner','state.apply','web*','glob',2,1795375869055051,1795375929055051,0,1,1,-3750763034362895579,0,0,0,0,0,602,'{"arg":["Package-1%_"]}',0,'','','','','','');
INSERT INTO jobs VALUES(1795376289055051,'','20261122193809055051','state.sls
*
root
{"arg":["package-2%_"]}','root','','runner','state.sls','*','glob',4,1795376349055051,1795376349055051,1795376292055051,1,1,1881767569510632215,2,1,1,1,0,809,'{"arg":["Package-2%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795376709055051,'','20261122194509055051','state.apply
*
dev
{"arg":["package-3%_"]}','dev','pam','runner','state.apply','*','glob',0,9223372036854775807,0,0,0,1,8895178154665786745,1,1,0,0,0,708,'{"arg":["Package-3%_"]}',0,'','','','','','');
INSERT INTO jobs VALUES(1795377129055051,'','20261122195209055051','état.été
web*
dev
{"arg":["package-4%_"]}','dev','pam','local','état.été','web*','glob',1,9223372036854775807,0,1795377132055051,0,1,-7715138023742183325,4,2,2,2,0,1036,'{"arg":["Package-4%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795377549055051,'','20261122195909055051','state.sls
web*
dev
{"arg":["package-5%_"]}','dev','pam','runner','state.sls','web*','glob',3,1795377551055051,0,1795377551055051,1,1,2844281532097165974,2,0,2,1,1,820,'{"arg":["Package-5%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795377969055051,'','20261122200609055051','état.été
web*
dev
{"arg":["package-6%_"]}','dev','','runner','état.été','web*','glob',0,9223372036854775807,0,0,0,1,8895178154665786745,1,1,0,0,0,708,'{"arg":["Package-6%_"]}',0,'','','','','','');
INSERT INTO jobs VALUES(1795378389055051,'','20261122201309055051','state.apply
*
dev
{"arg":["package-7%_"]}','dev','pam','runner','state.apply','*','glob',4,1795378449055051,1795378449055051,1795378391055051,1,1,-8756403328560928124,2,1,1,1,0,819,'{"arg":["Package-7%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795378809055051,'','20261122202009055051','état.été
*
ops
{"arg":["package-8%_"]}','ops','','runner','état.été','*','glob',2,1795378811055051,1795378869055051,1795378811055051,1,1,2844281532097165974,2,0,2,2,0,812,'{"arg":["Package-8%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795379229055051,'','20261122202709055051','state.sls
*
dev
{"arg":["package-9%_"]}','dev','pam','runner','state.sls','*','glob',4,1795379289055051,1795379289055051,1795379232055051,1,1,2843324956980811629,2,1,1,0,1,813,'{"arg":["Package-9%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795379649055051,'','20261122203409055051','state.apply
*
dev
{"arg":["package-10%_"]}','dev','pam','local','state.apply','*','glob',2,1795379649055051,0,0,1,1,-3750763034362895579,0,0,0,0,0,602,'{"arg":["Package-10%_"]}',0,'','','','','','');
INSERT INTO jobs VALUES(1795380069055051,'','20261122204109055051','state.apply
web*
root
{"arg":["package-11%_"]}','root','pam','runner','state.apply','web*','glob',3,1795380070055051,0,1795380070055051,1,1,2844281532097165974,2,0,2,1,1,828,'{"arg":["Package-11%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795380489055051,'','20261122204809055051','état.été
web*
ops
{"arg":["package-12%_"]}','ops','','local','état.été','web*','glob',4,1795380549055051,1795380549055051,1795380491055051,1,1,-2043267939230719064,3,1,2,2,0,926,'{"arg":["Package-12%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795380909055051,'','20261122205509055051','state.apply
*
root
{"arg":["package-13%_"]}','root','','runner','state.apply','*','glob',4,1795380969055051,1795380969055051,1795380910055051,1,1,-8756403328560928124,2,1,1,1,0,817,'{"arg":["Package-13%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795381329055051,'','20261122210209055051','state.apply
web*
root
{"arg":["package-14%_"]}','root','pam','runner','state.apply','web*','glob',2,1795381331055051,1795381389055051,1795381331055051,1,1,-7715138023742183325,4,0,4,4,0,1044,'{"arg":["Package-14%_"]}',4,'','','','','','');
INSERT INTO jobs VALUES(1795381749055051,'','20261122210909055051','test.ping
*
dev
{"arg":["package-15%_"]}','dev','pam','local','test.ping','*','glob',4,1795381809055051,1795381809055051,1795381752055051,1,1,-2043267939230719064,3,2,1,0,1,921,'{"arg":["Package-15%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795382169055051,'','20261122211609055051','test.ping
*
root
{"arg":["package-16%_"]}','root','pam','runner','test.ping','*','glob',4,1795382229055051,1795382229055051,0,1,1,8896134729782141090,1,1,0,0,0,708,'{"arg":["Package-16%_"]}',0,'','','','','','');
INSERT INTO jobs VALUES(1795382589055051,'','20261122212309055051','état.été
web*
ops
{"arg":["package-17%_"]}','ops','pam','local','état.été','web*','glob',2,1795382590055051,0,1795382590055051,1,1,7357398747658311227,1,0,1,1,0,717,'{"arg":["Package-17%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795383009055051,'','20261122213009055051','state.apply
web*
root
{"arg":["package-18%_"]}','root','','local','state.apply','web*','glob',2,1795383011055051,0,1795383011055051,1,1,8895178154665786745,1,0,1,1,0,711,'{"arg":["Package-18%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795383429055051,'','20261122213709055051','state.apply
*
dev
{"arg":["package-19%_"]}','dev','','local','state.apply','*','glob',2,1795383432055051,0,1795383432055051,1,1,2843324956980811629,2,0,2,2,0,812,'{"arg":["Package-19%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795383849055051,'','20261122214409055051','state.apply
web*
ops
{"arg":["package-20%_"]}','ops','pam','local','state.apply','web*','glob',4,1795383909055051,1795383909055051,1795383852055051,1,1,6476738458648992550,3,2,1,0,1,929,'{"arg":["Package-20%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795384269055051,'','20261122215109055051','test.ping
*
root
{"arg":["package-21%_"]}','root','pam','local','test.ping','*','glob',1,9223372036854775807,0,1795384272055051,0,1,2740873321034738355,3,1,2,2,0,924,'{"arg":["Package-21%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795384689055051,'','20261122215809055051','state.sls
web*
ops
{"arg":["package-22%_"]}','ops','pam','runner','state.sls','web*','glob',3,1795384691055051,0,1795384691055051,1,1,7357398747658311227,1,0,1,0,1,715,'{"arg":["Package-22%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795385109055051,'','20261122220509055051','état.été
web*
dev
{"arg":["package-23%_"]}','dev','pam','runner','état.été','web*','glob',1,9223372036854775807,0,1795385110055051,0,1,-8756403328560928124,2,1,1,1,0,827,'{"arg":["Package-23%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795385529055051,'','20261122221209055051','test.ping
web*
ops
{"arg":["package-24%_"]}','ops','','runner','test.ping','web*','glob',2,1795385532055051,0,1795385532055051,1,1,-8756403328560928124,2,0,2,2,0,818,'{"arg":["Package-24%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795385949055051,'','20261122221909055051','test.ping
web*
ops
{"arg":["package-25%_"]}','ops','pam','runner','test.ping','web*','glob',4,1795386009055051,1795386009055051,1795385952055051,1,1,2844281532097165974,2,1,1,1,0,821,'{"arg":["Package-25%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795386369055051,'','20261122222609055051','state.apply
*
dev
{"arg":["package-26%_"]}','dev','','runner','state.apply','*','glob',3,1795386370055051,0,1795386370055051,1,1,1881767569510632215,2,0,2,1,1,814,'{"arg":["Package-26%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795386789055051,'','20261122223309055051','state.apply
web*
root
{"arg":["package-27%_"]}','root','','local','state.apply','web*','glob',4,1795386849055051,1795386849055051,1795386791055051,1,1,750009885853985106,2,1,1,1,0,817,'{"arg":["Package-27%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795387209055051,'','20261122224009055051','state.sls
web*
root
{"arg":["package-28%_"]}','root','pam','local','state.sls','web*','glob',3,1795387211055051,0,1795387211055051,1,1,8896134729782141090,1,0,1,0,1,713,'{"arg":["Package-28%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795387629055051,'','20261122224709055051','state.sls
*
ops
{"arg":["package-29%_"]}','ops','','local','state.sls','*','glob',1,9223372036854775807,0,1795387630055051,0,1,-2043267939230719064,3,2,1,1,0,915,'{"arg":["Package-29%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795388049055051,'','20261122225409055051','état.été
web*
ops
{"arg":["package-30%_"]}','ops','pam','local','état.été','web*','glob',3,1795388050055051,0,1795388050055051,1,1,1881767569510632215,2,0,2,1,1,824,'{"arg":["Package-30%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795388469055051,'','20261122230109055051','état.été
web*
dev
{"arg":["package-31%_"]}','dev','pam','runner','état.été','web*','glob',4,1795388529055051,1795388529055051,1795388470055051,1,1,6475781883532638205,3,2,1,1,0,931,'{"arg":["Package-31%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795388889055051,'','20261122230809055051','state.apply
web*
dev
{"arg":["package-32%_"]}','dev','pam','runner','state.apply','web*','glob',2,1795388892055051,1795388949055051,1795388892055051,1,1,-2043267939230719064,3,0,3,3,0,935,'{"arg":["Package-32%_"]}',3,'','','','','','');
INSERT INTO jobs VALUES(1795389309055051,'','20261122231509055051','state.sls
*
ops
{"arg":["package-33%_"]}','ops','','runner','state.sls','*','glob',2,1795389312055051,1795389369055051,1795389312055051,1,1,750009885853985106,2,0,2,2,0,808,'{"arg":["Package-33%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795389729055051,'','20261122232209055051','state.apply
*
root
{"arg":["package-34%_"]}','root','pam','local','state.apply','*','glob',4,1795389789055051,1795389789055051,1795389731055051,1,1,-7715138023742183325,4,2,2,2,0,1034,'{"arg":["Package-34%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795390149055051,'','20261122232909055051','state.sls
*
dev
{"arg":["package-35%_"]}','dev','','runner','state.sls','*','glob',4,1795390209055051,1795390209055051,1795390150055051,1,1,1878897844161569180,2,1,1,1,0,809,'{"arg":["Package-35%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795390569055051,'','20261122233609055051','test.ping
*
ops
{"arg":["package-36%_"]}','ops','pam','runner','test.ping','*','glob',1,9223372036854775807,0,1795390571055051,0,1,2843324956980811629,2,1,1,1,0,815,'{"arg":["Package-36%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795390989055051,'','20261122234309055051','état.été
web*
ops
{"arg":["package-37%_"]}','ops','pam','runner','état.été','web*','glob',2,1795390992055051,0,1795390992055051,1,1,750009885853985106,2,0,2,2,0,824,'{"arg":["Package-37%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795391409055051,'','20261122235009055051','state.sls
web*
ops
{"arg":["package-38%_"]}','ops','pam','local','state.sls','web*','glob',4,1795391469055051,1795391469055051,1795391410055051,1,1,-7715138023742183325,4,3,1,1,0,1033,'{"arg":["Package-38%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795391829055051,'','20261122235709055051','state.apply
*
dev
{"arg":["package-39%_"]}','dev','pam','runner','state.apply','*','glob',3,1795391831055051,1795391889055051,1795391831055051,1,1,8895178154665786745,1,0,1,0,1,711,'{"arg":["Package-39%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795392249055051,'','20261123000409055051','state.sls
web*
root
{"arg":["package-40%_"]}','root','pam','local','state.sls','web*','glob',3,1795392252055051,1795392309055051,1795392252055051,1,1,6476738458648992550,3,0,3,2,1,929,'{"arg":["Package-40%_"]}',3,'','','','','','');
INSERT INTO jobs VALUES(1795392669055051,'','20261123001109055051','état.été
web*
ops
{"arg":["package-41%_"]}','ops','pam','local','état.été','web*','glob',3,1795392672055051,0,1795392672055051,1,1,2740873321034738355,3,0,3,1,2,933,'{"arg":["Package-41%_"]}',3,'','','','','','');
INSERT INTO jobs VALUES(1795393089055051,'','20261123001809055051','state.sls
web*
dev
{"arg":["package-42%_"]}','dev','','runner','state.sls','web*','glob',4,1795393149055051,1795393149055051,1795393092055051,1,1,1878897844161569180,2,1,1,1,0,815,'{"arg":["Package-42%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795393509055051,'','20261123002509055051','test.ping
web*
ops
{"arg":["package-43%_"]}','ops','pam','local','test.ping','web*','glob',4,1795393569055051,1795393569055051,1795393510055051,1,1,2843324956980811629,2,1,1,1,0,819,'{"arg":["Package-43%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795393929055051,'','20261123003209055051','state.apply
web*
root
{"arg":["package-44%_"]}','root','pam','local','state.apply','web*','glob',4,1795393989055051,1795393989055051,0,1,1,7354529022309248192,1,1,0,0,0,718,'{"arg":["Package-44%_"]}',0,'','','','','','');
INSERT INTO jobs VALUES(1795394349055051,'','20261123003909055051','test.ping
*
ops
{"arg":["package-45%_"]}','ops','','runner','test.ping','*','glob',2,1795394351055051,0,1795394351055051,1,1,2844281532097165974,2,0,2,2,0,810,'{"arg":["Package-45%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795394769055051,'','20261123004609055051','test.ping
web*
dev
{"arg":["package-46%_"]}','dev','','local','test.ping','web*','glob',2,1795394772055051,1795394829055051,1795394772055051,1,1,6476738458648992550,3,0,3,3,0,921,'{"arg":["Package-46%_"]}',3,'','','','','','');
INSERT INTO jobs VALUES(1795395189055051,'','20261123005309055051','state.sls
*
ops
{"arg":["package-47%_"]}','ops','','local','state.sls','*','glob',4,1795395249055051,1795395249055051,1795395190055051,1,1,1881767569510632215,2,1,1,0,1,807,'{"arg":["Package-47%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795395609055051,'','20261123010009055051','test.ping
web*
ops
{"arg":["package-48%_"]}','ops','pam','local','test.ping','web*','glob',2,1795395610055051,1795395669055051,1795395610055051,1,1,8896134729782141090,1,0,1,1,0,711,'{"arg":["Package-48%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795396029055051,'','20261123010709055051','état.été
*
ops
{"arg":["package-49%_"]}','ops','','local','état.été','*','glob',2,1795396032055051,0,1795396032055051,1,1,-8756403328560928124,2,0,2,2,0,814,'{"arg":["Package-49%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795396449055051,'','20261123011409055051','test.ping
web*
ops
{"arg":["package-0%_"]}','ops','pam','local','test.ping','web*','glob',2,1795396450055051,1795396509055051,1795396450055051,1,1,8896134729782141090,1,0,1,1,0,709,'{"arg":["Package-0%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795396869055051,'','20261123012109055051','état.été
web*
ops
{"arg":["package-1%_"]}','ops','','local','état.été','web*','glob',2,1795396872055051,1795396929055051,1795396872055051,1,1,1881767569510632215,2,0,2,2,0,816,'{"arg":["Package-1%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795397289055051,'','20261123012809055051','state.sls
web*
ops
{"arg":["package-2%_"]}','ops','pam','local','state.sls','web*','glob',2,1795397292055051,1795397349055051,1795397292055051,1,1,2844281532097165974,2,0,2,2,0,818,'{"arg":["Package-2%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795397709055051,'','20261123013509055051','state.sls
web*
ops
{"arg":["package-3%_"]}','ops','','local','state.sls','web*','glob',2,1795397711055051,0,1795397711055051,1,1,8895178154665786745,1,0,1,1,0,703,'{"arg":["Package-3%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795398129055051,'','20261123014209055051','state.apply
*
ops
{"arg":["package-4%_"]}','ops','','runner','state.apply','*','glob',2,1795398132055051,0,1795398132055051,1,1,750009885853985106,2,0,2,2,0,810,'{"arg":["Package-4%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795398549055051,'','20261123014909055051','state.sls
web*
dev
{"arg":["package-5%_"]}','dev','','runner','state.sls','web*','glob',4,1795398609055051,1795398609055051,1795398551055051,1,1,-2043267939230719064,3,1,2,2,0,922,'{"arg":["Package-5%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795398969055051,'','20261123015609055051','test.ping
*
root
{"arg":["package-6%_"]}','root','pam','runner','test.ping','*','glob',1,9223372036854775807,0,1795398971055051,0,1,750009885853985106,2,1,1,1,0,813,'{"arg":["Package-6%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795399389055051,'','20261123020309055051','état.été
*
root
{"arg":["package-7%_"]}','root','','runner','état.été','*','glob',2,1795399390055051,1795399449055051,1795399390055051,1,1,7357398747658311227,1,0,1,1,0,707,'{"arg":["Package-7%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795399809055051,'','20261123021009055051','état.été
*
dev
{"arg":["package-8%_"]}','dev','','local','état.été','*','glob',3,1795399812055051,0,1795399812055051,1,1,2740873321034738355,3,0,3,2,1,919,'{"arg":["Package-8%_"]}',3,'','','','','','');
INSERT INTO jobs VALUES(1795400229055051,'','20261123021709055051','test.ping
web*
root
{"arg":["package-9%_"]}','root','','local','test.ping','web*','glob',1,9223372036854775807,0,1795400230055051,0,1,750009885853985106,2,1,1,1,0,811,'{"arg":["Package-9%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795400649055051,'','20261123022409055051','état.été
web*
root
{"arg":["package-10%_"]}','root','pam','runner','état.été','web*','glob',4,1795400709055051,1795400709055051,0,1,1,7354529022309248192,1,1,0,0,0,720,'{"arg":["Package-10%_"]}',0,'','','','','','');
INSERT INTO jobs VALUES(1795401069055051,'','20261123023109055051','state.apply
web*
dev
{"arg":["package-11%_"]}','dev','','runner','state.apply','web*','glob',4,1795401129055051,1795401129055051,1795401071055051,1,1,1878897844161569180,2,1,1,1,0,819,'{"arg":["Package-11%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795401489055051,'','20261123023809055051','état.été
web*
dev
{"arg":["package-12%_"]}','dev','pam','local','état.été','web*','glob',2,1795401491055051,1795401549055051,1795401491055051,1,1,1881767569510632215,2,0,2,2,0,824,'{"arg":["Package-12%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795401909055051,'','20261123024509055051','state.sls
web*
root
{"arg":["package-13%_"]}','root','pam','local','state.sls','web*','glob',2,1795401910055051,1795401969055051,1795401910055051,1,1,1881767569510632215,2,0,2,2,0,822,'{"arg":["Package-13%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795402329055051,'','20261123025209055051','test.ping
*
ops
{"arg":["package-14%_"]}','ops','','local','test.ping','*','glob',2,1795402332055051,0,1795402332055051,1,1,8896134729782141090,1,0,1,1,0,699,'{"arg":["Package-14%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795402749055051,'','20261123025909055051','state.apply
web*
dev
{"arg":["package-15%_"]}','dev','pam','runner','state.apply','web*','glob',4,1795402809055051,1795402809055051,0,1,1,2843324956980811629,2,2,0,0,0,824,'{"arg":["Package-15%_"]}',0,'','','','','','');
INSERT INTO jobs VALUES(1795403169055051,'','20261123030609055051','state.sls
web*
dev
{"arg":["package-16%_"]}','dev','','local','state.sls','web*','glob',1,9223372036854775807,0,1795403172055051,0,1,-8756403328560928124,2,1,1,1,0,815,'{"arg":["Package-16%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795403589055051,'','20261123031309055051','état.été
*
dev
{"arg":["package-17%_"]}','dev','pam','runner','état.été','*','glob',4,1795403649055051,1795403649055051,1795403591055051,1,1,6476738458648992550,3,2,1,1,0,925,'{"arg":["Package-17%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795404009055051,'','20261123032009055051','état.été
web*
dev
{"arg":["package-18%_"]}','dev','pam','local','état.été','web*','glob',2,1795404010055051,0,1795404010055051,1,1,8896134729782141090,1,0,1,1,0,715,'{"arg":["Package-18%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795404429055051,'','20261123032709055051','state.apply
web*
root
{"arg":["package-19%_"]}','root','pam','runner','state.apply','web*','glob',1,9223372036854775807,0,1795404432055051,0,1,2740873321034738355,3,1,2,2,0,936,'{"arg":["Package-19%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795404849055051,'','20261123033409055051','state.apply
*
dev
{"arg":["package-20%_"]}','dev','','local','state.apply','*','glob',1,9223372036854775807,0,1795404850055051,0,1,6475781883532638205,3,2,1,1,0,917,'{"arg":["Package-20%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795405269055051,'','20261123034109055051','état.été
web*
dev
{"arg":["package-21%_"]}','dev','pam','local','état.été','web*','glob',3,1795405272055051,1795405329055051,1795405272055051,1,1,2740873321034738355,3,0,3,2,1,933,'{"arg":["Package-21%_"]}',3,'','','','','','');
INSERT INTO jobs VALUES(1795405689055051,'','20261123034809055051','test.ping
*
ops
{"arg":["package-22%_"]}','ops','pam','local','test.ping','*','glob',1,9223372036854775807,0,1795405692055051,0,1,6475781883532638205,3,1,2,2,0,920,'{"arg":["Package-22%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795406109055051,'','20261123035509055051','state.apply
*
root
{"arg":["package-23%_"]}','root','','runner','state.apply','*','glob',4,1795406169055051,1795406169055051,1795406111055051,1,1,1881767569510632215,2,1,1,1,0,815,'{"arg":["Package-23%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795406529055051,'','20261123040209055051','state.sls
web*
root
{"arg":["package-24%_"]}','root','pam','local','state.sls','web*','glob',0,9223372036854775807,0,0,0,1,7357398747658311227,1,1,0,0,0,714,'{"arg":["Package-24%_"]}',0,'','','','','','');
INSERT INTO jobs VALUES(1795406949055051,'','20261123040909055051','state.apply
*
ops
{"arg":["package-25%_"]}','ops','','runner','state.apply','*','glob',3,1795406951055051,1795407009055051,1795406951055051,1,1,-2043267939230719064,3,0,3,2,1,923,'{"arg":["Package-25%_"]}',3,'','','','','','');
INSERT INTO jobs VALUES(1795407369055051,'','20261123041609055051','state.sls
*
root
{"arg":["package-26%_"]}','root','pam','local','state.sls','*','glob',2,1795407369055051,0,0,1,1,-3750763034362895579,0,0,0,0,0,600,'{"arg":["Package-26%_"]}',0,'','','','','','');
INSERT INTO jobs VALUES(1795407789055051,'','20261123042309055051','state.sls
*
dev
{"arg":["package-27%_"]}','dev','','local','state.sls','*','glob',2,1795407792055051,0,1795407792055051,1,1,8896134729782141090,1,0,1,1,0,699,'{"arg":["Package-27%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795408209055051,'','20261123043009055051','state.sls
web*
dev
{"arg":["package-28%_"]}','dev','pam','runner','state.sls','web*','glob',0,9223372036854775807,0,0,0,1,6476738458648992550,3,3,0,0,0,926,'{"arg":["Package-28%_"]}',0,'','','','','','');
INSERT INTO jobs VALUES(1795408629055051,'','20261123043709055051','state.apply
web*
root
{"arg":["package-29%_"]}','root','','local','state.apply','web*','glob',4,1795408689055051,1795408689055051,1795408631055051,1,1,1878897844161569180,2,1,1,1,0,819,'{"arg":["Package-29%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795409049055051,'','20261123044409055051','state.sls
web*
ops
{"arg":["package-30%_"]}','ops','pam','local','state.sls','web*','glob',2,1795409049055051,0,0,1,1,-3750763034362895579,0,0,0,0,0,604,'{"arg":["Package-30%_"]}',0,'','','','','','');
INSERT INTO jobs VALUES(1795409469055051,'','20261123045109055051','state.sls
*
dev
{"arg":["package-31%_"]}','dev','','local','state.sls','*','glob',2,1795409472055051,1795409529055051,1795409472055051,1,1,8896134729782141090,1,0,1,1,0,699,'{"arg":["Package-31%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795409889055051,'','20261123045809055051','état.été
*
dev
{"arg":["package-32%_"]}','dev','pam','local','état.été','*','glob',4,1795409949055051,1795409949055051,1795409891055051,1,1,6476738458648992550,3,2,1,1,0,923,'{"arg":["Package-32%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795410309055051,'','20261123050509055051','state.apply
*
root
{"arg":["package-33%_"]}','root','pam','local','state.apply','*','glob',2,1795410311055051,0,1795410311055051,1,1,750009885853985106,2,0,2,2,0,818,'{"arg":["Package-33%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795410729055051,'','20261123051209055051','state.apply
*
ops
{"arg":["package-34%_"]}','ops','','local','state.apply','*','glob',3,1795410732055051,1795410789055051,1795410732055051,1,1,-8756403328560928124,2,0,2,1,1,814,'{"arg":["Package-34%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795411149055051,'','20261123051909055051','state.apply
*
dev
{"arg":["package-35%_"]}','dev','pam','local','state.apply','*','glob',3,1795411152055051,1795411209055051,1795411152055051,1,1,2740873321034738355,3,0,3,2,1,927,'{"arg":["Package-35%_"]}',3,'','','','','','');
INSERT INTO jobs VALUES(1795411569055051,'','20261123052609055051','state.apply
*
dev
{"arg":["package-36%_"]}','dev','','runner','state.apply','*','glob',2,1795411571055051,1795411629055051,1795411571055051,1,1,8895178154665786745,1,0,1,1,0,705,'{"arg":["Package-36%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795411989055051,'','20261123053309055051','state.sls
*
ops
{"arg":["package-37%_"]}','ops','','local','state.sls','*','glob',4,1795412049055051,1795412049055051,1795411992055051,1,1,6475781883532638205,3,1,2,2,0,914,'{"arg":["Package-37%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795412409055051,'','20261123054009055051','état.été
*
root
{"arg":["package-38%_"]}','root','','local','état.été','*','glob',4,1795412469055051,1795412469055051,1795412412055051,1,1,6475781883532638205,3,2,1,1,0,919,'{"arg":["Package-38%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795412829055051,'','20261123054709055051','state.apply
web*
root
{"arg":["package-39%_"]}','root','','local','state.apply','web*','glob',2,1795412831055051,1795412889055051,1795412831055051,1,1,1878897844161569180,2,0,2,2,0,820,'{"arg":["Package-39%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795413249055051,'','20261123055409055051','état.été
web*
dev
{"arg":["package-40%_"]}','dev','pam','runner','état.été','web*','glob',2,1795413252055051,0,1795413252055051,1,1,2843324956980811629,2,0,2,2,0,826,'{"arg":["Package-40%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795413669055051,'','20261123060109055051','test.ping
web*
ops
{"arg":["package-41%_"]}','ops','','local','test.ping','web*','glob',1,9223372036854775807,0,1795413672055051,0,1,-7715138023742183325,4,1,3,3,0,1029,'{"arg":["Package-41%_"]}',3,'','','','','','');
INSERT INTO jobs VALUES(1795414089055051,'','20261123060809055051','state.apply
*
dev
{"arg":["package-42%_"]}','dev','','local','state.apply','*','glob',1,9223372036854775807,0,1795414092055051,0,1,750009885853985106,2,1,1,1,0,809,'{"arg":["Package-42%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795414509055051,'','20261123061509055051','state.apply
*
root
{"arg":["package-43%_"]}','root','pam','runner','state.apply','*','glob',2,1795414512055051,0,1795414512055051,1,1,2843324956980811629,2,0,2,2,0,822,'{"arg":["Package-43%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795414929055051,'','20261123062209055051','test.ping
*
dev
{"arg":["package-44%_"]}','dev','','runner','test.ping','*','glob',2,1795414929055051,0,0,1,1,-3750763034362895579,0,0,0,0,0,594,'{"arg":["Package-44%_"]}',0,'','','','','','');
INSERT INTO jobs VALUES(1795415349055051,'','20261123062909055051','état.été
*
root
{"arg":["package-45%_"]}','root','','runner','état.été','*','glob',4,1795415409055051,1795415409055051,1795415351055051,1,1,2740873321034738355,3,2,1,1,0,923,'{"arg":["Package-45%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795415769055051,'','20261123063609055051','test.ping
web*
ops
{"arg":["package-46%_"]}','ops','','local','test.ping','web*','glob',1,9223372036854775807,0,1795415772055051,0,1,6476738458648992550,3,1,2,2,0,920,'{"arg":["Package-46%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795416189055051,'','20261123064309055051','state.sls
*
ops
{"arg":["package-47%_"]}','ops','pam','local','state.sls','*','glob',1,9223372036854775807,0,1795416191055051,0,1,-7715138023742183325,4,1,3,3,0,1029,'{"arg":["Package-47%_"]}',3,'','','','','','');
INSERT INTO jobs VALUES(1795416609055051,'','20261123065009055051','état.été
web*
ops
{"arg":["package-48%_"]}','ops','pam','local','état.été','web*','glob',4,1795416669055051,1795416669055051,1795416612055051,1,1,-7715138023742183325,4,2,2,1,1,1038,'{"arg":["Package-48%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795417029055051,'','20261123065709055051','state.apply
web*
dev
{"arg":["package-49%_"]}','dev','','runner','state.apply','web*','glob',4,1795417089055051,1795417089055051,1795417031055051,1,1,-2043267939230719064,3,1,2,0,2,928,'{"arg":["Package-49%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795417449055051,'','20261123070409055051','test.ping
web*
ops
{"arg":["package-0%_"]}','ops','pam','local','test.ping','web*','glob',2,1795417452055051,1795417509055051,1795417452055051,1,1,-2043267939230719064,3,0,3,3,0,927,'{"arg":["Package-0%_"]}',3,'','','','','','');
INSERT INTO jobs VALUES(1795417869055051,'','20261123071109055051','state.sls
web*
ops
{"arg":["package-1%_"]}','ops','pam','local','state.sls','web*','glob',2,1795417871055051,0,1795417871055051,1,1,-2043267939230719064,3,0,3,3,0,927,'{"arg":["Package-1%_"]}',3,'','','','','','');
INSERT INTO jobs VALUES(1795418289055051,'','20261123071809055051','state.sls
web*
dev
{"arg":["package-2%_"]}','dev','','runner','state.sls','web*','glob',4,1795418349055051,1795418349055051,1795418292055051,1,1,6475781883532638205,3,1,2,2,0,920,'{"arg":["Package-2%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795418709055051,'','20261123072509055051','state.apply
*
dev
{"arg":["package-3%_"]}','dev','','runner','state.apply','*','glob',2,1795418711055051,0,1795418711055051,1,1,7357398747658311227,1,0,1,1,0,705,'{"arg":["Package-3%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795419129055051,'','20261123073209055051','state.sls
web*
root
{"arg":["package-4%_"]}','root','pam','runner','state.sls','web*','glob',2,1795419130055051,0,1795419130055051,1,1,8895178154665786745,1,0,1,1,0,713,'{"arg":["Package-4%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795419549055051,'','20261123073909055051','state.apply
web*
dev
{"arg":["package-5%_"]}','dev','pam','runner','state.apply','web*','glob',4,1795419609055051,1795419609055051,1795419552055051,1,1,750009885853985106,2,1,1,0,1,821,'{"arg":["Package-5%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795419969055051,'','20261123074609055051','state.apply
*
root
{"arg":["package-6%_"]}','root','pam','runner','state.apply','*','glob',1,9223372036854775807,0,1795419970055051,0,1,750009885853985106,2,1,1,1,0,817,'{"arg":["Package-6%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795420389055051,'','20261123075309055051','test.ping
web*
ops
{"arg":["package-7%_"]}','ops','pam','runner','test.ping','web*','glob',3,1795420391055051,0,1795420391055051,1,1,7354529022309248192,1,0,1,0,1,713,'{"arg":["Package-7%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795420809055051,'','20261123080009055051','état.été
*
dev
{"arg":["package-8%_"]}','dev','pam','local','état.été','*','glob',0,9223372036854775807,0,0,0,1,2740873321034738355,3,3,0,0,0,922,'{"arg":["Package-8%_"]}',0,'','','','','','');
INSERT INTO jobs VALUES(1795421229055051,'','20261123080709055051','state.apply
web*
root
{"arg":["package-9%_"]}','root','','runner','state.apply','web*','glob',2,1795421231055051,1795421289055051,1795421231055051,1,1,7354529022309248192,1,0,1,1,0,713,'{"arg":["Package-9%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795421649055051,'','20261123081409055051','test.ping
web*
root
{"arg":["package-10%_"]}','root','pam','runner','test.ping','web*','glob',4,1795421709055051,1795421709055051,0,1,1,1878897844161569180,2,2,0,0,0,822,'{"arg":["Package-10%_"]}',0,'','','','','','');
INSERT INTO jobs VALUES(1795422069055051,'','20261123082109055051','test.ping
web*
root
{"arg":["package-11%_"]}','root','pam','local','test.ping','web*','glob',2,1795422069055051,0,0,1,1,-3750763034362895579,0,0,0,0,0,606,'{"arg":["Package-11%_"]}',0,'','','','','','');
INSERT INTO jobs VALUES(1795422489055051,'','20261123082809055051','state.sls
*
ops
{"arg":["package-12%_"]}','ops','','runner','state.sls','*','glob',2,1795422491055051,0,1795422491055051,1,1,2844281532097165974,2,0,2,2,0,810,'{"arg":["Package-12%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795422909055051,'','20261123083509055051','test.ping
*
ops
{"arg":["package-13%_"]}','ops','','runner','test.ping','*','glob',2,1795422911055051,1795422969055051,1795422911055051,1,1,7357398747658311227,1,0,1,1,0,703,'{"arg":["Package-13%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795423329055051,'','20261123084209055051','test.ping
web*
root
{"arg":["package-14%_"]}','root','','runner','test.ping','web*','glob',4,1795423389055051,1795423389055051,1795423330055051,1,1,2843324956980811629,2,1,1,1,0,817,'{"arg":["Package-14%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795423749055051,'','20261123084909055051','test.ping
web*
dev
{"arg":["package-15%_"]}','dev','','local','test.ping','web*','glob',2,1795423752055051,0,1795423752055051,1,1,1878897844161569180,2,0,2,2,0,814,'{"arg":["Package-15%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795424169055051,'','20261123085609055051','state.sls
web*
ops
{"arg":["package-16%_"]}','ops','','runner','state.sls','web*','glob',2,1795424171055051,0,1795424171055051,1,1,7354529022309248192,1,0,1,1,0,709,'{"arg":["Package-16%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795424589055051,'','20261123090309055051','state.sls
*
dev
{"arg":["package-17%_"]}','dev','','runner','state.sls','*','glob',2,1795424591055051,1795424649055051,1795424591055051,1,1,2844281532097165974,2,0,2,2,0,810,'{"arg":["Package-17%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795425009055051,'','20261123091009055051','state.sls
web*
ops
{"arg":["package-18%_"]}','ops','','local','state.sls','web*','glob',1,9223372036854775807,0,1795425012055051,0,1,2843324956980811629,2,1,1,0,1,813,'{"arg":["Package-18%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795425429055051,'','20261123091709055051','state.sls
*
dev
{"arg":["package-19%_"]}','dev','','local','state.sls','*','glob',2,1795425430055051,1795425489055051,1795425430055051,1,1,2844281532097165974,2,0,2,2,0,808,'{"arg":["Package-19%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795425849055051,'','20261123092409055051','état.été
web*
ops
{"arg":["package-20%_"]}','ops','pam','runner','état.été','web*','glob',3,1795425852055051,0,1795425852055051,1,1,-7715138023742183325,4,0,4,3,1,1042,'{"arg":["Package-20%_"]}',4,'','','','','','');
INSERT INTO jobs VALUES(1795426269055051,'','20261123093109055051','état.été
web*
dev
{"arg":["package-21%_"]}','dev','pam','runner','état.été','web*','glob',2,1795426270055051,0,1795426270055051,1,1,8895178154665786745,1,0,1,1,0,717,'{"arg":["Package-21%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795426689055051,'','20261123093809055051','state.sls
*
ops
{"arg":["package-22%_"]}','ops','pam','local','state.sls','*','glob',3,1795426691055051,1795426749055051,1795426691055051,1,1,7357398747658311227,1,0,1,0,1,707,'{"arg":["Package-22%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795427109055051,'','20261123094509055051','state.apply
*
root
{"arg":["package-23%_"]}','root','','local','state.apply','*','glob',4,1795427169055051,1795427169055051,0,1,1,7357398747658311227,1,1,0,0,0,706,'{"arg":["Package-23%_"]}',0,'','','','','','');
INSERT INTO jobs VALUES(1795427529055051,'','20261123095209055051','state.apply
*
root
{"arg":["package-24%_"]}','root','','local','state.apply','*','glob',1,9223372036854775807,0,1795427532055051,0,1,6475781883532638205,3,1,2,2,0,920,'{"arg":["Package-24%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795427949055051,'','20261123095909055051','state.apply
*
dev
{"arg":["package-25%_"]}','dev','pam','runner','state.apply','*','glob',3,1795427951055051,0,1795427951055051,1,1,7354529022309248192,1,0,1,0,1,713,'{"arg":["Package-25%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795428369055051,'','20261123100609055051','state.sls
web*
ops
{"arg":["package-26%_"]}','ops','','runner','state.sls','web*','glob',0,9223372036854775807,0,0,0,1,6475781883532638205,3,3,0,0,0,920,'{"arg":["Package-26%_"]}',0,'','','','','','');
INSERT INTO jobs VALUES(1795428789055051,'','20261123101309055051','state.apply
web*
root
{"arg":["package-27%_"]}','root','pam','local','state.apply','web*','glob',1,9223372036854775807,0,1795428792055051,0,1,-2043267939230719064,3,2,1,1,0,933,'{"arg":["Package-27%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795429209055051,'','20261123102009055051','state.apply
web*
ops
{"arg":["package-28%_"]}','ops','','local','state.apply','web*','glob',4,1795429269055051,1795429269055051,1795429211055051,1,1,-7715138023742183325,4,1,3,3,0,1033,'{"arg":["Package-28%_"]}',3,'','','','','','');
INSERT INTO jobs VALUES(1795429629055051,'','20261123102709055051','test.ping
web*
ops
{"arg":["package-29%_"]}','ops','','local','test.ping','web*','glob',2,1795429632055051,0,1795429632055051,1,1,-7715138023742183325,4,0,4,4,0,1030,'{"arg":["Package-29%_"]}',4,'','','','','','');
INSERT INTO jobs VALUES(1795430049055051,'','20261123103409055051','test.ping
*
ops
{"arg":["package-30%_"]}','ops','pam','runner','test.ping','*','glob',2,1795430049055051,0,0,1,1,-3750763034362895579,0,0,0,0,0,600,'{"arg":["Package-30%_"]}',0,'','','','','','');
INSERT INTO jobs VALUES(1795430469055051,'','20261123104109055051','test.ping
*
dev
{"arg":["package-31%_"]}','dev','','local','test.ping','*','glob',2,1795430469055051,1795430529055051,0,1,1,-3750763034362895579,0,0,0,0,0,592,'{"arg":["Package-31%_"]}',0,'','','','','','');
INSERT INTO jobs VALUES(1795430889055051,'','20261123104809055051','test.ping
*
root
{"arg":["package-32%_"]}','root','pam','runner','test.ping','*','glob',1,9223372036854775807,0,1795430890055051,0,1,-8756403328560928124,2,1,1,1,0,819,'{"arg":["Package-32%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795431309055051,'','20261123105509055051','state.apply
web*
dev
{"arg":["package-33%_"]}','dev','','local','state.apply','web*','glob',2,1795431312055051,0,1795431312055051,1,1,1881767569510632215,2,0,2,2,0,818,'{"arg":["Package-33%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795431729055051,'','20261123110209055051','state.sls
web*
root
{"arg":["package-34%_"]}','root','','local','state.sls','web*','glob',2,1795431730055051,0,1795431730055051,1,1,8896134729782141090,1,0,1,1,0,707,'{"arg":["Package-34%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795432149055051,'','20261123110909055051','state.apply
web*
ops
{"arg":["package-35%_"]}','ops','','runner','state.apply','web*','glob',4,1795432209055051,1795432209055051,1795432151055051,1,1,-2043267939230719064,3,1,2,1,1,928,'{"arg":["Package-35%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795432569055051,'','20261123111609055051','state.sls
*
dev
{"arg":["package-36%_"]}','dev','pam','runner','state.sls','*','glob',3,1795432571055051,0,1795432571055051,1,1,1878897844161569180,2,0,2,1,1,816,'{"arg":["Package-36%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795432989055051,'','20261123112309055051','state.sls
*
root
{"arg":["package-37%_"]}','root','pam','runner','state.sls','*','glob',2,1795432990055051,0,1795432990055051,1,1,2844281532097165974,2,0,2,2,0,818,'{"arg":["Package-37%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795433409055051,'','20261123113009055051','state.apply
*
dev
{"arg":["package-38%_"]}','dev','','runner','state.apply','*','glob',2,1795433409055051,0,0,1,1,-3750763034362895579,0,0,0,0,0,598,'{"arg":["Package-38%_"]}',0,'','','','','','');
INSERT INTO jobs VALUES(1795433829055051,'','20261123113709055051','state.apply
web*
root
{"arg":["package-39%_"]}','root','pam','local','state.apply','web*','glob',2,1795433831055051,0,1795433831055051,1,1,750009885853985106,2,0,2,2,0,824,'{"arg":["Package-39%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795434249055051,'','20261123114409055051','test.ping
web*
dev
{"arg":["package-40%_"]}','dev','pam','local','test.ping','web*','glob',4,1795434309055051,1795434309055051,1795434251055051,1,1,-7715138023742183325,4,2,2,1,1,1034,'{"arg":["Package-40%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795434669055051,'','20261123115109055051','test.ping
web*
root
{"arg":["package-41%_"]}','root','pam','local','test.ping','web*','glob',3,1795434671055051,1795434729055051,1795434671055051,1,1,2844281532097165974,2,0,2,1,1,822,'{"arg":["Package-41%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795435089055051,'','20261123115809055051','test.ping
*
root
{"arg":["package-42%_"]}','root','','local','test.ping','*','glob',3,1795435091055051,0,1795435091055051,1,1,1878897844161569180,2,0,2,1,1,810,'{"arg":["Package-42%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795435509055051,'','20261123120509055051','state.sls
*
dev
{"arg":["package-43%_"]}','dev','','runner','state.sls','*','glob',4,1795435569055051,1795435569055051,1795435511055051,1,1,2844281532097165974,2,1,1,1,0,809,'{"arg":["Package-43%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795435929055051,'','20261123121209055051','state.apply
web*
root
{"arg":["package-44%_"]}','root','pam','runner','state.apply','web*','glob',4,1795435989055051,1795435989055051,1795435931055051,1,1,2843324956980811629,2,1,1,0,1,827,'{"arg":["Package-44%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795436349055051,'','20261123121909055051','state.apply
*
dev
{"arg":["package-45%_"]}','dev','','local','state.apply','*','glob',1,9223372036854775807,0,1795436350055051,0,1,-8756403328560928124,2,1,1,1,0,813,'{"arg":["Package-45%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795436769055051,'','20261123122609055051','state.sls
web*
root
{"arg":["package-46%_"]}','root','','runner','state.sls','web*','glob',2,1795436772055051,1795436829055051,1795436772055051,1,1,750009885853985106,2,0,2,2,0,816,'{"arg":["Package-46%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795437189055051,'','20261123123309055051','état.été
*
ops
{"arg":["package-47%_"]}','ops','','local','état.été','*','glob',0,9223372036854775807,0,0,0,1,8895178154665786745,1,1,0,0,0,702,'{"arg":["Package-47%_"]}',0,'','','','','','');
INSERT INTO jobs VALUES(1795437609055051,'','20261123124009055051','state.apply
*
root
{"arg":["package-48%_"]}','root','pam','runner','state.apply','*','glob',0,9223372036854775807,0,0,0,1,1878897844161569180,2,2,0,0,0,820,'{"arg":["Package-48%_"]}',0,'','','','','','');
INSERT INTO jobs VALUES(1795438029055051,'','20261123124709055051','state.apply
*
root
{"arg":["package-49%_"]}','root','','local','state.apply','*','glob',2,1795438031055051,1795438089055051,1795438031055051,1,1,7357398747658311227,1,0,1,1,0,707,'{"arg":["Package-49%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795438449055051,'','20261123125409055051','state.apply
web*
ops
{"arg":["package-0%_"]}','ops','','local','state.apply','web*','glob',1,9223372036854775807,0,1795438452055051,0,1,-2043267939230719064,3,1,2,2,0,924,'{"arg":["Package-0%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795438869055051,'','20261123130109055051','test.ping
*
dev
{"arg":["package-1%_"]}','dev','pam','local','test.ping','*','glob',2,1795438872055051,0,1795438872055051,1,1,8895178154665786745,1,0,1,1,0,703,'{"arg":["Package-1%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795439289055051,'','20261123130809055051','test.ping
*
root
{"arg":["package-2%_"]}','root','','local','test.ping','*','glob',3,1795439292055051,0,1795439292055051,1,1,6475781883532638205,3,0,3,2,1,915,'{"arg":["Package-2%_"]}',3,'','','','','','');
INSERT INTO jobs VALUES(1795439709055051,'','20261123131509055051','state.apply
web*
ops
{"arg":["package-3%_"]}','ops','','local','state.apply','web*','glob',1,9223372036854775807,0,1795439711055051,0,1,6476738458648992550,3,2,1,1,0,921,'{"arg":["Package-3%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795440129055051,'','20261123132209055051','état.été
*
dev
{"arg":["package-4%_"]}','dev','','local','état.été','*','glob',1,9223372036854775807,0,1795440132055051,0,1,2740873321034738355,3,2,1,1,0,917,'{"arg":["Package-4%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795440549055051,'','20261123132909055051','état.été
*
ops
{"arg":["package-5%_"]}','ops','','runner','état.été','*','glob',4,1795440609055051,1795440609055051,1795440550055051,1,1,1878897844161569180,2,1,1,1,0,811,'{"arg":["Package-5%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795440969055051,'','20261123133609055051','state.apply
*
root
{"arg":["package-6%_"]}','root','pam','runner','state.apply','*','glob',4,1795441029055051,1795441029055051,1795440972055051,1,1,6475781883532638205,3,1,2,2,0,926,'{"arg":["Package-6%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795441389055051,'','20261123134309055051','state.sls
web*
dev
{"arg":["package-7%_"]}','dev','pam','runner','state.sls','web*','glob',2,1795441390055051,1795441449055051,1795441390055051,1,1,8895178154665786745,1,0,1,1,0,711,'{"arg":["Package-7%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795441809055051,'','20261123135009055051','état.été
web*
root
{"arg":["package-8%_"]}','root','','local','état.été','web*','glob',3,1795441812055051,0,1795441812055051,1,1,-7715138023742183325,4,0,4,3,1,1034,'{"arg":["Package-8%_"]}',4,'','','','','','');
INSERT INTO jobs VALUES(1795442229055051,'','20261123135709055051','test.ping
*
root
{"arg":["package-9%_"]}','root','','runner','test.ping','*','glob',2,1795442229055051,0,0,1,1,-3750763034362895579,0,0,0,0,0,594,'{"arg":["Package-9%_"]}',0,'','','','','','');
INSERT INTO jobs VALUES(1795442649055051,'','20261123140409055051','état.été
web*
dev
{"arg":["package-10%_"]}','dev','pam','runner','état.été','web*','glob',1,9223372036854775807,0,1795442652055051,0,1,-7715138023742183325,4,1,3,2,1,1041,'{"arg":["Package-10%_"]}',3,'','','','','','');
INSERT INTO jobs VALUES(1795443069055051,'','20261123141109055051','test.ping
*
dev
{"arg":["package-11%_"]}','dev','pam','local','test.ping','*','glob',4,1795443129055051,1795443129055051,1795443072055051,1,1,2740873321034738355,3,1,2,1,1,922,'{"arg":["Package-11%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795443489055051,'','20261123141809055051','state.sls
*
dev
{"arg":["package-12%_"]}','dev','pam','runner','state.sls','*','glob',4,1795443549055051,1795443549055051,0,1,1,8896134729782141090,1,1,0,0,0,706,'{"arg":["Package-12%_"]}',0,'','','','','','');
INSERT INTO jobs VALUES(1795443909055051,'','20261123142509055051','state.sls
*
dev
{"arg":["package-13%_"]}','dev','','local','state.sls','*','glob',2,1795443912055051,0,1795443912055051,1,1,8895178154665786745,1,0,1,1,0,699,'{"arg":["Package-13%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795444329055051,'','20261123143209055051','état.été
web*
dev
{"arg":["package-14%_"]}','dev','pam','local','état.été','web*','glob',2,1795444332055051,0,1795444332055051,1,1,2740873321034738355,3,0,3,3,0,933,'{"arg":["Package-14%_"]}',3,'','','','','','');
INSERT INTO jobs VALUES(1795444749055051,'','20261123143909055051','état.été
*
dev
{"arg":["package-15%_"]}','dev','','local','état.été','*','glob',2,1795444750055051,0,1795444750055051,1,1,2843324956980811629,2,0,2,2,0,812,'{"arg":["Package-15%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795445169055051,'','20261123144609055051','state.sls
web*
ops
{"arg":["package-16%_"]}','ops','pam','runner','state.sls','web*','glob',3,1795445172055051,0,1795445172055051,1,1,7357398747658311227,1,0,1,0,1,715,'{"arg":["Package-16%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795445589055051,'','20261123145309055051','état.été
web*
dev
{"arg":["package-17%_"]}','dev','pam','runner','état.été','web*','glob',2,1795445591055051,0,1795445591055051,1,1,7357398747658311227,1,0,1,1,0,719,'{"arg":["Package-17%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795446009055051,'','20261123150009055051','état.été
web*
ops
{"arg":["package-18%_"]}','ops','pam','local','état.été','web*','glob',4,1795446069055051,1795446069055051,0,1,1,-2043267939230719064,3,3,0,0,0,930,'{"arg":["Package-18%_"]}',0,'','','','','','');
INSERT INTO jobs VALUES(1795446429055051,'','20261123150709055051','test.ping
*
ops
{"arg":["package-19%_"]}','ops','','runner','test.ping','*','glob',2,1795446432055051,0,1795446432055051,1,1,7357398747658311227,1,0,1,1,0,703,'{"arg":["Package-19%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795446849055051,'','20261123151409055051','state.apply
*
ops
{"arg":["package-20%_"]}','ops','pam','runner','state.apply','*','glob',1,9223372036854775807,0,1795446851055051,0,1,2844281532097165974,2,1,1,1,0,819,'{"arg":["Package-20%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795447269055051,'','20261123152109055051','state.sls
web*
ops
{"arg":["package-21%_"]}','ops','','runner','state.sls','web*','glob',2,1795447271055051,0,1795447271055051,1,1,-7715138023742183325,4,0,4,4,0,1032,'{"arg":["Package-21%_"]}',4,'','','','','','');
INSERT INTO jobs VALUES(1795447689055051,'','20261123152809055051','state.sls
web*
ops
{"arg":["package-22%_"]}','ops','pam','runner','state.sls','web*','glob',2,1795447692055051,1795447749055051,1795447692055051,1,1,6475781883532638205,3,0,3,3,0,929,'{"arg":["Package-22%_"]}',3,'','','','','','');
INSERT INTO jobs VALUES(1795448109055051,'','20261123153509055051','test.ping
*
root
{"arg":["package-23%_"]}','root','','local','test.ping','*','glob',4,1795448169055051,1795448169055051,0,1,1,7357398747658311227,1,1,0,0,0,702,'{"arg":["Package-23%_"]}',0,'','','','','','');
INSERT INTO jobs VALUES(1795448529055051,'','20261123154209055051','state.sls
web*
root
{"arg":["package-24%_"]}','root','','runner','state.sls','web*','glob',4,1795448589055051,1795448589055051,1795448531055051,1,1,-7715138023742183325,4,3,1,1,0,1031,'{"arg":["Package-24%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795448949055051,'','20261123154909055051','state.apply
web*
dev
{"arg":["package-25%_"]}','dev','','local','state.apply','web*','glob',4,1795449009055051,1795449009055051,1795448952055051,1,1,6476738458648992550,3,1,2,2,0,924,'{"arg":["Package-25%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795449369055051,'','20261123155609055051','state.sls
*
root
{"arg":["package-26%_"]}','root','pam','runner','state.sls','*','glob',1,9223372036854775807,0,1795449372055051,0,1,2740873321034738355,3,1,2,1,1,926,'{"arg":["Package-26%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795449789055051,'','20261123160309055051','state.apply
web*
dev
{"arg":["package-27%_"]}','dev','pam','runner','state.apply','web*','glob',3,1795449792055051,0,1795449792055051,1,1,6475781883532638205,3,0,3,2,1,933,'{"arg":["Package-27%_"]}',3,'','','','','','');
INSERT INTO jobs VALUES(1795450209055051,'','20261123161009055051','state.sls
*
root
{"arg":["package-28%_"]}','root','','runner','state.sls','*','glob',4,1795450269055051,1795450269055051,1795450211055051,1,1,-2043267939230719064,3,2,1,0,1,919,'{"arg":["Package-28%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795450629055051,'','20261123161709055051','test.ping
*
dev
{"arg":["package-29%_"]}','dev','pam','runner','test.ping','*','glob',4,1795450689055051,1795450689055051,1795450632055051,1,1,1878897844161569180,2,1,1,1,0,815,'{"arg":["Package-29%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795451049055051,'','20261123162409055051','state.sls
web*
ops
{"arg":["package-30%_"]}','ops','pam','local','state.sls','web*','glob',1,9223372036854775807,0,1795451051055051,0,1,-2043267939230719064,3,1,2,1,1,928,'{"arg":["Package-30%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795451469055051,'','20261123163109055051','test.ping
web*
ops
{"arg":["package-31%_"]}','ops','pam','local','test.ping','web*','glob',0,9223372036854775807,0,0,0,1,8895178154665786745,1,1,0,0,0,710,'{"arg":["Package-31%_"]}',0,'','','','','','');
INSERT INTO jobs VALUES(1795451889055051,'','20261123163809055051','state.sls
web*
ops
{"arg":["package-32%_"]}','ops','pam','runner','state.sls','web*','glob',3,1795451891055051,0,1795451891055051,1,1,8895178154665786745,1,0,1,0,1,713,'{"arg":["Package-32%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795452309055051,'','20261123164509055051','state.apply
web*
root
{"arg":["package-33%_"]}','root','','runner','state.apply','web*','glob',2,1795452311055051,1795452369055051,1795452311055051,1,1,8895178154665786745,1,0,1,1,0,713,'{"arg":["Package-33%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795452729055051,'','20261123165209055051','state.apply
*
dev
{"arg":["package-34%_"]}','dev','','runner','state.apply','*','glob',2,1795452731055051,1795452789055051,1795452731055051,1,1,2740873321034738355,3,0,3,3,0,923,'{"arg":["Package-34%_"]}',3,'','','','','','');
INSERT INTO jobs VALUES(1795453149055051,'','20261123165909055051','test.ping
web*
dev
{"arg":["package-35%_"]}','dev','','runner','test.ping','web*','glob',1,9223372036854775807,0,1795453151055051,0,1,-7715138023742183325,4,1,3,3,0,1031,'{"arg":["Package-35%_"]}',3,'','','','','','');
INSERT INTO jobs VALUES(1795453569055051,'','20261123170609055051','état.été
*
root
{"arg":["package-36%_"]}','root','pam','runner','état.été','*','glob',0,9223372036854775807,0,0,0,1,-8756403328560928124,2,2,0,0,0,822,'{"arg":["Package-36%_"]}',0,'','','','','','');
INSERT INTO jobs VALUES(1795453989055051,'','20261123171309055051','test.ping
web*
ops
{"arg":["package-37%_"]}','ops','pam','local','test.ping','web*','glob',3,1795453990055051,1795454049055051,1795453990055051,1,1,1881767569510632215,2,0,2,1,1,820,'{"arg":["Package-37%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795454409055051,'','20261123172009055051','état.été
*
root
{"arg":["package-38%_"]}','root','','runner','état.été','*','glob',4,1795454469055051,1795454469055051,0,1,1,2844281532097165974,2,2,0,0,0,814,'{"arg":["Package-38%_"]}',0,'','','','','','');
INSERT INTO jobs VALUES(1795454829055051,'','20261123172709055051','state.apply
web*
ops
{"arg":["package-39%_"]}','ops','pam','local','state.apply','web*','glob',2,1795454832055051,1795454889055051,1795454832055051,1,1,6476738458648992550,3,0,3,3,0,931,'{"arg":["Package-39%_"]}',3,'','','','','','');
INSERT INTO jobs VALUES(1795455249055051,'','20261123173409055051','test.ping
*
root
{"arg":["package-40%_"]}','root','','runner','test.ping','*','glob',2,1795455252055051,0,1795455252055051,1,1,2844281532097165974,2,0,2,2,0,812,'{"arg":["Package-40%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795455669055051,'','20261123174109055051','state.sls
*
root
{"arg":["package-41%_"]}','root','pam','local','state.sls','*','glob',2,1795455672055051,0,1795455672055051,1,1,2843324956980811629,2,0,2,2,0,816,'{"arg":["Package-41%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795456089055051,'','20261123174809055051','state.apply
*
root
{"arg":["package-42%_"]}','root','pam','local','state.apply','*','glob',2,1795456091055051,0,1795456091055051,1,1,7357398747658311227,1,0,1,1,0,713,'{"arg":["Package-42%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795456509055051,'','20261123175509055051','state.sls
*
root
{"arg":["package-43%_"]}','root','','runner','state.sls','*','glob',3,1795456512055051,1795456569055051,1795456512055051,1,1,8895178154665786745,1,0,1,0,1,703,'{"arg":["Package-43%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795456929055051,'','20261123180209055051','state.sls
*
root
{"arg":["package-44%_"]}','root','','local','state.sls','*','glob',3,1795456932055051,1795456989055051,1795456932055051,1,1,2740873321034738355,3,0,3,2,1,919,'{"arg":["Package-44%_"]}',3,'','','','','','');
INSERT INTO jobs VALUES(1795457349055051,'','20261123180909055051','test.ping
web*
root
{"arg":["package-45%_"]}','root','pam','local','test.ping','web*','glob',2,1795457351055051,0,1795457351055051,1,1,7357398747658311227,1,0,1,1,0,715,'{"arg":["Package-45%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795457769055051,'','20261123181609055051','test.ping
*
dev
{"arg":["package-46%_"]}','dev','pam','local','test.ping','*','glob',3,1795457772055051,0,1795457772055051,1,1,7354529022309248192,1,0,1,0,1,707,'{"arg":["Package-46%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795458189055051,'','20261123182309055051','state.sls
web*
ops
{"arg":["package-47%_"]}','ops','pam','local','state.sls','web*','glob',2,1795458192055051,0,1795458192055051,1,1,-2043267939230719064,3,0,3,3,0,929,'{"arg":["Package-47%_"]}',3,'','','','','','');
INSERT INTO jobs VALUES(1795458609055051,'','20261123183009055051','state.sls
web*
root
{"arg":["package-48%_"]}','root','pam','local','state.sls','web*','glob',1,9223372036854775807,0,1795458611055051,0,1,2844281532097165974,2,1,1,0,1,821,'{"arg":["Package-48%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795459029055051,'','20261123183709055051','état.été
web*
root
{"arg":["package-49%_"]}','root','','local','état.été','web*','glob',4,1795459089055051,1795459089055051,1795459031055051,1,1,6475781883532638205,3,2,1,1,0,925,'{"arg":["Package-49%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795459449055051,'','20261123184409055051','state.apply
*
root
{"arg":["package-0%_"]}','root','','local','state.apply','*','glob',0,9223372036854775807,0,0,0,1,7354529022309248192,1,1,0,0,0,704,'{"arg":["Package-0%_"]}',0,'','','','','','');
INSERT INTO jobs VALUES(1795459869055051,'','20261123185109055051','test.ping
*
root
{"arg":["package-1%_"]}','root','','runner','test.ping','*','glob',2,1795459872055051,0,1795459872055051,1,1,-8756403328560928124,2,0,2,2,0,812,'{"arg":["Package-1%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795460289055051,'','20261123185809055051','state.sls
web*
ops
{"arg":["package-2%_"]}','ops','','runner','state.sls','web*','glob',2,1795460289055051,1795460349055051,0,1,1,-3750763034362895579,0,0,0,0,0,598,'{"arg":["Package-2%_"]}',0,'','','','','','');
INSERT INTO jobs VALUES(1795460709055051,'','20261123190509055051','state.apply
web*
dev
{"arg":["package-3%_"]}','dev','','local','state.apply','web*','glob',4,1795460769055051,1795460769055051,1795460711055051,1,1,2843324956980811629,2,1,1,1,0,815,'{"arg":["Package-3%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795461129055051,'','20261123191209055051','test.ping
*
root
{"arg":["package-4%_"]}','root','pam','local','test.ping','*','glob',3,1795461132055051,0,1795461132055051,1,1,1881767569510632215,2,0,2,1,1,814,'{"arg":["Package-4%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795461549055051,'','20261123191909055051','state.sls
*
root
{"arg":["package-5%_"]}','root','pam','local','state.sls','*','glob',2,1795461551055051,1795461609055051,1795461551055051,1,1,2843324956980811629,2,0,2,2,0,814,'{"arg":["Package-5%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795461969055051,'','20261123192609055051','state.sls
web*
root
{"arg":["package-6%_"]}','root','','runner','state.sls','web*','glob',4,1795462029055051,1795462029055051,1795461972055051,1,1,6476738458648992550,3,1,2,1,1,922,'{"arg":["Package-6%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795462389055051,'','20261123193309055051','test.ping
web*
dev
{"arg":["package-7%_"]}','dev','pam','local','test.ping','web*','glob',2,1795462392055051,0,1795462392055051,1,1,-8756403328560928124,2,0,2,2,0,820,'{"arg":["Package-7%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795462809055051,'','20261123194009055051','test.ping
*
root
{"arg":["package-8%_"]}','root','','runner','test.ping','*','glob',2,1795462811055051,1795462869055051,1795462811055051,1,1,8895178154665786745,1,0,1,1,0,701,'{"arg":["Package-8%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795463229055051,'','20261123194709055051','test.ping
*
ops
{"arg":["package-9%_"]}','ops','','runner','test.ping','*','glob',2,1795463230055051,1795463289055051,1795463230055051,1,1,1881767569510632215,2,0,2,2,0,808,'{"arg":["Package-9%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795463649055051,'','20261123195409055051','test.ping
web*
root
{"arg":["package-10%_"]}','root','','local','test.ping','web*','glob',3,1795463652055051,1795463709055051,1795463652055051,1,1,-7715138023742183325,4,0,4,3,1,1032,'{"arg":["Package-10%_"]}',4,'','','','','','');
INSERT INTO jobs VALUES(1795464069055051,'','20261123200109055051','test.ping
web*
ops
{"arg":["package-11%_"]}','ops','pam','runner','test.ping','web*','glob',1,9223372036854775807,0,1795464072055051,0,1,6475781883532638205,3,1,2,2,0,928,'{"arg":["Package-11%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795464489055051,'','20261123200809055051','test.ping
*
dev
{"arg":["package-12%_"]}','dev','pam','local','test.ping','*','glob',2,1795464492055051,0,1795464492055051,1,1,750009885853985106,2,0,2,2,0,812,'{"arg":["Package-12%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795464909055051,'','20261123201509055051','état.été
*
ops
{"arg":["package-13%_"]}','ops','','local','état.été','*','glob',4,1795464969055051,1795464969055051,1795464912055051,1,1,1878897844161569180,2,1,1,1,0,811,'{"arg":["Package-13%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795465329055051,'','20261123202209055051','test.ping
web*
root
{"arg":["package-14%_"]}','root','pam','local','test.ping','web*','glob',4,1795465389055051,1795465389055051,0,1,1,8896134729782141090,1,1,0,0,0,712,'{"arg":["Package-14%_"]}',0,'','','','','','');
INSERT INTO jobs VALUES(1795465749055051,'','20261123202909055051','state.sls
web*
ops
{"arg":["package-15%_"]}','ops','','local','state.sls','web*','glob',2,1795465750055051,0,1795465750055051,1,1,7354529022309248192,1,0,1,1,0,707,'{"arg":["Package-15%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795466169055051,'','20261123203609055051','state.sls
*
dev
{"arg":["package-16%_"]}','dev','','runner','state.sls','*','glob',2,1795466172055051,0,1795466172055051,1,1,-7715138023742183325,4,0,4,4,0,1026,'{"arg":["Package-16%_"]}',4,'','','','','','');
INSERT INTO jobs VALUES(1795466589055051,'','20261123204309055051','état.été
*
root
{"arg":["package-17%_"]}','root','pam','runner','état.été','*','glob',4,1795466649055051,1795466649055051,1795466591055051,1,1,-2043267939230719064,3,1,2,2,0,930,'{"arg":["Package-17%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795467009055051,'','20261123205009055051','test.ping
web*
ops
{"arg":["package-18%_"]}','ops','pam','local','test.ping','web*','glob',4,1795467069055051,1795467069055051,0,1,1,8895178154665786745,1,1,0,0,0,710,'{"arg":["Package-18%_"]}',0,'','','','','','');
INSERT INTO jobs VALUES(1795467429055051,'','20261123205709055051','état.été
*
dev
{"arg":["package-19%_"]}','dev','pam','runner','état.été','*','glob',0,9223372036854775807,0,0,0,1,8896134729782141090,1,1,0,0,0,710,'{"arg":["Package-19%_"]}',0,'','','','','','');
INSERT INTO jobs VALUES(1795467849055051,'','20261123210409055051','state.apply
*
root
{"arg":["package-20%_"]}','root','pam','local','state.apply','*','glob',3,1795467852055051,1795467909055051,1795467852055051,1,1,1878897844161569180,2,0,2,1,1,820,'{"arg":["Package-20%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795468269055051,'','20261123211109055051','état.été
*
ops
{"arg":["package-21%_"]}','ops','pam','runner','état.été','*','glob',4,1795468329055051,1795468329055051,0,1,1,8895178154665786745,1,1,0,0,0,710,'{"arg":["Package-21%_"]}',0,'','','','','','');
INSERT INTO jobs VALUES(1795468689055051,'','20261123211809055051','state.apply
web*
root
{"arg":["package-22%_"]}','root','pam','runner','state.apply','web*','glob',2,1795468692055051,1795468749055051,1795468692055051,1,1,7357398747658311227,1,0,1,1,0,721,'{"arg":["Package-22%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795469109055051,'','20261123212509055051','state.apply
web*
dev
{"arg":["package-23%_"]}','dev','','runner','state.apply','web*','glob',4,1795469169055051,1795469169055051,1795469112055051,1,1,2740873321034738355,3,1,2,2,0,928,'{"arg":["Package-23%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795469529055051,'','20261123213209055051','state.sls
web*
dev
{"arg":["package-24%_"]}','dev','','runner','state.sls','web*','glob',0,9223372036854775807,0,0,0,1,8895178154665786745,1,1,0,0,0,706,'{"arg":["Package-24%_"]}',0,'','','','','','');
INSERT INTO jobs VALUES(1795469949055051,'','20261123213909055051','état.été
*
dev
{"arg":["package-25%_"]}','dev','','local','état.été','*','glob',3,1795469952055051,1795470009055051,1795469952055051,1,1,6475781883532638205,3,0,3,2,1,919,'{"arg":["Package-25%_"]}',3,'','','','','','');
INSERT INTO jobs VALUES(1795470369055051,'','20261123214609055051','state.sls
*
root
{"arg":["package-26%_"]}','root','pam','local','state.sls','*','glob',2,1795470370055051,1795470429055051,1795470370055051,1,1,-8756403328560928124,2,0,2,2,0,818,'{"arg":["Package-26%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795470789055051,'','20261123215309055051','state.apply
web*
root
{"arg":["package-27%_"]}','root','pam','local','state.apply','web*','glob',2,1795470789055051,0,0,1,1,-3750763034362895579,0,0,0,0,0,610,'{"arg":["Package-27%_"]}',0,'','','','','','');
INSERT INTO jobs VALUES(1795471209055051,'','20261123220009055051','état.été
web*
ops
{"arg":["package-28%_"]}','ops','pam','local','état.été','web*','glob',4,1795471269055051,1795471269055051,1795471211055051,1,1,6475781883532638205,3,2,1,1,0,929,'{"arg":["Package-28%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795471629055051,'','20261123220709055051','état.été
*
ops
{"arg":["package-29%_"]}','ops','','local','état.été','*','glob',4,1795471689055051,1795471689055051,0,1,1,8896134729782141090,1,1,0,0,0,702,'{"arg":["Package-29%_"]}',0,'','','','','','');
INSERT INTO jobs VALUES(1795472049055051,'','20261123221409055051','état.été
*
root
{"arg":["package-30%_"]}','root','','runner','état.été','*','glob',1,9223372036854775807,0,1795472050055051,0,1,2740873321034738355,3,2,1,0,1,923,'{"arg":["Package-30%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795472469055051,'','20261123222109055051','state.apply
web*
root
{"arg":["package-31%_"]}','root','','local','state.apply','web*','glob',4,1795472529055051,1795472529055051,0,1,1,-2043267939230719064,3,3,0,0,0,926,'{"arg":["Package-31%_"]}',0,'','','','','','');
INSERT INTO jobs VALUES(1795472889055051,'','20261123222809055051','state.sls
*
dev
{"arg":["package-32%_"]}','dev','pam','local','state.sls','*','glob',1,9223372036854775807,0,1795472892055051,0,1,2740873321034738355,3,1,2,1,1,922,'{"arg":["Package-32%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795473309055051,'','20261123223509055051','test.ping
*
dev
{"arg":["package-33%_"]}','dev','','runner','test.ping','*','glob',4,1795473369055051,1795473369055051,1795473312055051,1,1,-7715138023742183325,4,1,3,3,0,1025,'{"arg":["Package-33%_"]}',3,'','','','','','');
INSERT INTO jobs VALUES(1795473729055051,'','20261123224209055051','state.sls
web*
root
{"arg":["package-34%_"]}','root','','local','state.sls','web*','glob',2,1795473730055051,1795473789055051,1795473730055051,1,1,8896134729782141090,1,0,1,1,0,707,'{"arg":["Package-34%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795474149055051,'','20261123224909055051','état.été
*
ops
{"arg":["package-35%_"]}','ops','pam','local','état.été','*','glob',1,9223372036854775807,0,1795474152055051,0,1,6475781883532638205,3,1,2,2,0,924,'{"arg":["Package-35%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795474569055051,'','20261123225609055051','état.été
*
root
{"arg":["package-36%_"]}','root','','runner','état.été','*','glob',4,1795474629055051,1795474629055051,1795474571055051,1,1,-7715138023742183325,4,2,2,2,0,1030,'{"arg":["Package-36%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795474989055051,'','20261123230309055051','state.sls
*
ops
{"arg":["package-37%_"]}','ops','','local','state.sls','*','glob',2,1795474992055051,0,1795474992055051,1,1,8895178154665786745,1,0,1,1,0,699,'{"arg":["Package-37%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795475409055051,'','20261123231009055051','state.sls
web*
ops
{"arg":["package-38%_"]}','ops','','runner','state.sls','web*','glob',0,9223372036854775807,0,0,0,1,8895178154665786745,1,1,0,0,0,706,'{"arg":["Package-38%_"]}',0,'','','','','','');
INSERT INTO jobs VALUES(1795475829055051,'','20261123231709055051','state.sls
*
root
{"arg":["package-39%_"]}','root','pam','local','state.sls','*','glob',1,9223372036854775807,0,1795475832055051,0,1,-7715138023742183325,4,3,1,1,0,1029,'{"arg":["Package-39%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795476249055051,'','20261123232409055051','état.été
*
root
{"arg":["package-40%_"]}','root','','local','état.été','*','glob',4,1795476309055051,1795476309055051,1795476250055051,1,1,2844281532097165974,2,1,1,1,0,813,'{"arg":["Package-40%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795476669055051,'','20261123233109055051','state.apply
web*
ops
{"arg":["package-41%_"]}','ops','','runner','state.apply','web*','glob',4,1795476729055051,1795476729055051,1795476671055051,1,1,2844281532097165974,2,1,1,1,0,819,'{"arg":["Package-41%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795477089055051,'','20261123233809055051','state.sls
web*
dev
{"arg":["package-42%_"]}','dev','','local','state.sls','web*','glob',2,1795477092055051,1795477149055051,1795477092055051,1,1,2844281532097165974,2,0,2,2,0,814,'{"arg":["Package-42%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795477509055051,'','20261123234509055051','state.apply
web*
root
{"arg":["package-43%_"]}','root','pam','runner','state.apply','web*','glob',2,1795477509055051,0,0,1,1,-3750763034362895579,0,0,0,0,0,612,'{"arg":["Package-43%_"]}',0,'','','','','','');
INSERT INTO jobs VALUES(1795477929055051,'','20261123235209055051','state.apply
web*
root
{"arg":["package-44%_"]}','root','pam','runner','state.apply','web*','glob',2,1795477932055051,0,1795477932055051,1,1,750009885853985106,2,0,2,2,0,826,'{"arg":["Package-44%_"]}',2,'','','','','','');
INSERT INTO jobs VALUES(1795478349055051,'','20261123235909055051','state.apply
web*
dev
{"arg":["package-45%_"]}','dev','','local','state.apply','web*','glob',4,1795478409055051,1795478409055051,1795478352055051,1,1,-7715138023742183325,4,1,3,2,1,1033,'{"arg":["Package-45%_"]}',3,'','','','','','');
INSERT INTO jobs VALUES(1795478769055051,'','20261124000609055051','test.ping
*
root
{"arg":["package-46%_"]}','root','','local','test.ping','*','glob',4,1795478829055051,1795478829055051,1795478771055051,1,1,-8756403328560928124,2,1,1,1,0,811,'{"arg":["Package-46%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795479189055051,'','20261124001309055051','état.été
web*
ops
{"arg":["package-47%_"]}','ops','','runner','état.été','web*','glob',1,9223372036854775807,0,1795479191055051,0,1,2844281532097165974,2,1,1,0,1,819,'{"arg":["Package-47%_"]}',1,'','','','','','');
INSERT INTO jobs VALUES(1795479609055051,'','20261124002009055051','test.ping
*
ops
{"arg":["package-48%_"]}','ops','pam','local','test.ping','*','glob',0,9223372036854775807,0,0,0,1,2843324956980811629,2,2,0,0,0,812,'{"arg":["Package-48%_"]}',0,'','','','','','');
INSERT INTO jobs VALUES(1795480029055051,'','20261124002709055051','state.sls
*
dev
{"arg":["package-49%_"]}','dev','','local','state.sls','*','glob',3,1795480032055051,0,1795480032055051,1,1,-2043267939230719064,3,0,3,2,1,917,'{"arg":["Package-49%_"]}',3,'','','','','','');
INSERT INTO returns VALUES(1795354449055051,'db1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795354449055051,'db2',1,1,1795354452055051,1,0,1,0,'',X'C3',1);
INSERT INTO returns VALUES(1795354449055051,'web1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795354449055051,'web2',1,1,1795354452055051,1,0,1,0,'',X'C3',2);
INSERT INTO returns VALUES(1795354869055051,'web2',1,1,1795354871055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795355289055051,'db2',1,1,1795355292055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795355289055051,'web1',1,1,1795355292055051,1,0,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795355289055051,'web2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795355709055051,'db1',1,1,1795355712055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795355709055051,'web1',1,1,1795355711055051,1,0,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795356129055051,'db1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795356129055051,'web1',1,2,1795356131055051,0,1,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795356129055051,'web2',1,2,1795356130055051,0,1,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795356549055051,'db1',1,1,1795356551055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795356549055051,'web2',1,1,1795356552055051,1,0,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795356969055051,'db1',1,1,1795356972055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795356969055051,'web2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795357389055051,'db1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795357389055051,'db2',1,1,1795357392055051,1,0,1,0,'',X'C3',1);
INSERT INTO returns VALUES(1795357389055051,'web2',1,1,1795357392055051,1,0,1,0,'',X'C3',2);
INSERT INTO returns VALUES(1795357809055051,'db1',1,1,1795357811055051,1,0,1,0,'',X'C3',1);
INSERT INTO returns VALUES(1795357809055051,'web1',1,1,1795357811055051,1,0,1,0,'',X'C3',2);
INSERT INTO returns VALUES(1795357809055051,'web2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795358229055051,'db2',1,1,1795358230055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795359909055051,'db2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795359909055051,'web1',1,2,1795359910055051,0,1,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795359909055051,'web2',1,2,1795359910055051,0,1,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795360329055051,'db2',1,1,1795360330055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795360329055051,'web2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795360749055051,'web2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795361169055051,'db1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795361169055051,'web2',1,2,1795361171055051,0,1,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795361589055051,'web2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795362009055051,'web2',1,1,1795362010055051,1,0,1,0,'',X'C3',1);
INSERT INTO returns VALUES(1795362429055051,'db1',1,1,1795362431055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795362429055051,'web2',1,1,1795362432055051,1,0,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795362849055051,'db2',1,1,1795362850055051,1,0,1,0,'',X'C3',1);
INSERT INTO returns VALUES(1795362849055051,'web1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795363269055051,'db1',1,1,1795363272055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795363269055051,'web1',1,1,1795363272055051,1,0,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795363269055051,'web2',1,1,1795363270055051,1,0,1,0,'test.ping',X'C3',3);
INSERT INTO returns VALUES(1795363689055051,'web1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795364109055051,'db1',1,1,1795364112055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795364109055051,'db2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795364109055051,'web2',1,1,1795364112055051,1,0,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795364529055051,'db1',1,1,1795364531055051,1,0,1,0,'',X'C3',1);
INSERT INTO returns VALUES(1795364529055051,'web2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795364949055051,'db2',1,1,1795364951055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795364949055051,'web1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795365369055051,'db2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795365369055051,'web2',1,1,1795365370055051,1,0,1,0,'',X'C3',1);
INSERT INTO returns VALUES(1795365789055051,'web1',1,1,1795365792055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795366629055051,'web1',1,1,1795366631055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795366629055051,'web2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795367049055051,'web1',1,1,1795367050055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795367469055051,'web1',1,1,1795367470055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795367469055051,'web2',1,1,1795367470055051,1,0,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795367889055051,'db1',1,1,1795367892055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795368729055051,'db2',1,1,1795368732055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795369149055051,'db1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795369149055051,'web1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795369569055051,'db2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795369569055051,'web2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795369989055051,'web2',1,1,1795369991055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795370409055051,'web1',1,1,1795370410055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795370829055051,'web1',1,1,1795370832055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795371249055051,'db2',1,2,1795371250055051,0,1,1,0,'',X'C3',1);
INSERT INTO returns VALUES(1795371249055051,'web2',1,2,1795371250055051,0,1,1,0,'',X'C3',2);
INSERT INTO returns VALUES(1795371669055051,'db1',1,1,1795371672055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795371669055051,'db2',1,1,1795371670055051,1,0,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795372089055051,'db1',1,2,1795372090055051,0,1,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795372089055051,'web1',1,1,1795372091055051,1,0,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795372089055051,'web2',1,1,1795372092055051,1,0,1,0,'test.ping',X'C3',3);
INSERT INTO returns VALUES(1795372929055051,'web1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795373349055051,'db1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795373349055051,'db2',1,1,1795373351055051,1,0,1,0,'',X'C3',1);
INSERT INTO returns VALUES(1795373349055051,'web1',1,1,1795373351055051,1,0,1,0,'',X'C3',2);
INSERT INTO returns VALUES(1795373769055051,'db1',1,1,1795373770055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795373769055051,'db2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795374189055051,'db1',1,1,1795374190055051,1,0,1,0,'',X'C3',1);
INSERT INTO returns VALUES(1795374189055051,'db2',1,1,1795374190055051,1,0,1,0,'',X'C3',2);
INSERT INTO returns VALUES(1795374189055051,'web2',1,1,1795374191055051,1,0,1,0,'',X'C3',3);
INSERT INTO returns VALUES(1795374609055051,'db1',1,1,1795374611055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795374609055051,'db2',1,1,1795374611055051,1,0,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795375029055051,'web2',1,1,1795375030055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795375449055051,'db2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795376289055051,'db2',1,1,1795376292055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795376289055051,'web2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795376709055051,'db2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795377129055051,'db1',1,1,1795377131055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795377129055051,'db2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795377129055051,'web1',1,1,1795377132055051,1,0,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795377129055051,'web2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795377549055051,'db1',1,2,1795377551055051,0,1,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795377549055051,'web2',1,1,1795377550055051,1,0,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795377969055051,'db2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795378389055051,'web1',1,1,1795378391055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795378389055051,'web2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795378809055051,'db1',1,1,1795378810055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795378809055051,'web2',1,1,1795378811055051,1,0,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795379229055051,'db1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795379229055051,'web1',1,2,1795379232055051,0,1,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795380069055051,'db1',1,2,1795380070055051,0,1,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795380069055051,'web2',1,1,1795380070055051,1,0,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795380489055051,'db2',1,1,1795380490055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795380489055051,'web1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795380489055051,'web2',1,1,1795380491055051,1,0,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795380909055051,'web1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795380909055051,'web2',1,1,1795380910055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795381329055051,'db1',1,1,1795381330055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795381329055051,'db2',1,1,1795381331055051,1,0,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795381329055051,'web1',1,1,1795381331055051,1,0,1,0,'test.ping',X'C3',3);
INSERT INTO returns VALUES(1795381329055051,'web2',1,1,1795381331055051,1,0,1,0,'test.ping',X'C3',4);
INSERT INTO returns VALUES(1795381749055051,'db2',1,2,1795381752055051,0,1,1,0,'',X'C3',1);
INSERT INTO returns VALUES(1795381749055051,'web1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795381749055051,'web2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795382169055051,'db1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795382589055051,'web2',1,1,1795382590055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795383009055051,'db2',1,1,1795383011055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795383429055051,'db1',1,1,1795383430055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795383429055051,'web1',1,1,1795383432055051,1,0,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795383849055051,'db1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795383849055051,'db2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795383849055051,'web2',1,2,1795383852055051,0,1,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795384269055051,'db1',1,1,1795384270055051,1,0,1,0,'',X'C3',1);
INSERT INTO returns VALUES(1795384269055051,'web1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795384269055051,'web2',1,1,1795384272055051,1,0,1,0,'',X'C3',2);
INSERT INTO returns VALUES(1795384689055051,'web2',1,2,1795384691055051,0,1,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795385109055051,'web1',1,1,1795385110055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795385109055051,'web2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795385529055051,'web1',1,1,1795385531055051,1,0,1,0,'',X'C3',1);
INSERT INTO returns VALUES(1795385529055051,'web2',1,1,1795385532055051,1,0,1,0,'',X'C3',2);
INSERT INTO returns VALUES(1795385949055051,'db1',1,1,1795385952055051,1,0,1,0,'',X'C3',1);
INSERT INTO returns VALUES(1795385949055051,'web2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795386369055051,'db2',1,1,1795386370055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795386369055051,'web2',1,2,1795386370055051,0,1,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795386789055051,'db1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795386789055051,'db2',1,1,1795386791055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795387209055051,'db1',1,2,1795387211055051,0,1,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795387629055051,'db2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795387629055051,'web1',1,1,1795387630055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795387629055051,'web2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795388049055051,'db2',1,1,1795388050055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795388049055051,'web2',1,2,1795388050055051,0,1,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795388469055051,'db1',1,1,1795388470055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795388469055051,'db2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795388469055051,'web1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795388889055051,'db2',1,1,1795388892055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795388889055051,'web1',1,1,1795388892055051,1,0,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795388889055051,'web2',1,1,1795388891055051,1,0,1,0,'test.ping',X'C3',3);
INSERT INTO returns VALUES(1795389309055051,'db1',1,1,1795389312055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795389309055051,'db2',1,1,1795389312055051,1,0,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795389729055051,'db1',1,1,1795389730055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795389729055051,'db2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795389729055051,'web1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795389729055051,'web2',1,1,1795389731055051,1,0,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795390149055051,'db2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795390149055051,'web1',1,1,1795390150055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795390569055051,'db1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795390569055051,'web1',1,1,1795390571055051,1,0,1,0,'',X'C3',1);
INSERT INTO returns VALUES(1795390989055051,'db1',1,1,1795390992055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795390989055051,'db2',1,1,1795390992055051,1,0,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795391409055051,'db1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795391409055051,'db2',1,1,1795391410055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795391409055051,'web1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795391409055051,'web2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795391829055051,'db2',1,2,1795391831055051,0,1,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795392249055051,'db1',1,1,1795392252055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795392249055051,'db2',1,1,1795392251055051,1,0,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795392249055051,'web2',1,2,1795392252055051,0,1,1,0,'test.ping',X'C3',3);
INSERT INTO returns VALUES(1795392669055051,'db1',1,2,1795392672055051,0,1,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795392669055051,'web1',1,2,1795392670055051,0,1,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795392669055051,'web2',1,1,1795392670055051,1,0,1,0,'test.ping',X'C3',3);
INSERT INTO returns VALUES(1795393089055051,'db2',1,1,1795393092055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795393089055051,'web1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795393509055051,'db1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795393509055051,'web1',1,1,1795393510055051,1,0,1,0,'',X'C3',1);
INSERT INTO returns VALUES(1795393929055051,'web1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795394349055051,'db1',1,1,1795394351055051,1,0,1,0,'',X'C3',1);
INSERT INTO returns VALUES(1795394349055051,'web2',1,1,1795394350055051,1,0,1,0,'',X'C3',2);
INSERT INTO returns VALUES(1795394769055051,'db1',1,1,1795394772055051,1,0,1,0,'',X'C3',1);
INSERT INTO returns VALUES(1795394769055051,'db2',1,1,1795394770055051,1,0,1,0,'',X'C3',2);
INSERT INTO returns VALUES(1795394769055051,'web2',1,1,1795394770055051,1,0,1,0,'',X'C3',3);
INSERT INTO returns VALUES(1795395189055051,'db2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795395189055051,'web2',1,2,1795395190055051,0,1,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795395609055051,'db1',1,1,1795395610055051,1,0,1,0,'',X'C3',1);
INSERT INTO returns VALUES(1795396029055051,'web1',1,1,1795396030055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795396029055051,'web2',1,1,1795396032055051,1,0,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795396449055051,'db1',1,1,1795396450055051,1,0,1,0,'',X'C3',1);
INSERT INTO returns VALUES(1795396869055051,'db2',1,1,1795396870055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795396869055051,'web2',1,1,1795396872055051,1,0,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795397289055051,'db1',1,1,1795397292055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795397289055051,'web2',1,1,1795397292055051,1,0,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795397709055051,'db2',1,1,1795397711055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795398129055051,'db1',1,1,1795398130055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795398129055051,'db2',1,1,1795398132055051,1,0,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795398549055051,'db2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795398549055051,'web1',1,1,1795398550055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795398549055051,'web2',1,1,1795398551055051,1,0,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795398969055051,'db1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795398969055051,'db2',1,1,1795398971055051,1,0,1,0,'',X'C3',1);
INSERT INTO returns VALUES(1795399389055051,'web2',1,1,1795399390055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795399809055051,'db1',1,2,1795399812055051,0,1,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795399809055051,'web1',1,1,1795399811055051,1,0,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795399809055051,'web2',1,1,1795399811055051,1,0,1,0,'test.ping',X'C3',3);
INSERT INTO returns VALUES(1795400229055051,'db1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795400229055051,'db2',1,1,1795400230055051,1,0,1,0,'',X'C3',1);
INSERT INTO returns VALUES(1795400649055051,'web1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795401069055051,'db2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795401069055051,'web1',1,1,1795401071055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795401489055051,'db2',1,1,1795401491055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795401489055051,'web2',1,1,1795401490055051,1,0,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795401909055051,'db2',1,1,1795401910055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795401909055051,'web2',1,1,1795401910055051,1,0,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795402329055051,'db1',1,1,1795402332055051,1,0,1,0,'',X'C3',1);
INSERT INTO returns VALUES(1795402749055051,'db1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795402749055051,'web1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795403169055051,'web1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795403169055051,'web2',1,1,1795403172055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795403589055051,'db1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795403589055051,'db2',1,1,1795403591055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795403589055051,'web2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795404009055051,'db1',1,1,1795404010055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795404429055051,'db1',1,1,1795404432055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795404429055051,'web1',1,1,1795404432055051,1,0,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795404429055051,'web2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795404849055051,'db1',1,1,1795404850055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795404849055051,'db2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795404849055051,'web1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795405269055051,'db1',1,2,1795405270055051,0,1,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795405269055051,'web1',1,1,1795405270055051,1,0,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795405269055051,'web2',1,1,1795405272055051,1,0,1,0,'test.ping',X'C3',3);
INSERT INTO returns VALUES(1795405689055051,'db1',1,1,1795405692055051,1,0,1,0,'',X'C3',1);
INSERT INTO returns VALUES(1795405689055051,'db2',1,1,1795405690055051,1,0,1,0,'',X'C3',2);
INSERT INTO returns VALUES(1795405689055051,'web1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795406109055051,'db2',1,1,1795406111055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795406109055051,'web2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795406529055051,'web2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795406949055051,'db2',1,1,1795406951055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795406949055051,'web1',1,1,1795406950055051,1,0,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795406949055051,'web2',1,2,1795406950055051,0,1,1,0,'test.ping',X'C3',3);
INSERT INTO returns VALUES(1795407789055051,'db1',1,1,1795407792055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795408209055051,'db1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795408209055051,'db2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795408209055051,'web2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795408629055051,'db2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795408629055051,'web1',1,1,1795408631055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795409469055051,'db1',1,1,1795409472055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795409889055051,'db1',1,1,1795409891055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795409889055051,'db2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795409889055051,'web2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795410309055051,'db1',1,1,1795410310055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795410309055051,'db2',1,1,1795410311055051,1,0,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795410729055051,'web1',1,2,1795410731055051,0,1,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795410729055051,'web2',1,1,1795410732055051,1,0,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795411149055051,'db1',1,2,1795411152055051,0,1,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795411149055051,'web1',1,1,1795411150055051,1,0,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795411149055051,'web2',1,1,1795411151055051,1,0,1,0,'test.ping',X'C3',3);
INSERT INTO returns VALUES(1795411569055051,'db2',1,1,1795411571055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795411989055051,'db1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795411989055051,'db2',1,1,1795411991055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795411989055051,'web1',1,1,1795411992055051,1,0,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795412409055051,'db1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795412409055051,'db2',1,1,1795412412055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795412409055051,'web1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795412829055051,'db2',1,1,1795412830055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795412829055051,'web1',1,1,1795412831055051,1,0,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795413249055051,'db1',1,1,1795413252055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795413249055051,'web1',1,1,1795413250055051,1,0,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795413669055051,'db1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795413669055051,'db2',1,1,1795413670055051,1,0,1,0,'',X'C3',1);
INSERT INTO returns VALUES(1795413669055051,'web1',1,1,1795413671055051,1,0,1,0,'',X'C3',2);
INSERT INTO returns VALUES(1795413669055051,'web2',1,1,1795413672055051,1,0,1,0,'',X'C3',3);
INSERT INTO returns VALUES(1795414089055051,'db1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795414089055051,'db2',1,1,1795414092055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795414509055051,'db1',1,1,1795414512055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795414509055051,'web1',1,1,1795414511055051,1,0,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795415349055051,'db1',1,1,1795415351055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795415349055051,'web1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795415349055051,'web2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795415769055051,'db1',1,1,1795415772055051,1,0,1,0,'',X'C3',1);
INSERT INTO returns VALUES(1795415769055051,'db2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795415769055051,'web2',1,1,1795415771055051,1,0,1,0,'',X'C3',2);
INSERT INTO returns VALUES(1795416189055051,'db1',1,1,1795416191055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795416189055051,'db2',1,1,1795416191055051,1,0,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795416189055051,'web1',1,1,1795416190055051,1,0,1,0,'test.ping',X'C3',3);
INSERT INTO returns VALUES(1795416189055051,'web2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795416609055051,'db1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795416609055051,'db2',1,2,1795416612055051,0,1,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795416609055051,'web1',1,1,1795416612055051,1,0,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795416609055051,'web2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795417029055051,'db2',1,2,1795417031055051,0,1,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795417029055051,'web1',1,2,1795417031055051,0,1,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795417029055051,'web2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795417449055051,'db2',1,1,1795417451055051,1,0,1,0,'',X'C3',1);
INSERT INTO returns VALUES(1795417449055051,'web1',1,1,1795417451055051,1,0,1,0,'',X'C3',2);
INSERT INTO returns VALUES(1795417449055051,'web2',1,1,1795417452055051,1,0,1,0,'',X'C3',3);
INSERT INTO returns VALUES(1795417869055051,'db2',1,1,1795417871055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795417869055051,'web1',1,1,1795417870055051,1,0,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795417869055051,'web2',1,1,1795417871055051,1,0,1,0,'test.ping',X'C3',3);
INSERT INTO returns VALUES(1795418289055051,'db1',1,1,1795418292055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795418289055051,'db2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795418289055051,'web1',1,1,1795418290055051,1,0,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795418709055051,'web2',1,1,1795418711055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795419129055051,'db2',1,1,1795419130055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795419549055051,'db1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795419549055051,'db2',1,2,1795419552055051,0,1,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795419969055051,'db1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795419969055051,'db2',1,1,1795419970055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795420389055051,'web1',1,2,1795420391055051,0,1,1,0,'',X'C3',1);
INSERT INTO returns VALUES(1795420809055051,'db1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795420809055051,'web1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795420809055051,'web2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795421229055051,'web1',1,1,1795421231055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795421649055051,'db2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795421649055051,'web1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795422489055051,'db1',1,1,1795422490055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795422489055051,'web2',1,1,1795422491055051,1,0,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795422909055051,'web2',1,1,1795422911055051,1,0,1,0,'',X'C3',1);
INSERT INTO returns VALUES(1795423329055051,'db1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795423329055051,'web1',1,1,1795423330055051,1,0,1,0,'',X'C3',1);
INSERT INTO returns VALUES(1795423749055051,'db2',1,1,1795423752055051,1,0,1,0,'',X'C3',1);
INSERT INTO returns VALUES(1795423749055051,'web1',1,1,1795423751055051,1,0,1,0,'',X'C3',2);
INSERT INTO returns VALUES(1795424169055051,'web1',1,1,1795424171055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795424589055051,'db1',1,1,1795424591055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795424589055051,'web2',1,1,1795424590055051,1,0,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795425009055051,'db1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795425009055051,'web1',1,2,1795425012055051,0,1,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795425429055051,'db1',1,1,1795425430055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795425429055051,'web2',1,1,1795425430055051,1,0,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795425849055051,'db1',1,1,1795425852055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795425849055051,'db2',1,2,1795425852055051,0,1,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795425849055051,'web1',1,1,1795425850055051,1,0,1,0,'test.ping',X'C3',3);
INSERT INTO returns VALUES(1795425849055051,'web2',1,1,1795425850055051,1,0,1,0,'test.ping',X'C3',4);
INSERT INTO returns VALUES(1795426269055051,'db2',1,1,1795426270055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795426689055051,'web2',1,2,1795426691055051,0,1,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795427109055051,'web2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795427529055051,'db1',1,1,1795427532055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795427529055051,'db2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795427529055051,'web1',1,1,1795427531055051,1,0,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795427949055051,'web1',1,2,1795427951055051,0,1,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795428369055051,'db1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795428369055051,'db2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795428369055051,'web1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795428789055051,'db2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795428789055051,'web1',1,1,1795428792055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795428789055051,'web2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795429209055051,'db1',1,1,1795429211055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795429209055051,'db2',1,1,1795429211055051,1,0,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795429209055051,'web1',1,1,1795429210055051,1,0,1,0,'test.ping',X'C3',3);
INSERT INTO returns VALUES(1795429209055051,'web2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795429629055051,'db1',1,1,1795429632055051,1,0,1,0,'',X'C3',1);
INSERT INTO returns VALUES(1795429629055051,'db2',1,1,1795429632055051,1,0,1,0,'',X'C3',2);
INSERT INTO returns VALUES(1795429629055051,'web1',1,1,1795429631055051,1,0,1,0,'',X'C3',3);
INSERT INTO returns VALUES(1795429629055051,'web2',1,1,1795429630055051,1,0,1,0,'',X'C3',4);
INSERT INTO returns VALUES(1795430889055051,'web1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795430889055051,'web2',1,1,1795430890055051,1,0,1,0,'',X'C3',1);
INSERT INTO returns VALUES(1795431309055051,'db2',1,1,1795431310055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795431309055051,'web2',1,1,1795431312055051,1,0,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795431729055051,'db1',1,1,1795431730055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795432149055051,'db2',1,2,1795432150055051,0,1,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795432149055051,'web1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795432149055051,'web2',1,1,1795432151055051,1,0,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795432569055051,'db2',1,1,1795432571055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795432569055051,'web1',1,2,1795432571055051,0,1,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795432989055051,'db1',1,1,1795432990055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795432989055051,'web2',1,1,1795432990055051,1,0,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795433829055051,'db1',1,1,1795433830055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795433829055051,'db2',1,1,1795433831055051,1,0,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795434249055051,'db1',1,2,1795434250055051,0,1,1,0,'',X'C3',1);
INSERT INTO returns VALUES(1795434249055051,'db2',1,1,1795434251055051,1,0,1,0,'',X'C3',2);
INSERT INTO returns VALUES(1795434249055051,'web1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795434249055051,'web2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795434669055051,'db1',1,1,1795434671055051,1,0,1,0,'',X'C3',1);
INSERT INTO returns VALUES(1795434669055051,'web2',1,2,1795434670055051,0,1,1,0,'',X'C3',2);
INSERT INTO returns VALUES(1795435089055051,'db2',1,1,1795435090055051,1,0,1,0,'',X'C3',1);
INSERT INTO returns VALUES(1795435089055051,'web1',1,2,1795435091055051,0,1,1,0,'',X'C3',2);
INSERT INTO returns VALUES(1795435509055051,'db1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795435509055051,'web2',1,1,1795435511055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795435929055051,'db1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795435929055051,'web1',1,2,1795435931055051,0,1,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795436349055051,'web1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795436349055051,'web2',1,1,1795436350055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795436769055051,'db1',1,1,1795436772055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795436769055051,'db2',1,1,1795436770055051,1,0,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795437189055051,'db2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795437609055051,'db2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795437609055051,'web1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795438029055051,'web2',1,1,1795438031055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795438449055051,'db2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795438449055051,'web1',1,1,1795438452055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795438449055051,'web2',1,1,1795438452055051,1,0,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795438869055051,'db2',1,1,1795438872055051,1,0,1,0,'',X'C3',1);
INSERT INTO returns VALUES(1795439289055051,'db1',1,1,1795439290055051,1,0,1,0,'',X'C3',1);
INSERT INTO returns VALUES(1795439289055051,'db2',1,2,1795439292055051,0,1,1,0,'',X'C3',2);
INSERT INTO returns VALUES(1795439289055051,'web1',1,1,1795439291055051,1,0,1,0,'',X'C3',3);
INSERT INTO returns VALUES(1795439709055051,'db1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795439709055051,'db2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795439709055051,'web2',1,1,1795439711055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795440129055051,'db1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795440129055051,'web1',1,1,1795440132055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795440129055051,'web2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795440549055051,'db2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795440549055051,'web1',1,1,1795440550055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795440969055051,'db1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795440969055051,'db2',1,1,1795440970055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795440969055051,'web1',1,1,1795440972055051,1,0,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795441389055051,'db2',1,1,1795441390055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795441809055051,'db1',1,1,1795441810055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795441809055051,'db2',1,1,1795441812055051,1,0,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795441809055051,'web1',1,1,1795441810055051,1,0,1,0,'test.ping',X'C3',3);
INSERT INTO returns VALUES(1795441809055051,'web2',1,2,1795441812055051,0,1,1,0,'test.ping',X'C3',4);
INSERT INTO returns VALUES(1795442649055051,'db1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795442649055051,'db2',1,1,1795442650055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795442649055051,'web1',1,2,1795442652055051,0,1,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795442649055051,'web2',1,1,1795442652055051,1,0,1,0,'test.ping',X'C3',3);
INSERT INTO returns VALUES(1795443069055051,'db1',1,2,1795443072055051,0,1,1,0,'',X'C3',1);
INSERT INTO returns VALUES(1795443069055051,'web1',1,1,1795443071055051,1,0,1,0,'',X'C3',2);
INSERT INTO returns VALUES(1795443069055051,'web2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795443489055051,'db1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795443909055051,'db2',1,1,1795443912055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795444329055051,'db1',1,1,1795444332055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795444329055051,'web1',1,1,1795444332055051,1,0,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795444329055051,'web2',1,1,1795444331055051,1,0,1,0,'test.ping',X'C3',3);
INSERT INTO returns VALUES(1795444749055051,'db1',1,1,1795444750055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795444749055051,'web1',1,1,1795444750055051,1,0,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795445169055051,'web2',1,2,1795445172055051,0,1,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795445589055051,'web2',1,1,1795445591055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795446009055051,'db2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795446009055051,'web1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795446009055051,'web2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795446429055051,'web2',1,1,1795446432055051,1,0,1,0,'',X'C3',1);
INSERT INTO returns VALUES(1795446849055051,'db1',1,1,1795446851055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795446849055051,'web2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795447269055051,'db1',1,1,1795447271055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795447269055051,'db2',1,1,1795447270055051,1,0,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795447269055051,'web1',1,1,1795447270055051,1,0,1,0,'test.ping',X'C3',3);
INSERT INTO returns VALUES(1795447269055051,'web2',1,1,1795447271055051,1,0,1,0,'test.ping',X'C3',4);
INSERT INTO returns VALUES(1795447689055051,'db1',1,1,1795447692055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795447689055051,'db2',1,1,1795447690055051,1,0,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795447689055051,'web1',1,1,1795447692055051,1,0,1,0,'test.ping',X'C3',3);
INSERT INTO returns VALUES(1795448109055051,'web2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795448529055051,'db1',1,1,1795448531055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795448529055051,'db2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795448529055051,'web1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795448529055051,'web2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795448949055051,'db1',1,1,1795448952055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795448949055051,'db2',1,1,1795448952055051,1,0,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795448949055051,'web2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795449369055051,'db1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795449369055051,'web1',1,2,1795449371055051,0,1,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795449369055051,'web2',1,1,1795449372055051,1,0,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795449789055051,'db1',1,1,1795449790055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795449789055051,'db2',1,2,1795449792055051,0,1,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795449789055051,'web1',1,1,1795449792055051,1,0,1,0,'test.ping',X'C3',3);
INSERT INTO returns VALUES(1795450209055051,'db2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795450209055051,'web1',1,2,1795450211055051,0,1,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795450209055051,'web2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795450629055051,'db2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795450629055051,'web1',1,1,1795450632055051,1,0,1,0,'',X'C3',1);
INSERT INTO returns VALUES(1795451049055051,'db2',1,2,1795451051055051,0,1,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795451049055051,'web1',1,1,1795451050055051,1,0,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795451049055051,'web2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795451469055051,'db2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795451889055051,'db2',1,2,1795451891055051,0,1,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795452309055051,'db2',1,1,1795452311055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795452729055051,'db1',1,1,1795452731055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795452729055051,'web1',1,1,1795452731055051,1,0,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795452729055051,'web2',1,1,1795452731055051,1,0,1,0,'test.ping',X'C3',3);
INSERT INTO returns VALUES(1795453149055051,'db1',1,1,1795453150055051,1,0,1,0,'',X'C3',1);
INSERT INTO returns VALUES(1795453149055051,'db2',1,1,1795453150055051,1,0,1,0,'',X'C3',2);
INSERT INTO returns VALUES(1795453149055051,'web1',1,1,1795453151055051,1,0,1,0,'',X'C3',3);
INSERT INTO returns VALUES(1795453149055051,'web2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795453569055051,'web1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795453569055051,'web2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795453989055051,'db2',1,1,1795453990055051,1,0,1,0,'',X'C3',1);
INSERT INTO returns VALUES(1795453989055051,'web2',1,2,1795453990055051,0,1,1,0,'',X'C3',2);
INSERT INTO returns VALUES(1795454409055051,'db1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795454409055051,'web2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795454829055051,'db1',1,1,1795454830055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795454829055051,'db2',1,1,1795454832055051,1,0,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795454829055051,'web2',1,1,1795454830055051,1,0,1,0,'test.ping',X'C3',3);
INSERT INTO returns VALUES(1795455249055051,'db1',1,1,1795455252055051,1,0,1,0,'',X'C3',1);
INSERT INTO returns VALUES(1795455249055051,'web2',1,1,1795455250055051,1,0,1,0,'',X'C3',2);
INSERT INTO returns VALUES(1795455669055051,'db1',1,1,1795455672055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795455669055051,'web1',1,1,1795455671055051,1,0,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795456089055051,'web2',1,1,1795456091055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795456509055051,'db2',1,2,1795456512055051,0,1,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795456929055051,'db1',1,1,1795456930055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795456929055051,'web1',1,1,1795456932055051,1,0,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795456929055051,'web2',1,2,1795456931055051,0,1,1,0,'test.ping',X'C3',3);
INSERT INTO returns VALUES(1795457349055051,'web2',1,1,1795457351055051,1,0,1,0,'',X'C3',1);
INSERT INTO returns VALUES(1795457769055051,'web1',1,2,1795457772055051,0,1,1,0,'',X'C3',1);
INSERT INTO returns VALUES(1795458189055051,'db2',1,1,1795458192055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795458189055051,'web1',1,1,1795458192055051,1,0,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795458189055051,'web2',1,1,1795458190055051,1,0,1,0,'test.ping',X'C3',3);
INSERT INTO returns VALUES(1795458609055051,'db1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795458609055051,'web2',1,2,1795458611055051,0,1,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795459029055051,'db1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795459029055051,'db2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795459029055051,'web1',1,1,1795459031055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795459449055051,'web1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795459869055051,'web1',1,1,1795459871055051,1,0,1,0,'',X'C3',1);
INSERT INTO returns VALUES(1795459869055051,'web2',1,1,1795459872055051,1,0,1,0,'',X'C3',2);
INSERT INTO returns VALUES(1795460709055051,'db1',1,1,1795460711055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795460709055051,'web1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795461129055051,'db2',1,1,1795461131055051,1,0,1,0,'',X'C3',1);
INSERT INTO returns VALUES(1795461129055051,'web2',1,2,1795461132055051,0,1,1,0,'',X'C3',2);
INSERT INTO returns VALUES(1795461549055051,'db1',1,1,1795461550055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795461549055051,'web1',1,1,1795461551055051,1,0,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795461969055051,'db1',1,1,1795461972055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795461969055051,'db2',1,2,1795461972055051,0,1,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795461969055051,'web2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795462389055051,'web1',1,1,1795462390055051,1,0,1,0,'',X'C3',1);
INSERT INTO returns VALUES(1795462389055051,'web2',1,1,1795462392055051,1,0,1,0,'',X'C3',2);
INSERT INTO returns VALUES(1795462809055051,'db2',1,1,1795462811055051,1,0,1,0,'',X'C3',1);
INSERT INTO returns VALUES(1795463229055051,'db2',1,1,1795463230055051,1,0,1,0,'',X'C3',1);
INSERT INTO returns VALUES(1795463229055051,'web2',1,1,1795463230055051,1,0,1,0,'',X'C3',2);
INSERT INTO returns VALUES(1795463649055051,'db1',1,1,1795463650055051,1,0,1,0,'',X'C3',1);
INSERT INTO returns VALUES(1795463649055051,'db2',1,1,1795463652055051,1,0,1,0,'',X'C3',2);
INSERT INTO returns VALUES(1795463649055051,'web1',1,2,1795463651055051,0,1,1,0,'',X'C3',3);
INSERT INTO returns VALUES(1795463649055051,'web2',1,1,1795463651055051,1,0,1,0,'',X'C3',4);
INSERT INTO returns VALUES(1795464069055051,'db1',1,1,1795464072055051,1,0,1,0,'',X'C3',1);
INSERT INTO returns VALUES(1795464069055051,'db2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795464069055051,'web1',1,1,1795464071055051,1,0,1,0,'',X'C3',2);
INSERT INTO returns VALUES(1795464489055051,'db1',1,1,1795464490055051,1,0,1,0,'',X'C3',1);
INSERT INTO returns VALUES(1795464489055051,'db2',1,1,1795464492055051,1,0,1,0,'',X'C3',2);
INSERT INTO returns VALUES(1795464909055051,'db2',1,1,1795464912055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795464909055051,'web1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795465329055051,'db1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795465749055051,'web1',1,1,1795465750055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795466169055051,'db1',1,1,1795466171055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795466169055051,'db2',1,1,1795466172055051,1,0,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795466169055051,'web1',1,1,1795466170055051,1,0,1,0,'test.ping',X'C3',3);
INSERT INTO returns VALUES(1795466169055051,'web2',1,1,1795466172055051,1,0,1,0,'test.ping',X'C3',4);
INSERT INTO returns VALUES(1795466589055051,'db2',1,1,1795466591055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795466589055051,'web1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795466589055051,'web2',1,1,1795466591055051,1,0,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795467009055051,'db2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795467429055051,'db1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795467849055051,'db2',1,2,1795467852055051,0,1,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795467849055051,'web1',1,1,1795467852055051,1,0,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795468269055051,'db2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795468689055051,'web2',1,1,1795468692055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795469109055051,'db1',1,1,1795469112055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795469109055051,'web1',1,1,1795469111055051,1,0,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795469109055051,'web2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795469529055051,'db2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795469949055051,'db1',1,1,1795469951055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795469949055051,'db2',1,2,1795469952055051,0,1,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795469949055051,'web1',1,1,1795469951055051,1,0,1,0,'test.ping',X'C3',3);
INSERT INTO returns VALUES(1795470369055051,'web1',1,1,1795470370055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795470369055051,'web2',1,1,1795470370055051,1,0,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795471209055051,'db1',1,1,1795471211055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795471209055051,'db2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795471209055051,'web1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795471629055051,'db1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795472049055051,'db1',1,2,1795472050055051,0,1,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795472049055051,'web1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795472049055051,'web2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795472469055051,'db2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795472469055051,'web1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795472469055051,'web2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795472889055051,'db1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795472889055051,'web1',1,2,1795472891055051,0,1,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795472889055051,'web2',1,1,1795472892055051,1,0,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795473309055051,'db1',1,1,1795473312055051,1,0,1,0,'',X'C3',1);
INSERT INTO returns VALUES(1795473309055051,'db2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795473309055051,'web1',1,1,1795473310055051,1,0,1,0,'',X'C3',2);
INSERT INTO returns VALUES(1795473309055051,'web2',1,1,1795473312055051,1,0,1,0,'',X'C3',3);
INSERT INTO returns VALUES(1795473729055051,'db1',1,1,1795473730055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795474149055051,'db1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795474149055051,'db2',1,1,1795474152055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795474149055051,'web1',1,1,1795474152055051,1,0,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795474569055051,'db1',1,1,1795474571055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795474569055051,'db2',1,1,1795474571055051,1,0,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795474569055051,'web1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795474569055051,'web2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795474989055051,'db2',1,1,1795474992055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795475409055051,'db2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795475829055051,'db1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795475829055051,'db2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795475829055051,'web1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795475829055051,'web2',1,1,1795475832055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795476249055051,'db1',1,1,1795476250055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795476249055051,'web2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795476669055051,'db1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795476669055051,'web2',1,1,1795476671055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795477089055051,'db1',1,1,1795477092055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795477089055051,'web2',1,1,1795477090055051,1,0,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795477929055051,'db1',1,1,1795477930055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795477929055051,'db2',1,1,1795477932055051,1,0,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795478349055051,'db1',1,1,1795478351055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795478349055051,'db2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795478349055051,'web1',1,1,1795478352055051,1,0,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795478349055051,'web2',1,2,1795478352055051,0,1,1,0,'test.ping',X'C3',3);
INSERT INTO returns VALUES(1795478769055051,'web1',1,1,1795478771055051,1,0,1,0,'',X'C3',1);
INSERT INTO returns VALUES(1795478769055051,'web2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795479189055051,'db1',1,2,1795479191055051,0,1,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795479189055051,'web2',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795479609055051,'db1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795479609055051,'web1',1,0,0,0,0,0,0,'',NULL,0);
INSERT INTO returns VALUES(1795480029055051,'db2',1,1,1795480032055051,1,0,1,0,'test.ping',X'C3',1);
INSERT INTO returns VALUES(1795480029055051,'web1',1,2,1795480032055051,0,1,1,0,'test.ping',X'C3',2);
INSERT INTO returns VALUES(1795480029055051,'web2',1,1,1795480032055051,1,0,1,0,'test.ping',X'C3',3);
