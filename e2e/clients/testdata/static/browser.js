"use strict";

// Runs in a real browser. What it finds it tells the test, whose address and
// whose user stand after the # of the page's own address.
const test = new URLSearchParams(location.hash.slice(1));
const everyone = ["ms--0", "ms--1", "ms--2"];

// tell posts a finding to the test, and returns what the test answers.
async function tell(name, finding) {
  const answer = await fetch(test.get("tell") + "/" + name, { method: "POST", body: JSON.stringify(finding) });
  return answer.text();
}

async function post(path, body) {
  const answer = await fetch(path, { method: "POST", body: JSON.stringify(body) });
  return (await answer.json()).return;
}

async function startJob() {
  const answer = await post("/", { client: "local_async", tgt: "*", fun: "test.ping" });
  return answer[0].jid;
}

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

// Events keeps what arrives, and lets others wait for it.
class Events {
  tags = [];
  changed = () => {};

  add(json) {
    this.tags.push(JSON.parse(json).tag);
    this.changed();
  }

  async until(condition) {
    while (!condition()) {
      await new Promise((done) => { this.changed = done; });
    }
  }

  count(tag) {
    return this.tags.filter((t) => t === tag).length;
  }

  // begun starts jobs until one of them is heard of: salt-api is silent
  // until its first event.
  async begun() {
    while (this.tags.length === 0) {
      await startJob();
      await pause(500);
    }
  }

  // returns waits for the returns of a job, and tells how often each came.
  async returns(jid) {
    const tags = everyone.map((id) => `salt/job/${jid}/ret/${id}`);
    await this.until(() => tags.every((tag) => this.tags.includes(tag)));
    return tags.map((tag) => this.count(tag));
  }
}

async function eventSource() {
  const events = new Events();
  const source = new EventSource("/events");
  let lastID = "";
  source.onmessage = (message) => {
    lastID = message.lastEventId;
    events.add(message.data);
  };
  await events.begun();
  await tell("events", { returns: await events.returns(await startJob()), hasID: lastID !== "" });

  const lost = new Promise((done) => { source.onerror = () => done(source.readyState); });
  await tell("cut", {});
  await tell("lost", { reconnects: (await lost) === EventSource.CONNECTING });
  const opened = new Promise((done) => { source.onopen = done; });
  const jid = await tell("job", {}); // it ran while the browser was cut off
  if (test.get("resumes")) {
    await tell("resumed", { returns: await events.returns(jid) });
  } else {
    const before = events.tags.length;
    while (events.tags.length === before) {
      await startJob();
      await pause(500);
    }
    await tell("resumed", { returns: await events.returns(await startJob()) });
  }
  await opened;
  return source;
}

// webSocket returns the socket, once it has seen a job's returns.
async function webSocket(path) {
  const events = new Events();
  const socket = new WebSocket(location.origin.replace("http", "ws") + path);
  const frames = [];
  await new Promise((done, fail) => {
    socket.onopen = done;
    socket.onerror = () => fail(new Error("no websocket at " + path.slice(0, 4)));
  });
  socket.onmessage = (message) => {
    frames.push(message.data);
    if (frames.length > 1) {
      const data = /^data: (.*)\n\n$/.exec(message.data);
      events.add(data === null ? '{"tag": "no frame of rest_cherrypy"}' : data[1]);
    }
  };
  socket.send("websocket client ready");
  await events.begun();
  const returns = await events.returns(await startJob());
  return { socket, first: frames[0], returns, strange: events.count("no frame of rest_cherrypy") };
}

async function webSockets(token) {
  const byToken = await webSocket("/ws/" + token);
  const byCookie = await webSocket("/ws");
  for (const [name, found] of Object.entries({ "websocket-token": byToken, "websocket-cookie": byCookie })) {
    await tell(name, { first: found.first, returns: found.returns, strange: found.strange });
  }
  const unknown = new WebSocket(location.origin.replace("http", "ws") + "/ws/" + "f".repeat(token.length));
  let opened = false;
  unknown.onopen = () => { opened = true; };
  await new Promise((done) => { unknown.onclose = done; });
  await tell("websocket-unknown", { opened });
  return [byToken.socket, byCookie.socket];
}

async function run() {
  const [login] = await post("/login", { username: test.get("user"), password: test.get("password"), eauth: test.get("eauth") });
  await tell("login", { perms: login.perms.length, cookie: document.cookie.includes("session_id") });
  const source = await eventSource();
  const sockets = test.get("websockets") ? await webSockets(login.token) : [];

  // The end of the session ends its streams.
  const closed = sockets.map((socket) => new Promise((done) => { socket.onclose = done; }));
  const refused = new Promise((done) => {
    source.onerror = () => {
      if (source.readyState === EventSource.CLOSED) {
        done();
      }
    };
  });
  await post("/logout", {});
  await tell("logout", {}); // the test makes events, without which salt-api does not look
  await Promise.all([refused, ...closed]);
  await tell("end", {});
}

run().catch((error) => tell("failed", { error: String(error) }));
